"""Classes of jobs that wait alike: by how many devices they ask for, and by how long they may run."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from fabrica.waits.history import Forecast, Wait, forecast
from fabrica.wire.agents import WaitForecast

Made = TypeVar("Made")

LIMITS_SECONDS = (3600, 4 * 3600, 12 * 3600, 24 * 3600)
"""Upper ends of the classes by time limit; the last class has none."""


class WaitClass(NamedTuple):
    """One class. A null end is open, so the class of nulls holds every job of the pool."""

    devices_max: int | None
    limit_seconds_max: int | None
    of_all_limits: bool = False

    @property
    def devices_min(self) -> int | None:
        return None if self.devices_max is None else self.devices_max // 2 + 1


POOL = WaitClass(None, None, of_all_limits=True)


def classes_of(devices: int, limit_seconds: int) -> tuple[WaitClass, ...]:
    """Return the classes of a job from the narrowest to the whole pool.

    Device counts double from class to class: 1, 2, 3 to 4, 5 to 8 and so on.
    """
    devices_max = 1 << max(0, devices - 1).bit_length()
    limit = next((one for one in LIMITS_SECONDS if limit_seconds <= one), None)
    return WaitClass(devices_max, limit), WaitClass(devices_max, None, of_all_limits=True), POOL


def forecasts(waits: Iterable[Wait], still_waiting: Sequence[Wait] = ()) -> dict[WaitClass, Forecast]:
    """Return the forecast of every class that has enough waits.

    `still_waiting`: jobs without a start; their `waited_seconds` is what they have waited by now.
    """
    started = _by_class(waits)
    waiting = _by_class(still_waiting)
    made = {}
    for one, its in started.items():
        found = forecast(its, [wait.waited_seconds for wait in waiting.get(one, ())])
        if found is not None:
            made[one] = found
    return made


def narrowest(made: Mapping[WaitClass, Made], devices: int, limit_seconds: int) -> tuple[WaitClass, Made] | None:
    """Return the narrowest class of a job that has a forecast, with it; None: the wait is unknown."""
    return next(((one, made[one]) for one in classes_of(devices, limit_seconds) if one in made), None)


def forecast_for(told: Iterable[WaitForecast], devices: int, limit_seconds: int) -> WaitForecast | None:
    """Return what a site tells of the narrowest class of a job; None: the wait is unknown."""
    made = {WaitClass(one.devices_max, one.limit_seconds_max, one.of_all_limits): one for one in told}
    found = narrowest(made, devices, limit_seconds)
    return found[1] if found else None


def _by_class(waits: Iterable[Wait]) -> dict[WaitClass, list[Wait]]:
    found: dict[WaitClass, list[Wait]] = defaultdict(list)
    for wait in waits:
        for one in classes_of(wait.devices, wait.limit_seconds):
            found[one].append(wait)
    return found
