"""The jobs that run, as a binary heap: which of them ends next."""

from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.compiling import compiled


class Ends(NamedTuple):
    """Invariant: for every place p > 0, entry p does not come before entry (p - 1) // 2.

    An entry comes before another when it ends earlier, or at one instant when its job queued earlier.
    `time`, `job`: shape (most jobs that can run at once,). `count`: shape (1,), the places in use.
    """

    time: Any
    job: Any
    count: Any


def no_ends(running_max: int) -> Ends:
    """Return an empty heap with room for that many running jobs."""
    return Ends(
        numpy.empty(running_max, numpy.int64), numpy.empty(running_max, numpy.int64), numpy.zeros(1, numpy.int64)
    )


@compiled
def push_end(ends: Ends, time: int, job: int) -> None:
    """Add a job that ends at `time`."""
    place = ends.count[0]
    ends.count[0] += 1
    while place > 0:
        parent = (place - 1) // 2
        if ends.time[parent] < time or (ends.time[parent] == time and ends.job[parent] < job):
            break
        ends.time[place], ends.job[place] = ends.time[parent], ends.job[parent]
        place = parent
    ends.time[place], ends.job[place] = time, job


@compiled
def pop_end(ends: Ends) -> int:
    """Take out the job that ends next, and return it. There must be one."""
    first = ends.job[0]
    count = ends.count[0] - 1
    ends.count[0] = count
    time, job = ends.time[count], ends.job[count]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= count:
            break
        right = child + 1
        if right < count and (
            ends.time[right] < ends.time[child]
            or (ends.time[right] == ends.time[child] and ends.job[right] < ends.job[child])
        ):
            child = right
        if time < ends.time[child] or (time == ends.time[child] and job < ends.job[child]):
            break
        ends.time[place], ends.job[place] = ends.time[child], ends.job[child]
        place = child
    ends.time[place], ends.job[place] = time, job
    return int(first)


@compiled
def remove_end(ends: Ends, job: int) -> None:
    """Take out a job that runs, though it does not end; looks at every entry, for this is rare."""
    place = 0
    while ends.job[place] != job:
        place += 1
    while place > 0:  # every entry above moves down by one, so that the job comes to the top
        parent = (place - 1) // 2
        ends.time[place], ends.job[place] = ends.time[parent], ends.job[parent]
        place = parent
    ends.time[0], ends.job[0] = -1, job
    pop_end(ends)
