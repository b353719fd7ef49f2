"""The verbs of attachments. What passes through one is no verb: nothing of it is kept."""

from datetime import timedelta

from fabrica.server.attachments import facts, permissions, queries, relays
from fabrica.server.attachments.models import Attachment as Row
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.hints import hint
from fabrica.server.core.verbs import verb
from fabrica.server.runs import interactive_queries
from fabrica.values.ids import AttachmentId, RunId
from fabrica.wire.attachments import Attachment, AttachmentTaken, RunNotAttachable

be_reached_at = relays.be_reached_at
"""What the web server tells, as part of this face."""

_KEPT = timedelta(days=40)
"""Longer than any run may last; who attached when is a fact, and stays."""


@verb(may=permissions.attaches)
def attach(by: Actor, *, run: RunId) -> Attachment:
    """Attach to an interactive run; an older attachment of the run ends.

    Raises:
        RunNotAttachable: it is not interactive, or does not run now.
        AttachmentsFull: this process holds as many as it bears.
    """
    assert by.user is not None, "only people attach"
    found = interactive_queries.interactive_run(by, run)
    if found.kind is None:
        raise RunNotAttachable(
            f"{run} is not interactive.", remedy="Start one with 'fabrica shell' or 'fabrica notebook'."
        )
    if found.attempt is None or found.site is None:
        raise RunNotAttachable(f"{run} is {found.state}.", remedy="Attach while it is running.")
    now = clock.now()
    Row.objects.filter(attached_at__lt=now - _KEPT).delete()
    Row.objects.filter(run=run, ended_at__isnull=True).update(ended_at=now)
    row = Row.objects.create(
        id=AttachmentId.new(),
        run=run,
        attempt=found.attempt,
        site=found.site,
        person=by.user,
        kind=found.kind,
        process=relays.this_process(),
        address=relays.address(),
        attached_at=now,
    )
    relay = relays.open_relay(queries.as_wire(row))
    announce(facts.Attached(run=run, attempt=found.attempt, attachment=row.id, site=found.site))
    hint(f"attachments:{found.site}")
    return relay.attachment


@verb(may=permissions.the_agent)
def take(by: Actor, *, attachment: AttachmentId) -> None:
    """Take the run's end of an attachment, once.

    Raises:
        AttachmentTaken: it was taken before.
        AttachmentGone: it is over.
    """
    living = Row.objects.filter(id=attachment, ended_at__isnull=True)
    if living.filter(taken_at__isnull=True).update(taken_at=clock.now()):
        return
    if living.exists():
        raise AttachmentTaken("This attachment was taken before.", remedy="Attach anew: each is used once.")
    raise relays.gone()


@verb(may=permissions.takes_part)
def detach(by: Actor, *, attachment: AttachmentId) -> None:
    """End an attachment; the run goes on. One that is over already stays so."""
    _end(attachment)


@verb(may=permissions.the_service)
def lose(by: Actor, *, attachment: AttachmentId) -> None:
    """Note that the process which held an attachment holds it no more: it is over."""
    _end(attachment)


def _end(attachment: AttachmentId) -> None:
    row = queries.attachment(attachment)
    if row is not None and Row.objects.filter(pk=row.pk, ended_at__isnull=True).update(ended_at=clock.now()):
        announce(facts.Detached(run=row.run, attachment=row.id))
    if relay := relays.find(attachment):
        relay.end()
