"""What a site tells of its waits: quantiles of the last starts, by how many devices a job asks for.

As live: a class of jobs whose sizes double (1, 2, 3 to 4, 5 to 8 …), and the whole partition where a class has too few.
Simpler than live, to be fast: waits fall into steps of a quarter of a doubling, the last 256 count, and there are no
classes by time limit.
"""

import math
from typing import Any, NamedTuple

import numpy

from fabrica.placement.snapshot import DEFAULT_POLICY
from fabrica.planning.network.compiling import compiled, inlined
from fabrica.planning.network.sums import STEPS

CLASSES = 20
"""Sizes that double, up to half a million devices; and after them the class of the whole partition."""
POOL = CLASSES
WINDOW = 256
SCANNED = 1_000
"""Of those that queue, so many of the oldest are asked how long they have waited by now."""


class Waits(NamedTuple):
    """Waits of one partition, or of all with one more axis before.

    Invariant: row c of `steps` counts the last `min(count[c], WINDOW)` entries of row c of `last`.
    `last`: shape (CLASSES + 1, WINDOW), the steps of the last waits. `count`: shape (CLASSES + 1,), how many waits
    there ever were. `steps`: shape (CLASSES + 1, STEPS). `told`: shape (CLASSES + 1, 3), q50 and q90 in seconds and
    the samples, as last told to the broker. `queued`: shape (CLASSES + 1, STEPS), of those that queue, the ones that
    count; empty between two tellings.
    """

    last: Any
    count: Any
    steps: Any
    told: Any
    queued: Any


def first_waits(partitions: int) -> Waits:
    """Return what all partitions tell at the start: just enough jobs that started at once, for they are empty.

    The broker counts an unknown wait as the worst known one, so a site without any history would never get a job.
    """
    told = numpy.zeros((partitions, CLASSES + 1, 3))
    told[:, POOL, 2] = DEFAULT_POLICY.wait_samples_min
    steps, count = (numpy.zeros((partitions, CLASSES + 1, *rest), numpy.int64) for rest in ((STEPS,), ()))
    steps[:, POOL, 0], count[:, POOL] = DEFAULT_POLICY.wait_samples_min, DEFAULT_POLICY.wait_samples_min
    last = numpy.zeros((partitions, CLASSES + 1, WINDOW), numpy.uint8)
    return Waits(last, count, steps, told, numpy.zeros_like(steps))


@inlined
def size_class(units: int) -> int:
    """Return the class of jobs that ask for so many devices: 0 for 1, 1 for 2, 2 for 3 and 4, and so on."""
    found = 0
    while (1 << found) < units and found < CLASSES - 1:
        found += 1
    return found


@compiled
def note_wait(waits: Waits, units: int, seconds: int) -> None:
    """Take one more wait of a partition, for its class and for the whole."""
    step = step_of(seconds)
    for one in (size_class(units), POOL):
        place = waits.count[one] % WINDOW
        if waits.count[one] >= WINDOW:
            waits.steps[one, waits.last[one, place]] -= 1
        waits.last[one, place] = step
        waits.steps[one, step] += 1
        waits.count[one] += 1


@compiled
def tell(waits: Waits) -> None:
    """Renew what a partition tells, by the last waits and those that queue."""
    for one in range(CLASSES + 1):
        count = min(waits.count[one], WINDOW)
        for step in range(STEPS):
            count += waits.queued[one, step]
        if count:
            waits.told[one, 0], waits.told[one, 1] = (
                _quantile(waits, one, count, 0.5),
                _quantile(waits, one, count, 0.9),
            )
            waits.told[one, 2] = count
            waits.queued[one] = 0


@inlined
def step_of(seconds: int) -> int:
    """Return the step of a wait: 0 for none, then four to each doubling."""
    if seconds <= 0:
        return 0
    return min(1 + int(4.0 * math.log2(float(seconds))), STEPS - 1)


@inlined
def _quantile(waits: Waits, one: int, count: int, share: float) -> float:
    """Return the upper end of the step in which the quantile lies, in seconds."""
    need, step = math.ceil(share * count - 1e-9), 0
    passed = waits.steps[one, 0] + waits.queued[one, 0]
    while passed < need:
        step += 1
        passed += waits.steps[one, step] + waits.queued[one, step]
    return 0.0 if step == 0 else 2.0 ** (step / 4.0)
