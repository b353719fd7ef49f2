"""An interactive run that runs, and somebody attached to it."""

from typing import Literal

from fabrica.server.attachments import relays, service
from fabrica.server.core.actors import Actor
from fabrica.server.runs import service as runs
from fabrica.values.ids import ProjectId, RunId
from fabrica.wire.attachments import Attachment, Interactive
from tests.builders import make_event, make_placed_run, make_spec


def make_interactive_run(
    owner: Actor, project: ProjectId, agent: Actor, *, kind: Literal["shell", "notebook"] = "shell"
) -> RunId:
    """Submit an interactive run and let its site say that it runs."""
    run, attempt = make_placed_run(owner, project, make_spec(interactive=Interactive(kind=kind)))
    runs.record(agent, events=[make_event(attempt, "accepted"), make_event(attempt, "running")])
    return run


def make_attachment(owner: Actor, project: ProjectId, agent: Actor, *, taken: bool = False) -> Attachment:
    """Attach to a new interactive run; nobody is attached anywhere else."""
    relays._relays.clear()  # what other tests left in this process
    attachment = service.attach(owner, run=make_interactive_run(owner, project, agent))
    if taken:
        service.take(agent, attachment=attachment.id)
    return attachment
