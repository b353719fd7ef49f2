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
LOOK_BACK = 30 * 86_400
"""Seconds after which a wait counts no more, as an agent's setting `history_days` has it."""
SAMPLES_MIN = int(DEFAULT_POLICY.wait_samples_min)


class Waits(NamedTuple):
    """Waits of one partition, or of all with one more axis before.

    Invariant: row c of `steps` counts the last `kept[c]` entries of row c of `last`, of which the newest is at place
    `(count[c] - 1) % WINDOW`.
    `last`, `started`: shape (CLASSES + 1, WINDOW), the step of each of the last waits, and when it ended.
    `count`, `kept`: shape (CLASSES + 1,), how many waits there ever were, and how many count. `steps`: shape
    (CLASSES + 1, STEPS). `told`: shape (CLASSES + 1, 3), q50 and q90 in seconds and the samples, as last told to the
    broker. `queued`: shape (CLASSES + 1, STEPS), of those that queue, the ones that count; empty between two tellings.
    """

    last: Any
    started: Any
    count: Any
    kept: Any
    steps: Any
    told: Any
    queued: Any


def no_waits(partitions: int) -> Waits:
    """Return what is known of all partitions at the start: nothing."""
    classes = (partitions, CLASSES + 1)
    return Waits(
        last=numpy.zeros((*classes, WINDOW), numpy.uint8),
        started=numpy.zeros((*classes, WINDOW), numpy.int64),
        count=numpy.zeros(classes, numpy.int64),
        kept=numpy.zeros(classes, numpy.int64),
        steps=numpy.zeros((*classes, STEPS), numpy.int64),
        told=numpy.zeros((*classes, 3)),
        queued=numpy.zeros((*classes, STEPS), numpy.int64),
    )


@inlined
def size_class(units: int) -> int:
    """Return the class of jobs that ask for so many devices: 0 for 1, 1 for 2, 2 for 3 and 4, and so on."""
    found = 0
    while (1 << found) < units and found < CLASSES - 1:
        found += 1
    return found


@compiled
def note_wait(waits: Waits, units: int, seconds: int, now: int) -> None:
    """Take one more wait of a partition, for its class and for the whole."""
    step = step_of(seconds)
    for one in (size_class(units), POOL):
        if waits.kept[one] == WINDOW:
            _forget_oldest(waits, one)
        place = waits.count[one] % WINDOW
        waits.last[one, place], waits.started[one, place] = step, now
        waits.steps[one, step] += 1
        waits.count[one] += 1
        waits.kept[one] += 1


@inlined
def _forget_oldest(waits: Waits, one: int) -> None:
    oldest = (waits.count[one] - waits.kept[one]) % WINDOW
    waits.steps[one, waits.last[one, oldest]] -= 1
    waits.kept[one] -= 1


@compiled
def tell(waits: Waits, now: int, nobody_queues: bool) -> None:
    """Renew what a partition tells, by the last waits and those that queue.

    One that is too seldom used to have a history says that jobs start at once there, as long as nobody queues.
    """
    for one in range(CLASSES + 1):
        while waits.kept[one] and waits.started[one, (waits.count[one] - waits.kept[one]) % WINDOW] < now - LOOK_BACK:
            _forget_oldest(waits, one)
        count = waits.kept[one]
        for step in range(STEPS):
            count += waits.queued[one, step]
        waits.told[one, 2] = count
        if count:
            waits.told[one, 0], waits.told[one, 1] = (
                _quantile(waits, one, count, 0.5),
                _quantile(waits, one, count, 0.9),
            )
            waits.queued[one] = 0
    if waits.told[POOL, 2] < SAMPLES_MIN and nobody_queues:
        waits.told[POOL] = 0.0
        waits.told[POOL, 2] = SAMPLES_MIN


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
