"""A calendar as an iCalendar file: whole days, stable identifiers, texts escaped, lines folded.

Source: RFC 5545.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from fabrica.aiact.documents.text import clean
from fabrica.wire.calendar import Calendar, CalendarEntry

LONGEST_LINE_BYTES = 75
_EPOCH = datetime(2024, 8, 1, tzinfo=UTC)  # the Act's entry into force; a sequence number has 31 bits
_SECONDS_IN_A_MINUTE = 60
_TITLES = {"duty": "", "formal": "By the letter: ", "update": "Update: ", "retention": "Kept until: "}


def icalendar(calendar: Calendar, now: datetime) -> bytes:
    """Return a calendar for import. An entry without a day is left out.

    `now`: when it is made, so that a later import is seen as newer.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Fabrica//AI Act desk//EN", "CALSCALE:GREGORIAN"]
    lines += ["METHOD:PUBLISH", "X-WR-CALNAME:AI Act"]
    for entry in calendar.entries:
        if entry.day is not None:
            lines += _event(entry, entry.day, calendar, now)
    lines.append("END:VCALENDAR")
    return b"".join(fold(line) for line in lines)


def _event(entry: CalendarEntry, day: date, calendar: Calendar, now: datetime) -> Iterator[str]:
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.uid}"
    yield f"DTSTAMP:{stamp}"
    yield f"LAST-MODIFIED:{stamp}"
    yield f"SEQUENCE:{max(0, int((now - _EPOCH).total_seconds()) // _SECONDS_IN_A_MINUTE)}"
    yield f"DTSTART;VALUE=DATE:{day:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"
    yield "TRANSP:TRANSPARENT"
    yield f"SUMMARY:{escaped(f'{entry.system}: {_TITLES[entry.kind]}{entry.title} ({entry.article})')}"
    yield f"CATEGORIES:AI Act,{escaped(entry.kind)}"
    yield f"DESCRIPTION:{escaped(_description(entry, calendar))}"
    yield f"URL:{clean(entry.source)}"
    yield "END:VEVENT"


def _description(entry: CalendarEntry, calendar: Calendar) -> str:
    lines = [entry.words, f"Confidence: {entry.confidence}."]
    if entry.standing != "final":
        lines.append("An open question may still undo it.")
    lines.append(f"{calendar.law.data}, checked on {calendar.law.checked_on}. {calendar.law.notice}")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Return a text as a value: no character of it can end the value or begin another line."""
    safe = clean(text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return safe.replace("\n", "\\n")


def fold(line: str) -> bytes:
    """Return a content line with its end, folded so that no line has more than 75 bytes and no character is cut."""
    parts, part = [], b""
    room = LONGEST_LINE_BYTES
    for character in line:
        encoded = character.encode("utf-8", errors="replace")
        if len(part) + len(encoded) > room:
            parts.append(part)
            part, room = b"", LONGEST_LINE_BYTES - 1  # the space that marks a folded line
        part += encoded
    return b"\r\n ".join([*parts, part]) + b"\r\n"
