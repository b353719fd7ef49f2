"""The waits of one class of jobs in the order they became known, cut where the queue changed its ways."""

import bisect
import itertools
import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fabrica.waits.quantiles import empirical, upper_bound

SAMPLES_MIN = 30
"""Under this many waits nothing is said: 29 are the fewest that bound a 90 % quantile with 95 % confidence."""
SAMPLES_MAX = 5_000
_TAIL = 0.1
_FALSE_ALARM = 0.001
_RUN_MAX = 60


@dataclass(frozen=True, slots=True)
class Wait:
    """One job of the site's history that has started: when it did, how long it waited, and what it had asked for."""

    started_at: int
    waited_seconds: int
    devices: int = 1
    limit_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the waits of a class say: half of the jobs wait at most q50, nine of ten at most q90.

    The bounds hold the true quantile with 95 % confidence; null: too few samples. `changed_at`: earlier waits were left
    out, for the queue changed its ways then. Times are epoch seconds.
    """

    q50_seconds: float
    q90_seconds: float
    q50_bound_seconds: float | None
    q90_bound_seconds: float | None
    samples: int
    newest_at: int
    changed_at: int | None


def forecast(waits: Iterable[Wait], still_waiting: Sequence[int] = ()) -> Forecast | None:
    """Return what the waits say, or None under `SAMPLES_MIN` of them.

    `still_waiting`: seconds that jobs of the class have waited by now without a start. Those above the q90 of the
    history count as waits of that length, or a queue that stands still would never be noticed.
    """
    window = _Window()
    for wait in sorted(waits, key=lambda one: (one.started_at, one.waited_seconds)):
        window.add(wait)
    if len(window.ordered) < SAMPLES_MIN:
        return None
    ordered: list[float] = list(window.ordered)
    for waited in still_waiting:
        if waited > empirical(window.ordered, 0.9):
            bisect.insort(ordered, waited)
    return Forecast(
        q50_seconds=empirical(ordered, 0.5),
        q90_seconds=empirical(ordered, 0.9),
        q50_bound_seconds=upper_bound(ordered, 0.5),
        q90_bound_seconds=upper_bound(ordered, 0.9),
        samples=len(ordered),
        newest_at=window.newest_at,
        changed_at=window.changed_at,
    )


class _Window:
    """The waits that still speak for the queue, as they came and in ascending order."""

    def __init__(self) -> None:
        self.ordered: list[float] = []
        self.newest_at = 0
        self.changed_at: int | None = None
        self._came: deque[Wait] = deque()
        self._high: list[Wait] = []
        self._low: list[Wait] = []
        self._run_allowed = _RUN_MAX
        self._measured_at = 0

    def add(self, wait: Wait) -> None:
        """Take one more wait. After too long a run of surprises each new one replaces one from before the change."""
        self._note_surprise(wait)
        self._came.append(wait)
        bisect.insort(self.ordered, wait.waited_seconds)
        self.newest_at = wait.started_at
        while len(self._came) > (SAMPLES_MIN if self._speaks_of_before() else SAMPLES_MAX):
            gone = self._came.popleft().waited_seconds
            del self.ordered[bisect.bisect_left(self.ordered, gone)]
        if len(self._came) >= max(SAMPLES_MIN, 2 * self._measured_at):
            self._measured_at = len(self._came)
            self._run_allowed = run_allowed(autocorrelation([one.waited_seconds for one in self._came]))

    def _note_surprise(self, wait: Wait) -> None:
        """Note a change when more waits in a row left the middle of the history than chance explains."""
        if len(self.ordered) < SAMPLES_MIN:
            return
        self._high = [*self._high, wait] if wait.waited_seconds > empirical(self.ordered, 1 - _TAIL) else []
        self._low = [*self._low, wait] if wait.waited_seconds < empirical(self.ordered, _TAIL) else []
        for run in (self._high, self._low):
            if len(run) >= self._run_allowed:
                self.changed_at = run[0].started_at
                self._high, self._low, self._measured_at = [], [], 0

    def _speaks_of_before(self) -> bool:
        return self.changed_at is not None and self._came[0].started_at < self.changed_at


def autocorrelation(values: Sequence[float]) -> float:
    """Return the correlation of each value with the one before it, from 0 to 1, on logarithms as waits span decades."""
    logs = [math.log1p(value) for value in values]
    mean = math.fsum(logs) / len(logs)
    spread = math.fsum((one - mean) ** 2 for one in logs)
    if spread < 1e-12:
        return 0.0
    return max(0.0, math.fsum((a - mean) * (b - mean) for a, b in itertools.pairwise(logs)) / spread)


def run_allowed(correlation: float) -> int:
    """Return how many surprises in a row mean a change: chance makes fewer in 999 of 1,000 cases.

    Source: own rule after QBETS: a first surprise has the tail's probability, each next one that of the tail raised by
    the correlation of neighbours.
    """
    again = _TAIL + (1 - _TAIL) * min(1.0, correlation)
    if again >= 1.0:
        return _RUN_MAX
    return min(_RUN_MAX, 1 + math.ceil(math.log(_FALSE_ALARM / _TAIL) / math.log(again) - 1e-9))
