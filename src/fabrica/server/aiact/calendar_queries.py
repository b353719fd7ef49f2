"""Reads of the calendar: what falls due for a project's systems, and what an address of a calendar gives."""

from collections.abc import Iterator
from datetime import date

from django.core import signing

from fabrica.aiact.calendar.entries import System, make_calendar
from fabrica.aiact.classify import classify
from fabrica.server.aiact import queries
from fabrica.server.aiact.calendar_models import CalendarFeed
from fabrica.server.aiact.models import IssuedDocument
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.people import queries as people
from fabrica.values.ids import FeedId, ProjectId
from fabrica.wire.calendar import Calendar, CalendarEntry
from fabrica.wire.problems import FabricaError, NotFound
from fabrica.wire.systems import System as RegisteredSystem
from fabrica.wire.systems import Version, VersionState

_SIGNED = signing.Signer(salt="fabrica.aiact.calendar", sep=".")
_SUMMARY = "training_summary"


def systems(by: Actor, today: date, project: ProjectId | None = None) -> tuple[System, ...]:
    """Return what the calendar of the actor's systems is made of: the newest version of each, and the released ones.

    A version without facts has no days, and neither has one whose facts the law's data takes no more.
    """
    return tuple(
        found
        for one in queries.systems(by, project)
        for version in _shown(one)
        if (found := system_of(version, today)) is not None
    )


def _shown(system: RegisteredSystem) -> Iterator[Version]:
    for place, version in enumerate(system.versions):
        if version.state == VersionState.RELEASED or (place == 0 and version.state == VersionState.DRAFT):
            yield version


def system_of(version: Version, today: date) -> System | None:
    """Return what the calendar of one version is made of, which the caller may see; None: it has no days."""
    told = queries.standing(version.id, "facts")
    if not told:
        return None
    answers = told[0].body["answers"]
    try:
        classify(answers, today)
    except FabricaError:
        return None
    issued = IssuedDocument.objects.filter(version_id=version.id, template=_SUMMARY).order_by("-issued_at").first()
    return System(f"{version.system_name} {version.label}", answers, issued.issued_at.date() if issued else None)


def days_ahead(today: date, days: int) -> Iterator[tuple[Version, date, tuple[CalendarEntry, ...]]]:
    """Yield of each version on the calendar each day within so many days, with the duties and marks that fall on it."""
    for one in queries.systems(SYSTEM):
        for version in _shown(one):
            system = system_of(version, today)
            entries = make_calendar([system], today).entries if system else ()
            falling: dict[date, list[CalendarEntry]] = {}
            for entry in entries:
                if entry.kind in ("duty", "update") and entry.day and 0 < (entry.day - today).days <= days:
                    falling.setdefault(entry.day, []).append(entry)
            for day in sorted(falling):
                yield version, day, tuple(falling[day])


def open_feed(by: Actor, project: ProjectId) -> str | None:
    """Return the part of an address that lets the actor's calendar in; None: none is open."""
    row = CalendarFeed.objects.filter(user_id=by.user, project_id=project, closed_at=None).first()
    return _SIGNED.sign(row.pk) if row else None


def fed(token: str, today: date) -> Calendar:
    """Return the calendar behind an address, as its owner sees it today.

    Raises:
        NotFound: the address was not signed here, is closed, or its owner is not active or left the project.
    """
    try:
        feed = FeedId.parse(_SIGNED.unsign(token))  # compared in constant time
    except (signing.BadSignature, ValueError):
        raise _closed() from None
    row = CalendarFeed.objects.filter(pk=feed, closed_at=None).first()
    if row is None:
        raise _closed()
    owner = Actor(name="calendar", user=row.user_id)
    if not people.is_active(owner) or people.role_in(owner, row.project_id) is None:
        raise _closed()
    return make_calendar(systems(owner, today, row.project_id), today)


def _closed() -> NotFound:
    return NotFound("This calendar address is closed.", remedy="Open a new one on the calendar's page.")
