"""Decide how a calendar is shown: one row an entry with the number of its dot, and the lanes as a picture."""

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from fabrica.aiact.calendar.picture import lanes, numbered
from fabrica.wire.calendar import Calendar, CalendarEntry


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with the number of its dot in the picture; None where it has no day."""

    number: int | None
    entry: CalendarEntry


@dataclass(frozen=True, slots=True)
class Drawn:
    """A calendar as a page shows it: what comes, what has begun, what has no day, and the picture of all."""

    calendar: Calendar
    picture: SafeString
    coming: tuple[Row, ...]
    passed: tuple[Row, ...]
    undated: tuple[Row, ...]


def drawn(calendar: Calendar) -> Drawn:
    """Return a calendar with its picture, whose texts the workshop has escaped."""
    numbers = numbered(calendar)
    rows = [Row(numbers.get((one.day, one.system)) if one.day else None, one) for one in calendar.entries]
    return Drawn(
        calendar=calendar,
        picture=mark_safe(lanes(calendar)),  # noqa: S308 - escaped where it is drawn
        coming=tuple(row for row in rows if row.entry.day is not None and not row.entry.passed),
        passed=tuple(row for row in rows if row.entry.passed),
        undated=tuple(row for row in rows if row.entry.day is None),
    )
