"""What is in use in every hour, by kind of job; and, as one kind more, what is in repair."""

from typing import Any

import numpy

from fabrica.planning.engine.compiling import compiled
from fabrica.planning.engine.plain_rates import HOUR_SECONDS

UNITS, SECONDS = range(2)
"""Of each hour, from its start on: units more in use than in the hour before; device-seconds beside whole hours."""


def no_use(kinds: int, hours: int) -> Any:
    """Return counts of nothing, shape (kinds + 1, hours + 1, 2); the last kind is repairs."""
    return numpy.zeros((kinds + 1, hours + 1, 2), numpy.int64)


def device_seconds_by_hour(use: Any) -> Any:
    """Return the device-seconds of each kind in each hour, shape (..., hours)."""
    return (numpy.cumsum(use[..., UNITS], axis=-1) * HOUR_SECONDS + use[..., SECONDS])[..., :-1]


@compiled
def add_use(use: Any, kind: int, units: int, start: int, end: int) -> None:
    """Count units in use from one instant until another, in seconds from the start of the first hour."""
    first, last = max(start, 0), min(end, (use.shape[1] - 1) * HOUR_SECONDS)
    if last <= first:
        return
    opens, closes = first // HOUR_SECONDS, last // HOUR_SECONDS
    use[kind, opens, UNITS] += units
    use[kind, opens, SECONDS] -= units * (first - opens * HOUR_SECONDS)
    use[kind, closes, UNITS] -= units
    use[kind, closes, SECONDS] += units * (last - closes * HOUR_SECONDS)
