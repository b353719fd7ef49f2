"""Reads that pages of the desk show: systems with their class and next duty, the family of a version, its story."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import OuterRef, Q, Subquery

from fabrica.aiact.calendar.entries import System as CalendarSystem
from fabrica.aiact.calendar.entries import make_calendar
from fabrica.server.aiact import queries
from fabrica.server.aiact.calendars import due_next
from fabrica.server.aiact.models import IssuedDocument, Result, Statement, Version, ViewGrant
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.values.ids import DocumentId, VersionId
from fabrica.wire.aiact import Classification
from fabrica.wire.calendar import CalendarEntry
from fabrica.wire.problems import FabricaError, NotFound
from fabrica.wire.systems import LineageLine, System
from fabrica.wire.systems import Version as VersionBody

GENERATIONS_MAX = 4
EVENTS_MAX = 40


@dataclass(frozen=True, slots=True)
class SystemLine:
    """A system as a list shows it: its newest version, what was found for it, and the first of what comes next."""

    system: System
    version: VersionBody | None
    result: Classification | None
    next_due: CalendarEntry | None
    changed: bool


def system_lines(by: Actor, today: date) -> tuple[SystemLine, ...]:
    """Return the systems that the actor may see, those with the nearest duty first."""
    systems = queries.systems(by)
    newest = [one.versions[0].id for one in systems if one.versions]
    results, updated = _newest_results(newest), _summaries(newest)
    lines = [_line(one, results, updated, today) for one in systems]
    return tuple(sorted(lines, key=lambda line: (line.next_due is None, _day(line), line.system.name)))


def _newest_results(versions: Iterable[VersionId]) -> dict[VersionId, Result]:
    newest = Result.objects.filter(version=OuterRef("version")).order_by("-pk").values("pk")[:1]
    rows = Result.objects.select_related("statement").filter(version_id__in=list(versions), pk=Subquery(newest))
    return {row.version_id: row for row in rows}


def _summaries(versions: Iterable[VersionId]) -> dict[VersionId, date]:
    """Return when the training summary of each version was last issued."""
    rows = IssuedDocument.objects.filter(version_id__in=list(versions), template="training_summary")
    return {row.version_id: row.issued_at.date() for row in rows.order_by("issued_at")}


def _line(
    system: System, results: Mapping[VersionId, Result], updated: Mapping[VersionId, date], today: date
) -> SystemLine:
    version = system.versions[0] if system.versions else None
    row = results.get(version.id) if version else None
    if version is None or row is None:
        return SystemLine(system, version, None, None, changed=False)
    answers = row.statement.body["answers"]
    try:
        entries = make_calendar([CalendarSystem(system.name, answers, updated.get(version.id))], today).entries
    except FabricaError:  # the law's data takes these facts no more; the page of the version says so
        entries = ()
    next_due = next(iter(due_next(entries)), None)
    result = Classification.model_validate(row.body)
    return SystemLine(system, version, result, next_due, changed=bool(row.differences))


def _day(line: SystemLine) -> date:
    return line.next_due.day or date.max if line.next_due else date.max


@dataclass(frozen=True, slots=True)
class Ancestor:
    """One thing that a version was made from, with what that was made from in turn."""

    line: LineageLine
    name: str | None
    seen: bool
    parents: tuple["Ancestor", ...]


def family(by: Actor, lineage: Sequence[LineageLine], generations: int = GENERATIONS_MAX) -> tuple[Ancestor, ...]:
    """Return what a version was made from, over at most four generations; what the actor may not see has no name."""
    return tuple(_ancestor(by, line, generations) for line in lineage)


def _ancestor(by: Actor, line: LineageLine, generations: int) -> Ancestor:
    if line.outside is not None:
        return Ancestor(line, line.outside.name, seen=False, parents=())
    assert line.parent is not None
    try:
        parent = queries.version(by, line.parent)
    except NotFound:
        return Ancestor(line, None, seen=False, parents=())
    above = family(by, parent.lineage, generations - 1) if generations > 1 else ()
    return Ancestor(line, line.parent_name, seen=True, parents=above)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a version: when, what, by whom, and in more words."""

    at: datetime
    what: str
    key: str
    who: str
    words: tuple[str, ...] = ()


def events(by: Actor, version: VersionId) -> tuple[Event, ...]:
    """Return what people stated, what the desk found again and what was issued, newest first.

    Raises:
        NotFound: no such version, or the actor may not see it.
    """
    row = queries.version_row(by, version)
    statements = list(Statement.objects.filter(version=row).order_by("-pk")[:EVENTS_MAX])
    issued = list(IssuedDocument.objects.filter(version=row).order_by("-issued_at")[:EVENTS_MAX])
    names = people.user_names({one.said_by for one in statements} | {one.issued_by for one in issued})
    found = [Event(one.said_at, one.kind, one.key, names.get(one.said_by, "")) for one in statements]
    found += [
        Event(one.found_at, "result", "", "", tuple(one.differences))
        for one in Result.objects.filter(version=row).order_by("-pk")[:EVENTS_MAX]
    ]
    found += [
        Event(one.issued_at, "issued", f"{one.template}, {one.number}", names.get(one.issued_by, "")) for one in issued
    ]
    return tuple(sorted(found, key=lambda one: one.at, reverse=True)[:EVENTS_MAX])


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document that somebody outside of its project may read."""

    document: DocumentId
    title: str
    subject: str
    recipient: str
    number: int
    issued_at: datetime


def shown_documents(by: Actor) -> tuple[ShownDocument, ...]:
    """Return the issued documents whose view was shown to the actor, newest first."""
    views = Q(pk__in=[])
    for version, recipient in ViewGrant.objects.filter(user_id=by.user).values_list("version_id", "recipient"):
        views |= Q(version_id=version, recipient=recipient)
    rows = IssuedDocument.objects.filter(views).order_by("-issued_at")[:EVENTS_MAX]
    return tuple(
        ShownDocument(row.pk, row.document["title"], row.document["subject"], row.recipient, row.number, row.issued_at)
        for row in rows
    )


def sees(by: Actor, version: VersionId) -> bool:
    """Say whether the actor may see the page of a version."""
    project = Version.objects.filter(pk=version).values_list("system__project", flat=True).first()
    return project is not None and people.sees(by, project)
