"""What changes by the hour, in plain Python: carbon intensity and price over any stretch of time."""

from collections.abc import Sequence
from itertools import accumulate

HOUR_SECONDS = 3600
CARBON, PRICE = range(2)


def sums_before(values: Sequence[float]) -> list[float]:
    """Return the integral up to the start of every hour and the end of the last, in value x seconds."""
    return list(accumulate((value * HOUR_SECONDS for value in values), initial=0.0))


class PlainRate:
    """One value for every hour, from second 0 on; after its last hour it begins again."""

    def __init__(self, values: Sequence[float]) -> None:
        self._values = values
        self._before = sums_before(values)

    def integral(self, until: int) -> float:
        """Return the integral from second 0 on, in value x seconds."""
        hour, seconds = divmod(until, HOUR_SECONDS)
        rounds, hour = divmod(hour, len(self._values))
        return rounds * self._before[-1] + self._before[hour] + self._values[hour] * seconds
