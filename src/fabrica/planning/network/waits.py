"""What a site tells of its waits: quantiles of the last starts, by how many devices a job asks for.

As live: a class of jobs whose sizes double (1, 2, 3 to 4, 5 to 8 …), and the whole partition where a class has too few.
Simpler than live, to be fast: waits fall into steps of a quarter of a doubling, the last 256 count, and there are no
classes by time limit.
"""

import math
from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.cluster import OPEN
from fabrica.planning.engine.site import take_started
from fabrica.planning.engine.site_state import Site
from fabrica.planning.engine.table import NOBODY
from fabrica.planning.network.arithmetic import end_of_step, size_class, step_of
from fabrica.planning.network.codes import CLASSES, LOOK_BACK, POOL, STEPS, WINDOW
from fabrica.planning.network.compiling import compiled, inlined
from fabrica.planning.network.front import HAS_BEGUN, Front, look

_size_class, _step_of, _end_of_step = inlined(size_class), inlined(step_of), inlined(end_of_step)


class Waits(NamedTuple):
    """Waits of one partition, or of all with one more axis before.

    Invariant: row c of `steps` counts the last `kept[c]` entries of row c of `last`, of which the newest is at place
    `(count[c] - 1) % WINDOW`.
    `last`, `started`: shape (CLASSES + 1, WINDOW), the step of each of the last waits, and when it ended.
    `count`, `kept`: shape (CLASSES + 1,), how many waits there ever were, and how many count. `steps`: shape
    (CLASSES + 1, STEPS). `told`: shape (CLASSES + 1, 3), q50 and q90 in seconds and the samples, as last told to the
    broker. `queued`: shape (CLASSES + 1, STEPS), of those that queue, the ones that count; empty between two tellings.
    `spare`: shape (1,), devices free beyond those waited for, as last counted, without those of jobs sent since.
    """

    last: Any
    started: Any
    count: Any
    kept: Any
    steps: Any
    told: Any
    queued: Any
    spare: Any


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
        spare=numpy.zeros((partitions, 1), numpy.int64),
    )


@compiled
def note_wait(waits: Waits, units: int, seconds: int, now: int) -> None:
    """Take one more wait of a partition, for its class and for the whole."""
    step = _step_of(seconds)
    for one in (_size_class(units), POOL):
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
def note_started(waits: Waits, site: Site) -> None:
    """Take the waits of those that started since."""
    job = take_started(site)
    while job != NOBODY:
        one = site.jobs[job]
        note_wait(waits, one.units, one.start - one.submit, one.start)
        job = take_started(site)


@compiled
def tell_waits(waits: Waits, front: Front, site: Site, now: int) -> None:
    """Renew what a site tells. A job that queues for longer than the q90 of its class counts as such a wait."""
    found = look(front, site)
    for one in front.jobs[front.looks[0] % 2][:found]:
        if one.size != HAS_BEGUN:  # who was stopped and waits again has told its wait
            _note_queued(waits, one.size, now - one.submit)
    tell(waits, now)


@inlined
def _note_queued(waits: Waits, size: int, waited: int) -> None:
    is_long = waits.kept[size] and waited > waits.told[size, 1]
    is_long_in_pool = waits.kept[POOL] and waited > waits.told[POOL, 1]
    if is_long or is_long_in_pool:
        step = _step_of(waited)
        if is_long:
            waits.queued[size, step] += 1
        if is_long_in_pool:
            waits.queued[POOL, step] += 1


@compiled
def count_spare(waits: Waits, site: Site) -> None:
    """Count what is free at a site beyond what is waited for."""
    waits.spare[0] = site.cluster.free[OPEN] - site.state[0].waiting_units


@compiled
def tell(waits: Waits, now: int) -> None:
    """Renew what a partition tells of its waits, by the last of them and those that queue."""
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


@inlined
def _quantile(waits: Waits, one: int, count: int, share: float) -> float:
    """Return the upper end of the step in which the quantile lies, in seconds."""
    need, step = math.ceil(share * count - 1e-9), 0
    passed = waits.steps[one, 0] + waits.queued[one, 0]
    while passed < need:
        step += 1
        passed += waits.steps[one, step] + waits.queued[one, step]
    return _end_of_step(step)
