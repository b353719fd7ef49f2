"""What a site tells of its waits, in plain Python: the reference of waits.py."""

import math
from collections import deque

from fabrica.planning.engine.plain_jobs import PlainJob
from fabrica.planning.engine.plain_site import PlainSite
from fabrica.planning.network.arithmetic import end_of_step, size_class, step_of
from fabrica.planning.network.codes import CLASSES, LOOK_BACK, POOL, SCANNED, WINDOW

Told = tuple[float, float, int]
"""The median and the 90 % quantile in seconds, and of how many waits."""


class PlainWaits:
    """The last waits of one partition, by class of size and of all together.

    `told`: as last told to the broker. `spare`: devices free beyond those waited for, as last counted, without
    those of jobs sent since.
    """

    def __init__(self) -> None:
        self._last: list[deque[tuple[int, int]]] = [deque(maxlen=WINDOW) for _ in range(CLASSES + 1)]
        self.told: list[Told] = [(0.0, 0.0, 0)] * (CLASSES + 1)
        self.spare = 0

    def note(self, job: PlainJob) -> None:
        """Take the wait of a job that started for the first time."""
        for one in (size_class(job.units), POOL):
            self._last[one].append((step_of(job.start - job.submit), job.start))

    def tell(self, site: PlainSite, now: int) -> None:
        """Renew what is told, by the last waits and those that queue for longer than most."""
        waiting, queued = site.in_order(), [list[int]() for _ in range(CLASSES + 1)]
        for job in waiting[:SCANNED]:
            for one in (size_class(job.units), POOL):
                if job.start < 0 and self._last[one] and now - job.submit > self.told[one][1]:
                    queued[one].append(step_of(now - job.submit))
        for one, last in enumerate(self._last):
            while last and last[0][1] < now - LOOK_BACK:
                last.popleft()
            steps = sorted([step for step, _ in last] + queued[one])
            q50, q90, _ = self.told[one]
            if steps:
                q50, q90 = _quantile(steps, 0.5), _quantile(steps, 0.9)
            self.told[one] = (q50, q90, len(steps))

    def count_spare(self, site: PlainSite) -> None:
        """Count what is free beyond what is waited for."""
        self.spare = site.free - sum(job.units for job in site.in_order())


def _quantile(steps: list[int], share: float) -> float:
    return end_of_step(steps[math.ceil(share * len(steps) - 1e-9) - 1])
