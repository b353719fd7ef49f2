"""Pictures as SVG: a curve over time, bars by class. Their colours come from the page, so they suit light and dark."""

from collections.abc import Sequence
from html import escape

from fabrica.values.time import show_duration

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 12, 28
DAY_SECONDS = 86_400
_ROUND_SECONDS = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 3 * 3600, 6 * 3600, 12 * 3600, DAY_SECONDS)


def curve(name: str, words: str, values: Sequence[float], bin_seconds: float, ceiling: float | None = None) -> str:
    """Return a stepped curve of means over time, with a dashed line at `ceiling` where given.

    `name`: unique on the page. `words`: what a reader who cannot see the picture is told.
    """
    top = nice_ceiling(max([*values, ceiling or 0]))
    across = (WIDTH - LEFT - RIGHT) / len(values)
    points = [f"M{LEFT},{_height(0, top):.1f}"]
    for place, value in enumerate(values):
        points.append(f"V{_height(value, top):.1f}H{LEFT + (place + 1) * across:.1f}")
    parts = [_grid(top), f'<path class="area" d="{"".join(points)}V{_height(0, top):.1f}Z"/>']
    if ceiling:
        line = _height(ceiling, top)
        parts.append(f'<line class="ceiling" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{line:.1f}" y2="{line:.1f}"/>')
    parts.append(_days(len(values) * bin_seconds))
    return _picture(name, words, parts)


def bars(name: str, words: str, labels: Sequence[str], seconds: Sequence[float], high: Sequence[float]) -> str:
    """Return a bar for each class, with a mark at its high value; both are durations."""
    top = duration_ceiling(max([*high, *seconds]))
    across = (WIDTH - LEFT - RIGHT) / len(labels)
    parts = [_grid(top, durations=True)]
    for place, (label, value, mark) in enumerate(zip(labels, seconds, high, strict=True)):
        left, middle = LEFT + place * across + across * 0.2, LEFT + (place + 0.5) * across
        tall, line = _height(0, top) - _height(value, top), _height(mark, top)
        parts.append(
            f'<rect class="bar" x="{left:.1f}" y="{_height(value, top):.1f}" width="{across * 0.6:.1f}" '
            f'height="{tall:.1f}"/>'
            f'<line class="mark" x1="{left:.1f}" x2="{left + across * 0.6:.1f}" y1="{line:.1f}" y2="{line:.1f}"/>'
            f'<text class="tick" x="{middle:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(label)}</text>'
        )
    return _picture(name, words, parts)


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


def _height(value: float, top: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top)


def _grid(top: float, *, durations: bool = False) -> str:
    parts = []
    for quarter in range(5):
        value = top * quarter / 4
        line = _height(value, top)
        label = (show_duration(value) if value else "0") if durations else f"{value:,.4g}"
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{line:.1f}" y2="{line:.1f}"/>'
            f'<text class="tick" x="{LEFT - 6}" y="{line + 4:.1f}" text-anchor="end">{label}</text>'
        )
    return "".join(parts)


def _days(seconds: float) -> str:
    """Mark the time axis: six marks at most, in days, or in hours where it is short."""
    unit, name = (DAY_SECONDS, "day") if seconds >= 3 * DAY_SECONDS else (3600, "hour")
    step = nice_ceiling(seconds / unit / 6)
    parts, count = [], 0
    while count * step * unit <= seconds:
        across = LEFT + (WIDTH - LEFT - RIGHT) * count * step * unit / seconds
        anchor = "start" if count == 0 else "middle" if across < WIDTH - 40 else "end"
        label = f"{name} {count * step:g}"
        parts.append(f'<text class="tick" x="{across:.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{label}</text>')
        count += 1
    return "".join(parts)


def _picture(name: str, words: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name}-words">'
        f'<title id="{name}-words">{escape(words)}</title>{"".join(parts)}</svg>'
    )
