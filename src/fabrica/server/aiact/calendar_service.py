"""The verbs of calendars: addresses, which a calendar reads without signing in, and mail before a day comes."""

from collections.abc import Sequence
from datetime import date

from fabrica.server.aiact import permissions
from fabrica.server.aiact.calendar_models import CalendarFeed
from fabrica.server.aiact.notice_service import notify_leads
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.verbs import verb
from fabrica.values.ids import FeedId, ProjectId
from fabrica.wire.calendar import CalendarEntry
from fabrica.wire.problems import NotFound
from fabrica.wire.systems import Version


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


@verb(may=permissions.the_service)
def tell_of_day(by: Actor, *, version: Version, day: date, entries: Sequence[CalendarEntry]) -> None:
    """Tell who leads a version's project by e-mail what falls due on a day, once."""
    name = f"{version.system_name} {version.label}"
    lines = "\n".join(f"- {entry.title} ({entry.article})" for entry in entries)
    notify_leads(
        version.project,
        key=f"due {day} {version.id}",
        subject=f"{name}: due on {day:%d %B %Y} under the AI Act",
        words=f"By the AI Act desk's calendar, this falls due for {name} on {day:%d %B %Y}:\n\n{lines}\n\nMore here:",
        page="aiact:version",
        version=version.id,
    )
