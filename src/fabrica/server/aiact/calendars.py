"""Decide how a calendar is shown: one block a day with the number of its dot, and the lanes as a picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.utils.safestring import SafeString, mark_safe

from fabrica.aiact.calendar.picture import lanes, numbered
from fabrica.wire.calendar import Calendar, CalendarEntry


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of a day of which the same is said."""

    words: str
    entries: tuple[CalendarEntry, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """What falls on one day for one system; `number` is that of its dot. Without a day both are None."""

    number: int | None
    day: date | None
    system: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A calendar as a page shows it: what comes, what has begun, what has no day, and the picture of all."""

    calendar: Calendar
    picture: SafeString
    coming: tuple[Day, ...]
    passed: tuple[Day, ...]
    undated: tuple[Day, ...]


def drawn(calendar: Calendar) -> Drawn:
    """Return a calendar with its picture, whose texts the workshop has escaped."""
    numbers = numbered(calendar)
    days = [_day(one, numbers) for one in _by_day(calendar.entries)]
    return Drawn(
        calendar=calendar,
        picture=mark_safe(lanes(calendar)),  # noqa: S308 - escaped where it is drawn
        coming=tuple(one for one in days if one.day is not None and one.day > calendar.as_of),
        passed=tuple(one for one in days if one.day is not None and one.day <= calendar.as_of),
        undated=tuple(one for one in days if one.day is None),
    )


def _by_day(entries: Iterable[CalendarEntry]) -> list[list[CalendarEntry]]:
    ordered = sorted(entries, key=lambda one: (one.day is None, one.day or date.max, one.system))
    return [list(group) for _, group in groupby(ordered, key=lambda one: (one.day, one.system))]


def _day(entries: list[CalendarEntry], numbers: dict[tuple[date, str], int]) -> Day:
    first = entries[0]
    alike: dict[str, list[CalendarEntry]] = {}
    for one in entries:
        alike.setdefault(one.words, []).append(one)
    number = numbers[first.day, first.system] if first.day is not None else None
    return Day(number, first.day, first.system, tuple(Group(words, tuple(some)) for words, some in alike.items()))


def due_next(entries: Iterable[CalendarEntry]) -> tuple[CalendarEntry, ...]:
    """Return what falls on the nearest day that is still to come: duties that start, and marks of their clocks."""
    coming = [one for one in entries if one.kind in ("duty", "update") and one.day is not None and not one.passed]
    nearest = min((one.day for one in coming if one.day is not None), default=None)
    return tuple(one for one in coming if one.day == nearest)
