"""What agents call: which attachments are theirs to take, and the run's end of each."""

import time

from django.http import HttpResponse
from ninja import Router
from ninja.decorators import decorate_view

from fabrica.server.attachments import queries, relays, service
from fabrica.server.attachments.holders import held_here
from fabrica.server.attachments.pieces import answer_with, piece_of, waited
from fabrica.server.core import hints
from fabrica.server.core.actors import Actor
from fabrica.server.core.requests import Asked
from fabrica.server.sites.service import signed
from fabrica.values.ids import AttachmentId
from fabrica.wire.attachments import Attachment, AttachmentGone, Received

router = Router(tags=["agents"])


@router.get("/attachments", response=list[Attachment])
@decorate_view(signed)
def untaken(request: Asked, wait: float = 0) -> list[Attachment]:
    """The attachments that the agent's site is to take; waits for one."""
    by = request.auth
    assert by.site is not None, "an agent has a site"
    topic, until = f"attachments:{by.site}", time.monotonic() + waited(wait)
    while True:
        seen = hints.seen(topic)
        found = queries.untaken(by.site)
        left = until - time.monotonic()
        if found or left <= 0 or hints.ending():
            return found
        hints.wait(topic, seen, min(left, hints.poll_seconds()))


@router.post("/attachments/{attachment}/take", response={204: None})
@decorate_view(signed)
def take(request: Asked, attachment: AttachmentId) -> None:
    """Take the run's end of an attachment, once."""
    service.take(request.auth, attachment=attachment)


@router.get("/attachments/{attachment}/input")
@decorate_view(signed)
@held_here
def read(request: Asked, attachment: AttachmentId, offset: int = 0, wait: float = 0) -> HttpResponse:
    """What the person has sent, from a byte on; waits for some."""
    relay = _own(request.auth, attachment)
    return answer_with(relay.read(relay.input, offset, waited(wait)))


@router.post("/attachments/{attachment}/output", response=Received)
@decorate_view(signed)
@held_here
def write(request: Asked, attachment: AttachmentId) -> Received:
    """Pass a piece on to the person; the answer says how much was taken."""
    relay = _own(request.auth, attachment)
    return relay.write(relay.output, piece_of(request), waited(5))


@router.delete("/attachments/{attachment}", response={204: None})
@decorate_view(signed)
@held_here
def detach(request: Asked, attachment: AttachmentId) -> None:
    """End an attachment whose run has ended, or cannot be reached."""
    service.detach(request.auth, attachment=attachment)


def _own(by: Actor, attachment: AttachmentId) -> relays.Relay:
    row = queries.attachment(attachment)
    if row is None or by.site != row.site or row.taken_at is None:
        raise AttachmentGone("There is no such attachment of this site's.", remedy="It takes one first.")
    return relays.get(attachment)
