"""Pictures as SVG: a curve over time, bars by class. Their colours come from the page, so they suit light and dark.

Each is drawn twice, wide and narrow, and the page shows the one that fits: shrunk to a phone, letters of the wide one
would be half as high as those around it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from fabrica.values.time import show_duration

RIGHT, TOP = 8, 12
LINE, LETTER = 16, 6.8
DAY_SECONDS = 86_400
_ROUND_SECONDS = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 3 * 3600, 6 * 3600, 12 * 3600, DAY_SECONDS)


@dataclass(frozen=True, slots=True)
class Shape:
    """One drawing's size in units that are pixels where it is shown; `left` and `bottom` hold the labels.

    `steps`: marks on the time axis, at most. `lines`: on how many lines the names of classes stand in turn.
    """

    name: str
    width: int
    height: int
    left: int
    steps: int
    lines: int

    @property
    def bottom(self) -> int:
        return 12 + self.lines * LINE

    @property
    def first_line(self) -> int:
        """Where labels under the picture stand."""
        return self.height - self.bottom + 20

    @property
    def inner(self) -> int:
        return self.width - self.left - RIGHT

    def height_of(self, value: float, top: float) -> float:
        """Return where a value stands, `top` being the highest."""
        return TOP + (self.height - TOP - self.bottom) * (1 - value / top)


WIDE = Shape("wide", width=720, height=220, left=76, steps=6, lines=1)
NARROW = Shape("narrow", width=340, height=220, left=76, steps=3, lines=2)


def curve(name: str, words: str, values: Sequence[float], bin_seconds: float, ceiling: float | None = None) -> str:
    """Return a stepped curve of means over time, with a dashed line at `ceiling` where given.

    `name`: unique on the page. `words`: what a reader who cannot see the picture is told.
    """
    top = nice_ceiling(max([*values, ceiling or 0]))

    def draw(shape: Shape) -> list[str]:
        across = shape.inner / len(values)
        points = [f"M{shape.left},{shape.height_of(0, top):.1f}"]
        for place, value in enumerate(values):
            points.append(f"V{shape.height_of(value, top):.1f}H{shape.left + (place + 1) * across:.1f}")
        area = f'<path class="area" d="{"".join(points)}V{shape.height_of(0, top):.1f}Z"/>'
        parts = [_grid(shape, top), area]
        if ceiling:
            line = shape.height_of(ceiling, top)
            ends = f'x1="{shape.left}" x2="{shape.width - RIGHT}" y1="{line:.1f}" y2="{line:.1f}"'
            parts.append(f'<line class="ceiling" {ends}/>')
        return [*parts, _days(shape, len(values) * bin_seconds)]

    return _pictures(name, words, draw)


def bars(name: str, words: str, labels: Sequence[str], seconds: Sequence[float], high: Sequence[float]) -> str:
    """Return a bar for each class, with a mark at its high value; both are durations."""
    top = duration_ceiling(max([*high, *seconds]))

    def draw(shape: Shape) -> list[str]:
        across = shape.inner / len(labels)
        parts = [_grid(shape, top, durations=True)]
        for place, (label, value, mark) in enumerate(zip(labels, seconds, high, strict=True)):
            left, middle = shape.left + place * across + across * 0.2, shape.left + (place + 0.5) * across
            middle = min(middle, shape.width - LETTER * len(label) / 2)  # the last name stays inside
            tall, line = shape.height_of(0, top) - shape.height_of(value, top), shape.height_of(mark, top)
            below = shape.first_line + LINE * (place % shape.lines)
            parts.append(
                f'<rect class="bar" x="{left:.1f}" y="{shape.height_of(value, top):.1f}" width="{across * 0.6:.1f}" '
                f'height="{tall:.1f}"/>'
                f'<line class="mark" x1="{left:.1f}" x2="{left + across * 0.6:.1f}" y1="{line:.1f}" y2="{line:.1f}"/>'
                f'<text class="tick" x="{middle:.1f}" y="{below}" text-anchor="middle">{escape(label)}</text>'
            )
        return parts

    return _pictures(name, words, draw)


def nice_ceiling(value: float) -> float:
    """Return the next of a few round numbers times a power of ten, so that four equal steps read well."""
    power = 1.0
    while value > 10 * power:
        power *= 10
    return next((step * power for step in (1, 2, 3, 4, 5, 6, 8, 10) if value <= step * power), 10 * power)


def duration_ceiling(seconds: float) -> float:
    """Return four times the next of a few round durations: a minute, five, …, a day, two, five, ten and so on."""
    quarter = next((step for step in _ROUND_SECONDS if seconds <= 4 * step), None)
    return 4 * quarter if quarter else 4 * DAY_SECONDS * nice_ceiling(seconds / 4 / DAY_SECONDS)


def _grid(shape: Shape, top: float, *, durations: bool = False) -> str:
    parts = []
    for quarter in range(5):
        value = top * quarter / 4
        line = shape.height_of(value, top)
        label = (show_duration(value) if value else "0") if durations else f"{value:,.4g}"
        ends = f'x1="{shape.left}" x2="{shape.width - RIGHT}" y1="{line:.1f}" y2="{line:.1f}"'
        parts.append(
            f'<line class="grid" {ends}/>'
            f'<text class="tick" x="{shape.left - 6}" y="{line + 4:.1f}" text-anchor="end">{label}</text>'
        )
    return "".join(parts)


def _days(shape: Shape, seconds: float) -> str:
    """Mark the time axis, in days, or in hours where it is short."""
    unit, name = (DAY_SECONDS, "day") if seconds >= 3 * DAY_SECONDS else (3600, "hour")
    step = nice_ceiling(seconds / unit / shape.steps)
    parts, count = [], 0
    while count * step * unit <= seconds:
        across = shape.left + shape.inner * count * step * unit / seconds
        anchor = "start" if count == 0 else "middle" if across < shape.width - 40 else "end"
        label = f"{name} {count * step:g}"
        parts.append(
            f'<text class="tick" x="{across:.1f}" y="{shape.first_line}" text-anchor="{anchor}">{label}</text>'
        )
        count += 1
    return "".join(parts)


def _pictures(name: str, words: str, draw: Callable[[Shape], Sequence[str]]) -> str:
    """Return both drawings; the one that is not shown is not told to anybody either."""
    return "".join(
        f'<svg class="{shape.name}-picture" viewBox="0 0 {shape.width} {shape.height}" role="img" '
        f'aria-labelledby="{name}-{shape.name}-words">'
        f'<title id="{name}-{shape.name}-words">{escape(words)}</title>{"".join(draw(shape))}</svg>'
        for shape in (WIDE, NARROW)
    )
