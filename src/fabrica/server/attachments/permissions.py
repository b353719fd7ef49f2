"""Who may do which verb of attachments."""

from typing import Any

from fabrica.server.attachments import queries
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.server.runs import interactive_queries
from fabrica.server.runs import queries as runs
from fabrica.values.ids import AttachmentId, RunId


def attaches(by: Actor, *, run: RunId, **_: Any) -> bool:
    """The person who submitted the run, as long as they work in its project."""
    if not interactive_queries.is_owner(by, run):
        return False
    return people.works_in(by, runs.run(by, run).project)


def takes_part(by: Actor, *, attachment: AttachmentId, **_: Any) -> bool:
    """The person who attached, and the agent of the site where the run is."""
    row = queries.attachment(attachment)
    return row is None or by.user == row.person or (by.agent is not None and by.site == row.site)


def the_agent(by: Actor, *, attachment: AttachmentId, **_: Any) -> bool:
    row = queries.attachment(attachment)
    return by.agent is not None and (row is None or by.site == row.site)


def the_service(by: Actor, **_: Any) -> bool:
    return by.system
