"""Round numbers for axes, and numbers written short."""

import math
from collections.abc import Sequence

DRAWABLE_MAX = 1e300  # beyond it a span of two values would overflow


def drawable(value: float | None, log_scale: bool = False) -> bool:
    """Say whether a value has a place on an axis: finite, not absurd, and positive where the scale is logarithmic."""
    return value is not None and math.isfinite(value) and abs(value) <= DRAWABLE_MAX and (value > 0 or not log_scale)


def padded_range(values: Sequence[float]) -> tuple[float, float]:
    """Return the lowest and highest value, spread apart where they are (nearly) one."""
    low, high = min(values), max(values)
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-290):
        room = 0.1 * abs(low) or 1.0
        return low - room, high + room
    return low, high


def nice_ticks(low: float, high: float, count: int = 4) -> tuple[float, ...]:
    """Return round numbers (1, 2 or 5 times a power of ten) from at or below `low` to at or above `high`."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    return tuple(step * index for index in range(math.floor(low / step), math.ceil(high / step) + 1))


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Return powers of ten around a positive range; over many decades only some, over few also 2 and 5 times them."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    decades = max(1, last - first)
    if decades <= 2:
        marks = [factor * 10.0**power for power in range(first, last + 1) for factor in (1, 2, 5)]
        below = max((mark for mark in marks if mark <= low), default=marks[0])
        above = min((mark for mark in marks if mark >= high), default=marks[-1])
        return tuple(mark for mark in marks if below <= mark <= above)
    stride = math.ceil(decades / 5)
    return tuple(10.0**power for power in range(first, last + stride, stride))


def show_number(value: float | None) -> str:
    """Return a number as people read it on a chart: `0.25`, `1,200`, `3.4M`, `2e+12`; `—` where there is none."""
    if value is None or not math.isfinite(value):
        return "—"
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e12):
        return f"{value:.3g}"
    for limit, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            return f"{value / limit if letter != 'k' else value / 1e3:.3g}{letter}"
    return f"{value:,.0f}" if value == int(value) else f"{value:.4g}"
