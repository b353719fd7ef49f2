"""Intervals as a picture: one line a row, from low to high with a mark between, on a plain or a logarithmic axis."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from fabrica.planning.pictures import nice_ceiling

LINE, BAR, GAP, TOP, BOTTOM, RIGHT = 16, 12, 10, 4, 26, 12
LOGARITHMIC_FROM = 30.0  # of the highest over the lowest value, beyond which a plain axis hides the small ones


@dataclass(frozen=True, slots=True)
class Range:
    """One row: its name, and a value with its interval; all null where nothing is known."""

    name: str
    low: float | None
    value: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class _Page:
    """A page to draw for: its width, where values begin, and the letters that a line of a name holds.

    Names stand beside the values, or over them where these begin at the edge.
    """

    kind: str
    width: int
    left: int
    letters: int


PAGES = (_Page("wide", 720, 248, 34), _Page("narrow", 340, 8, 48))
EDGE = 8


@dataclass(frozen=True, slots=True)
class _Axis:
    """Where values stand between the left and the right edge, as shares of the width."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool

    def at(self, value: float) -> float:
        if self.logarithmic:
            return (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return (value - self.low) / (self.high - self.low)


def ranges(name: str, words: str, rows: Sequence[Range], unit: str) -> str:
    """Return the picture, drawn for a wide and for a narrow page. `name`: unique on the page.

    `words`: what a reader who cannot see the picture is told.
    """
    axis = _axis(rows)
    return "".join(_drawn(name, words, rows, unit, axis, page) for page in PAGES)


def _axis(rows: Sequence[Range]) -> _Axis:
    ends = [end for row in rows for end in (row.low, row.high) if end is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    if low > 0 and high > LOGARITHMIC_FROM * low:
        first, last = floor(log10(low)), ceil(log10(high))
        return _Axis(10.0**first, 10.0**last, tuple(10.0**power for power in range(first, last + 1)), True)
    reach = nice_ceiling(max(high, -low))
    bottom, top = -reach if low < 0 else 0.0, reach if high > 0 or low >= 0 else 0.0
    ticks = tuple(bottom + (top - bottom) * quarter / 4 for quarter in range(5))
    return _Axis(bottom, top, ticks, False)


def _drawn(name: str, words: str, rows: Sequence[Range], unit: str, axis: _Axis, page: _Page) -> str:
    drawn, down = [], TOP
    for row in rows:
        lines = textwrap.wrap(row.name, page.letters) or [""]
        texts = (
            f'<text class="name" x="{EDGE}" y="{down + 13 + place * LINE}">{escape(line)}</text>'
            for place, line in enumerate(lines)
        )
        over = page.left == EDGE
        drawn += [*texts, _line(row, axis, page, down + 4 + (len(lines) * LINE if over else 0))]
        down += len(lines) * LINE + GAP + (BAR if over else 0)
    drawn.insert(0, _ticks(axis, page, down, unit))
    title = f"{name}-{page.kind}-words"
    return (
        f'<svg class="{page.kind}-picture" viewBox="0 0 {page.width} {down + BOTTOM}" role="img" '
        f'aria-labelledby="{title}"><title id="{title}">{escape(words)}</title>{"".join(drawn)}</svg>'
    )


def _across(axis: _Axis, page: _Page, value: float) -> float:
    return page.left + axis.at(value) * (page.width - RIGHT - page.left)


def _ticks(axis: _Axis, page: _Page, bottom: int, unit: str) -> str:
    every = 2 if page.kind == "narrow" and len(axis.ticks) > 4 else 1
    drawn = []
    for place, tick in enumerate(axis.ticks):
        at = _across(axis, page, tick)
        drawn.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{bottom}"/>')
        if place % every == 0:
            last = place + every >= len(axis.ticks)
            label = f"{tick:,.10g}" + (f" {escape(unit)}" if last else "")
            anchor = "end" if last and at > page.width * 0.9 else "start" if place == 0 else "middle"
            drawn.append(f'<text class="tick" x="{at:.1f}" y="{bottom + 18}" text-anchor="{anchor}">{label}</text>')
    return "".join(drawn)


def _line(row: Range, axis: _Axis, page: _Page, down: int) -> str:
    if row.low is None or row.high is None:
        return f'<text class="tick" x="{page.left}" y="{down + BAR - 2}">unknown</text>'
    left, right = (_across(axis, page, end) for end in (row.low, row.high))
    if right - left < 1:
        return f'<circle class="point" cx="{left:.1f}" cy="{down + BAR / 2}" r="{BAR / 2}"/>'
    wide = right - left
    drawn = f'<rect class="interval" x="{left:.1f}" y="{down}" width="{wide:.1f}" height="{BAR}" rx="3"/>'
    if row.value is not None:
        at = _across(axis, page, row.value)
        drawn += f'<line class="best" x1="{at:.1f}" x2="{at:.1f}" y1="{down - 2}" y2="{down + BAR + 2}"/>'
    return drawn
