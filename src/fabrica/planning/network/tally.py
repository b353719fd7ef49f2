"""Count what happened in a year: waits by partition, class and day, use by the hour, and why jobs waited."""

from collections.abc import Sequence
from typing import Any

import numpy

from fabrica.planning.network.codes import CAUSES, STEPS
from fabrica.planning.network.ran import NEVER_PLACED, Ran
from fabrica.planning.network.sums import Tally, empty_tally, steps_of
from fabrica.planning.workload_classes import DAY

COUNTED_AT_ONCE = 1 << 20
"""Jobs, so that what is made on the way takes little memory."""


def tally(ran: Ran, job_class: Any, days: int, warm_up_days: int, activities: Sequence[float]) -> Tally:
    """Return the sums of one run."""
    sums = empty_tally(len(ran.use), len(activities), days)
    for first in range(0, len(ran.submit), COUNTED_AT_ONCE):
        part = slice(first, first + COUNTED_AT_ONCE)
        jobs = Ran._make((*(column[part] for column in ran[:-1]), ran.use))
        _count(jobs, job_class[part], warm_up_days * DAY, days, sums)
    by_class = ran.use[:, :-1]
    sums.busy[:], sums.repair[:] = by_class.sum(axis=1), ran.use[:, -1]
    sums.active[:] = numpy.tensordot(by_class.astype(numpy.float64), numpy.array(activities), axes=([1], [0]))
    return sums


def _count(ran: Ran, job_class: Any, begin: int, days: int, sums: Tally) -> None:
    day = (ran.submit - begin) // DAY
    counts = (ran.submit >= begin) & (day < days)
    asked = ran.units.astype(numpy.int64) * ran.asked
    never = counts & (ran.partition == NEVER_PLACED) & ~ran.is_refused
    for lost, into in ((never, sums.never), (counts & ran.is_refused, sums.refused)):
        into[:, 0] += _sum(into[:, 0], job_class[lost], None)
        into[:, 1] += _sum(into[:, 1], job_class[lost], asked[lost])
    began = counts & ~never & ~ran.is_refused & (ran.start >= 0)
    row, one, day = ran.partition[began].astype(numpy.int64), job_class[began].astype(numpy.int64), day[began]
    wait, cause = (ran.start - ran.submit)[began], ran.cause[began]
    place = row * sums.longest.shape[1] + one
    work = (ran.units.astype(numpy.int64) * ran.runtime)[began]
    for into, at, amount in (
        (sums.jobs, place * sums.jobs.shape[2] + day, None),
        (sums.wait_seconds, place * sums.jobs.shape[2] + day, wait),
        (sums.steps, place * STEPS + steps_of(wait), None),
        (sums.causes, place * CAUSES + cause, None),
        (sums.cause_seconds, place * CAUSES + cause, wait),
        (sums.work, place, work),
        (sums.stopped, place, ran.stopped[began]),
        (sums.preempted, place, ran.preempted[began]),
        (sums.given_up, place, ran.is_given_up[began]),
        (sums.lost, place, ran.lost[began]),
    ):
        into += _sum(into, at, amount)
    numpy.maximum.at(sums.longest.reshape(-1), place, wait)


def _sum(into: Any, at: Any, amounts: Any) -> Any:
    """Return the sums of amounts, or counts, at places of a table; sums below 2^53 are exact."""
    return numpy.bincount(at, amounts, minlength=into.size).astype(numpy.int64).reshape(into.shape)
