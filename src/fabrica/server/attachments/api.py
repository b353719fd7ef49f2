"""REST endpoints of attachments, for people."""

from django.http import HttpResponse
from ninja import Router

from fabrica.server.attachments import queries, relays, service
from fabrica.server.attachments.holders import held_here
from fabrica.server.attachments.pieces import answer_with, piece_of, waited
from fabrica.server.core.actors import Actor
from fabrica.server.core.requests import Asked
from fabrica.server.runs import queries as runs
from fabrica.values.ids import AttachmentId, RunId
from fabrica.wire.attachments import Attachment, AttachmentGone, Received

router = Router(tags=["attachments"])


@router.post("/runs/{run}/attachments", response={201: Attachment})
def attach(request: Asked, run: RunId) -> Attachment:
    """Attach to an interactive run of one's own, in place of who was attached before."""
    runs.run_state(request.auth, run)
    return service.attach(request.auth, run=run)


@router.get("/attachments/{attachment}/output")
@held_here
def read(request: Asked, attachment: AttachmentId, offset: int = 0, wait: float = 0) -> HttpResponse:
    """What the run has written, from a byte on; waits for some."""
    relay = _own(request.auth, attachment)
    return answer_with(relay.read(relay.output, offset, waited(wait)))


@router.post("/attachments/{attachment}/input", response=Received)
@held_here
def write(request: Asked, attachment: AttachmentId) -> Received:
    """Pass a piece on to the run; the answer says how much was taken."""
    relay = _own(request.auth, attachment)
    return relay.write(relay.input, piece_of(request), waited(5))


@router.delete("/attachments/{attachment}", response={204: None})
@held_here
def detach(request: Asked, attachment: AttachmentId) -> None:
    """End an attachment; the run goes on."""
    _own(request.auth, attachment)
    service.detach(request.auth, attachment=attachment)


def _own(by: Actor, attachment: AttachmentId) -> relays.Relay:
    """Return an attachment of the caller's own, who still may see its run."""
    row = queries.attachment(attachment)
    if row is None or by.user != row.person:
        raise AttachmentGone("There is no such attachment of yours.", remedy="Attach with 'fabrica attach RUN'.")
    runs.run_state(by, row.run)
    relay = relays.get(attachment)
    if row.ended_at is not None:  # a newer one of the run, in another process
        relay.end()
    return relay
