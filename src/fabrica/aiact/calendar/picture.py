"""A calendar as a picture: one lane a system, a numbered dot a day, and the days in words under it.

The picture is SVG that follows the reader's choice of light or dark, and tells everything in its text alternative.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from html import escape
from typing import NamedTuple

from fabrica.aiact.documents.text import clean
from fabrica.wire.calendar import Calendar, CalendarEntry

WIDTH, _LEFT, _RIGHT = 960, 24, 936
_LANE, _DOT, _LINE, _HEAD, _PAGE_HEAD = 64, 11, 20, 56, 24
_LONGEST_LINE, _LONGEST_NAME = 118, 60
_STYLE = (
    "svg{background:#fff}text{font:14px system-ui,sans-serif;fill:#1b1f24}.quiet{fill:#57606a}.axis{stroke:#8c959f}"
    ".now{stroke:#a40e26;stroke-dasharray:4 3}.dot{fill:#0a4f9e}.formal .dot{fill:#8a4600}.dot+text{fill:#fff;"
    "font-size:11px;text-anchor:middle}.head{font-weight:600}"
    "@media(prefers-color-scheme:dark){svg{background:#0d1117}text{fill:#e6edf3}.quiet{fill:#9ea7b3}"
    ".axis{stroke:#6e7681}.now{stroke:#ff9492}.dot{fill:#79b8ff}.formal .dot{fill:#ffb77c}.dot+text{fill:#0d1117}}"
)


class _Day(NamedTuple):
    """What falls on one day for one system."""

    number: int
    system: str
    day: date
    entries: tuple[CalendarEntry, ...]

    def words(self) -> str:
        kinds = {"duty": "applies", "formal": "by the letter, contested", "update": "update", "retention": "kept until"}
        groups = defaultdict(list)
        for entry in self.entries:
            groups[kinds[entry.kind]].append(f"{entry.title} ({entry.article})")
        return "; ".join(f"{kind}: {', '.join(titles)}" for kind, titles in groups.items())


def picture(calendar: Calendar) -> str:
    """Return a calendar as SVG; what has no day is named in the text under it."""
    days = _days(calendar)
    listed = list(_listed(calendar, days))
    axis = _HEAD + _LANE * len(_names(calendar))
    height = axis + 48 + _LINE * len(listed)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-labelledby="title desc">',
        f'<title id="title">{_safe(f"AI Act calendar on {calendar.as_of}")}</title>',
        f'<desc id="desc">{_alternative(calendar, days)}</desc>',
        f"<style>{_STYLE}</style>",
        f'<text class="head" x="{_LEFT}" y="28">AI Act calendar, {calendar.as_of}</text>',
        *_drawn(calendar, days, _HEAD),
    ]
    for number, line in enumerate(listed):
        parts.append(f'<text x="{_LEFT}" y="{axis + 56 + number * _LINE}">{_safe(line)}</text>')
    return "".join([*parts, "</svg>\n"])


def lanes(calendar: Calendar) -> str:
    """Return only the lanes, as SVG to stand in a page: its style sheet gives the classes their colours.

    The numbers of the dots are those of `numbered`.
    """
    days = _days(calendar)
    height = _PAGE_HEAD + _LANE * len(_names(calendar)) + 28
    label = f"AI Act calendar on {calendar.as_of}. "
    return (
        f'<svg class="calendar-lanes" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{_safe(label)}{_alternative(calendar, days)}">'
        f"{''.join(_drawn(calendar, days, _PAGE_HEAD))}</svg>"
    )


def numbered(calendar: Calendar) -> dict[tuple[date, str], int]:
    """Return the number of the dot of each day of a system."""
    return {(one.day, one.system): one.number for one in _days(calendar)}


def _drawn(calendar: Calendar, days: Sequence[_Day], head: int) -> Iterator[str]:
    """Yield the axis with its years, a lane a system, and the day that was asked."""
    names = _names(calendar)
    place, axis = _scale(calendar, days), head + _LANE * len(names)
    yield from _years(place, axis)
    yield from _lanes(names, days, place, head)
    at = place[calendar.as_of]
    yield f'<line class="now" x1="{at}" x2="{at}" y1="{head - 16}" y2="{axis}"/>'


def _names(calendar: Calendar) -> list[str]:
    return list(dict.fromkeys(one.system for one in calendar.systems))


def _days(calendar: Calendar) -> list[_Day]:
    together: dict[tuple[date, str], list[CalendarEntry]] = defaultdict(list)
    for entry in calendar.entries:
        if entry.day is not None:
            together[entry.day, entry.system].append(entry)
    rows = sorted(together.items())
    return [_Day(number, system, day, tuple(one)) for number, ((day, system), one) in enumerate(rows, start=1)]


class _Scale(dict[date, int]):
    """Where a day stands, in pixels from the left."""

    def __init__(self, first: date, last: date) -> None:
        super().__init__()
        self.first, self.last = first, last

    def __missing__(self, day: date) -> int:
        share = (day - self.first).days / max(1, (self.last - self.first).days)
        return round(_LEFT + _DOT + share * (_RIGHT - _LEFT - 2 * _DOT))


def _scale(calendar: Calendar, days: Sequence[_Day]) -> _Scale:
    every = [calendar.as_of, *(one.day for one in days)]
    return _Scale(date(min(every).year, 1, 1), date(max(every).year + 1, 1, 1))


def _years(place: _Scale, axis: int) -> Iterator[str]:
    yield f'<line class="axis" x1="{_LEFT}" x2="{_RIGHT}" y1="{axis}" y2="{axis}"/>'
    for year in range(place.first.year, place.last.year):
        at = place[date(year, 1, 1)]
        yield f'<line class="axis" x1="{at}" x2="{at}" y1="{axis - 5}" y2="{axis + 5}"/>'
        yield f'<text class="quiet" x="{at}" y="{axis + 20}">{year}</text>'


def _lanes(names: Sequence[str], days: Sequence[_Day], place: Mapping[date, int], head: int) -> Iterator[str]:
    """Yield each system's name and dots; dots that would cover each other stand in two rows."""
    for lane, name in enumerate(names):
        top = head + lane * _LANE
        yield f'<text class="head" x="{_LEFT}" y="{top}">{_safe(_short(name, _LONGEST_NAME))}</text>'
        taken = [0, 0]
        for one in (one for one in days if one.system == name):
            at = place[one.day]
            row = 0 if at - taken[0] >= 2 * _DOT or taken[0] <= taken[1] else 1
            taken[row] = at
            contested = all(entry.kind == "formal" for entry in one.entries)
            y = top + 18 + row * (2 * _DOT)
            yield f"<g{' class=' + chr(34) + 'formal' + chr(34) if contested else ''}>"
            yield f"<title>{_safe(f'{one.day}: {one.words()}')}</title>"
            yield f'<circle class="dot" cx="{at}" cy="{y}" r="{_DOT}"/>'
            yield f'<text x="{at}" y="{y + 4}">{one.number}</text></g>'


def _listed(calendar: Calendar, days: Sequence[_Day]) -> Iterator[str]:
    for one in days:
        yield _short(f"{one.number}  {one.day}  {one.system}: {one.words()}", _LONGEST_LINE)
    for entry in calendar.entries:
        if entry.day is None:
            yield _short(f"no day  {entry.system}: {entry.title} ({entry.article}). {entry.words}", _LONGEST_LINE)
    yield f"{calendar.law.data}, checked on {calendar.law.checked_on}. This is no legal advice."


def _alternative(calendar: Calendar, days: Sequence[_Day]) -> str:
    return _safe(" ".join(f"{line}." for line in _told(calendar, days)))


def _told(calendar: Calendar, days: Sequence[_Day]) -> Iterator[str]:
    for one in days:
        yield f"{one.day}, {one.system}: {one.words()}"
    for entry in calendar.entries:
        if entry.day is None:
            yield f"No day, {entry.system}: {entry.title} ({entry.article})"
    yield calendar.law.notice.rstrip(".")


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _safe(text: str) -> str:
    return escape(clean(text))
