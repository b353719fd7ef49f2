"""The verbs of calendar addresses, which a calendar reads without signing in: open one, close it."""

from fabrica.server.aiact import permissions
from fabrica.server.aiact.calendar_models import CalendarFeed
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.verbs import verb
from fabrica.values.ids import FeedId, ProjectId
from fabrica.wire.problems import NotFound


@verb(may=permissions.belongs)
def open_feed(by: Actor, *, project: ProjectId) -> FeedId:
    """Open an address for the actor's own calendar; while one is open it is the same."""
    row, _ = CalendarFeed.objects.get_or_create(
        user_id=by.user, project_id=project, closed_at=None, defaults={"opened_at": clock.now()}
    )
    return row.pk


@verb(may=permissions.belongs)
def close_feed(by: Actor, *, project: ProjectId) -> None:
    """Close the actor's address of a project for good; a new one is another.

    Raises:
        NotFound: none is open.
    """
    closed = CalendarFeed.objects.filter(user_id=by.user, project_id=project, closed_at=None)
    if not closed.update(closed_at=clock.now()):
        raise NotFound("You have no open calendar address for this project.")
