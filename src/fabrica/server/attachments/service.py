"""The verbs of attachments. What passes through one is no verb: nothing of it is kept."""

from fabrica.server.attachments import facts, permissions, relays
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.hints import hint
from fabrica.server.core.verbs import verb
from fabrica.server.runs import interactive_queries
from fabrica.values.ids import AttachmentId, RunId
from fabrica.wire.attachments import Attachment, AttachmentTaken, RunNotAttachable


@verb(may=permissions.attaches)
def attach(by: Actor, *, run: RunId) -> Attachment:
    """Attach to an interactive run; an older attachment of the run ends.

    Raises:
        RunNotAttachable: it is not interactive, or does not run now.
        AttachmentsFull: this server has as many as it bears.
    """
    assert by.user is not None, "only people attach"
    found = interactive_queries.interactive_run(by, run)
    if found.kind is None:
        raise RunNotAttachable(
            f"{run} is not interactive.", remedy="Start one with 'fabrica shell' or 'fabrica notebook'."
        )
    if found.attempt is None or found.site is None:
        raise RunNotAttachable(f"{run} is {found.state}.", remedy="Attach while it is running.")
    attachment = AttachmentId.new()
    relay = relays.open_relay(attachment, by.user, found.site, run=run, attempt=found.attempt, kind=found.kind)
    announce(facts.Attached(run=run, attempt=found.attempt, attachment=attachment, site=found.site))
    hint(f"attachments:{found.site}")
    return relay.attachment


@verb(may=permissions.the_agent)
def take(by: Actor, *, attachment: AttachmentId) -> None:
    """Take the run's end of an attachment, once.

    Raises:
        AttachmentTaken: it was taken before.
        AttachmentGone: it is over.
    """
    if not relays.get(attachment).take():
        raise AttachmentTaken("This attachment was taken before.", remedy="Attach anew: each is used once.")


@verb(may=permissions.takes_part)
def detach(by: Actor, *, attachment: AttachmentId) -> None:
    """End an attachment; the run goes on. One that is over already stays so."""
    relay = relays.find(attachment)
    if relay is not None and relay.end():
        announce(facts.Detached(run=relay.attachment.run, attachment=attachment))
