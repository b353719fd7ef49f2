"""What changes by the hour: carbon intensity and price, summed over any stretch of time with two look-ups."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.compiling import compiled
from fabrica.planning.engine.plain_rates import HOUR_SECONDS, sums_before

RATES = 2


class Rates(NamedTuple):
    """Two series by the hour, from second 0 on; after its last hour each begins again.

    `value`: shape (2, hours). `before`: shape (2, hours + 1), the integral over all earlier hours, in value x seconds.
    """

    value: Any
    before: Any


def hourly_rates(carbon: Sequence[float], price: Sequence[float]) -> Rates:
    """Return the rates of two series of the same number of hours."""
    value = numpy.array([carbon, price], numpy.float64)
    return Rates(value, numpy.array([sums_before(carbon), sums_before(price)]))


def flat_rates(carbon: float = 0.0, price: float = 0.0) -> Rates:
    """Return rates that are always the same."""
    return hourly_rates([carbon], [price])


@compiled
def integral(rates: Rates, rate: int, until: int) -> float:
    """Return the integral of a rate from second 0 on, in value x seconds."""
    hours = rates.value.shape[1]
    hour = until // HOUR_SECONDS
    rounds, hour = hour // hours, hour % hours
    part = rates.value[rate, hour] * (until % HOUR_SECONDS)
    return float(rounds * rates.before[rate, hours] + rates.before[rate, hour] + part)
