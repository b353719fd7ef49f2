"""Which process of this server holds an attachment, and how what is asked of another's is passed on to it.

Bytes stay in the memory of one process. Any other passes the whole request on, with the caller's own token, so the
holder asks who may as for every request.
"""

import http.client
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse

from fabrica.server.attachments import queries, relays, service
from fabrica.server.attachments.models import Attachment
from fabrica.server.core.actors import SYSTEM
from fabrica.server.core.requests import Asked
from fabrica.values.ids import AttachmentId
from fabrica.wire.attachments import AttachmentElsewhere, AttachmentGone

_FOR_PROCESS = "Fabrica-For-Process"
_TIMEOUT_SECONDS = 40.0
_OF_ONE_HOP = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "accept-encoding"})


def held_here(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let the process that holds an attachment answer what is asked of it."""

    @wraps(view)
    def answered(request: Asked, attachment: AttachmentId, **asked: Any) -> Any:
        row = queries.attachment(attachment)
        if row is None or relays.find(attachment) is not None:
            return view(request, attachment=attachment, **asked)
        asked_for = request.headers.get(_FOR_PROCESS)  # only processes of this server know how they are called
        if row.process in (relays.this_process(), asked_for) or relays.follows(row.process, row.address):
            raise _lost(row)
        return _passed_on(request, row)

    return answered


def _lost(row: Attachment) -> AttachmentGone:
    service.lose(SYSTEM, attachment=row.id)
    return relays.gone()


def _passed_on(request: Asked, row: Attachment) -> HttpResponse:
    """Return the answer of the process that holds an attachment.

    Raises:
        AttachmentGone: that process has ended.
        AttachmentElsewhere: it cannot be reached.
    """
    if row.address in ("", relays.address()):
        raise AttachmentElsewhere(
            "Another process of this server holds the attachment and does not say where it is reached.",
            remedy="The network's office starts each with 'fabrica serve', or sets FABRICA_PROCESS_URL of each.",
        )
    place = urlsplit(row.address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_TIMEOUT_SECONDS)
    headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_ONE_HOP}
    headers |= {"Host": request.get_host(), _FOR_PROCESS: row.process}
    try:
        connection.request(request.method or "GET", request.get_full_path(), request.body, headers)
        answer = connection.getresponse()
        kind = answer.headers.get("Content-Type")
        return HttpResponse(answer.read(), kind, answer.status, headers={"Cache-Control": "no-store"})
    except ConnectionRefusedError:
        raise _lost(row) from None
    except (OSError, http.client.HTTPException) as trouble:
        raise AttachmentElsewhere(
            f"The process of this server that holds the attachment does not answer ({type(trouble).__name__}).",
            remedy="Try again in a while; the run goes on.",
        ) from trouble
    finally:
        connection.close()
