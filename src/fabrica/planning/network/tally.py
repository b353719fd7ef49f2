"""Count what happened in a year: waits by partition, class and day, use by the hour, and why jobs waited."""

from collections.abc import Sequence
from typing import Any

import numpy

from fabrica.planning.engine.jobs import Jobs
from fabrica.planning.network.broker import Desk
from fabrica.planning.network.compiling import compiled
from fabrica.planning.network.sums import Tally, empty_tally
from fabrica.planning.network.waits import step_of
from fabrica.planning.workload_classes import DAY, HOUR


def tally(
    ran: Jobs,
    desk: Desk,
    job_class: Any,
    partitions: int,
    days: int,
    warm_up_days: int,
    activities: Sequence[float],
) -> Tally:
    """Return the sums of one run."""
    classes, hours = len(activities), days * 24
    sums = empty_tally(partitions, classes, days)
    _count(ran, desk, job_class, warm_up_days * DAY, days, sums)
    # Of each job the hours at its edges are counted in part, those between by a step up and a step down.
    steps = numpy.zeros((partitions, classes, hours + 1), numpy.int64)
    parts = numpy.zeros((partitions, classes, hours + 1), numpy.int64)
    _count_hours(ran, desk, job_class, warm_up_days * DAY, steps, parts)
    by_class = (numpy.cumsum(steps, axis=2) * HOUR + parts)[:, :, :hours]
    sums.busy[:] = by_class.sum(axis=1)
    sums.active[:] = numpy.tensordot(by_class.astype(numpy.float64), numpy.array(activities), axes=([1], [0]))
    return sums


@compiled
def _count(ran: Jobs, desk: Desk, job_class: Any, begin: int, days: int, sums: Tally) -> None:
    for job in range(len(ran.submit)):
        day = (ran.submit[job] - begin) // DAY
        if ran.submit[job] < begin or day >= days:
            continue
        one, row = job_class[job], desk.partition[job]
        if row < 0:
            sums.never[one, 0] += 1
            sums.never[one, 1] += ran.units[job] * ran.limit[job]
            continue
        wait, cause = ran.start[job] - ran.submit[job], desk.cause[job]
        sums.jobs[row, one, day] += 1
        sums.wait_seconds[row, one, day] += wait
        sums.steps[row, one, step_of(wait)] += 1
        sums.longest[row, one] = max(sums.longest[row, one], wait)
        sums.causes[row, one, cause] += 1
        sums.cause_seconds[row, one, cause] += wait
        sums.work[row, one] += ran.units[job] * ran.runtime[job]


@compiled
def _count_hours(ran: Jobs, desk: Desk, job_class: Any, begin: int, steps: Any, parts: Any) -> None:
    hours = steps.shape[2] - 1
    for job in range(len(ran.submit)):
        row, one, units = desk.partition[job], job_class[job], ran.units[job]
        if row < 0:
            continue
        first = max(ran.start[job] - begin, 0)
        last = min(ran.start[job] + ran.runtime[job] - begin, hours * HOUR)
        if last <= first:
            continue
        opens, closes = first // HOUR, last // HOUR
        steps[row, one, opens] += units
        parts[row, one, opens] -= units * (first - opens * HOUR)
        steps[row, one, closes] -= units
        parts[row, one, closes] += units * (last - closes * HOUR)
