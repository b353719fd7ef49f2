"""Intervals as a picture: one line a row, from low to high with a mark between, on a plain or a logarithmic axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from fabrica.planning.pictures import nice_ceiling

ROW, BAR, TOP, BOTTOM, LEFT, RIGHT = 40, 12, 4, 26, 8, 12
WIDTHS = (("wide", 720), ("narrow", 340))
LOGARITHMIC_FROM = 30.0  # of the highest over the lowest value, beyond which a plain axis hides the small ones


@dataclass(frozen=True, slots=True)
class Range:
    """One row: its name, and a value with its interval; all null where nothing is known."""

    name: str
    low: float | None
    value: float | None
    high: float | None


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
    return "".join(_drawn(name, words, rows, unit, axis, kind, width) for kind, width in WIDTHS)


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


def _drawn(name: str, words: str, rows: Sequence[Range], unit: str, axis: _Axis, kind: str, width: int) -> str:
    height = TOP + len(rows) * ROW + BOTTOM
    across = width - RIGHT - LEFT
    parts = [_ticks(axis, across, height, unit, every=2 if kind == "narrow" and len(axis.ticks) > 4 else 1)]
    for place, row in enumerate(rows):
        down = TOP + place * ROW
        parts.append(f'<text class="name" x="{LEFT}" y="{down + 16}">{escape(row.name)}</text>')
        parts.append(_line(row, axis, across, down + 22))
    title = f"{name}-{kind}-words"
    return (
        f'<svg class="{kind}-picture" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{title}">'
        f'<title id="{title}">{escape(words)}</title>{"".join(parts)}</svg>'
    )


def _ticks(axis: _Axis, across: float, height: int, unit: str, every: int) -> str:
    drawn = []
    for place, tick in enumerate(axis.ticks):
        at = LEFT + axis.at(tick) * across
        drawn.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>')
        if place % every == 0:
            last = place + every >= len(axis.ticks)
            label = f"{tick:,.10g}" + (f" {escape(unit)}" if last else "")
            anchor = "end" if last and at > across * 0.9 else "start" if place == 0 else "middle"
            drawn.append(f'<text class="tick" x="{at:.1f}" y="{height - 8}" text-anchor="{anchor}">{label}</text>')
    return "".join(drawn)


def _line(row: Range, axis: _Axis, across: float, down: int) -> str:
    if row.low is None or row.high is None:
        return f'<text class="tick" x="{LEFT}" y="{down + BAR}">unknown</text>'
    left, right = (LEFT + axis.at(end) * across for end in (row.low, row.high))
    if right - left < 1:
        return f'<circle class="point" cx="{left:.1f}" cy="{down + BAR / 2}" r="{BAR / 2}"/>'
    wide = right - left
    drawn = f'<rect class="interval" x="{left:.1f}" y="{down}" width="{wide:.1f}" height="{BAR}" rx="3"/>'
    if row.value is not None:
        at = LEFT + axis.at(row.value) * across
        drawn += f'<line class="best" x1="{at:.1f}" x2="{at:.1f}" y1="{down - 2}" y2="{down + BAR + 2}"/>'
    return drawn
