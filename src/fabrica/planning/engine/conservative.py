"""Conservative backfilling: every job has a reserved start from its arrival on, and nobody ever makes it later."""

from typing import Any, NamedTuple

from fabrica.planning.engine.cluster import OPEN, Cluster, give_back, place
from fabrica.planning.engine.compiling import compiled
from fabrica.planning.engine.ends import Ends, pop_end, push_end
from fabrica.planning.engine.jobs import Jobs
from fabrica.planning.engine.plan import planned_end
from fabrica.planning.engine.queue import NOTHING, Tree, next_at_most, put
from fabrica.planning.engine.timeline import Timeline, change, earlier, earliest, forget_before


class Conservative(NamedTuple):
    """All that the loop keeps. Invariant: what the timeline lacks of the capacity is what running jobs hold until their
    expected ends and queued jobs from their reserved starts on.

    `queue`: the value of a queued job is its reserved start. `reserved`: shape (jobs,), the same, to look up.
    """

    cluster: Cluster
    ends: Ends
    queue: Tree
    timeline: Timeline
    reserved: Any


@compiled
def conservative(jobs: Jobs, state: Conservative, progress: Any) -> None:
    """Fill `jobs.start`. `progress`: shape (1,), how many jobs have arrived so far."""
    ends, queue = state.ends, state.queue
    count, arrived = len(jobs.submit), 0
    while True:
        now = queue[1]  # the root: the first reserved start
        if ends.count[0]:
            now = min(now, ends.time[0])
        if arrived < count:
            now = min(now, jobs.submit[arrived])
        if now == NOTHING:
            return

        forget_before(state.timeline, now)
        early = False
        while ends.count[0] and ends.time[0] == now:
            early = _end_next(jobs, state, now) or early
        if early:
            _move_up(jobs, state, now)
        while arrived < count and jobs.submit[arrived] == now:
            _reserve(jobs, state, arrived, now)
            arrived += 1
        job = next_at_most(queue, 0, now)
        while job >= 0:
            put(queue, job, NOTHING)
            place(state.cluster, OPEN, job, jobs.units[job])
            jobs.start[job] = now
            push_end(ends, now + jobs.runtime[job], job)
            job = next_at_most(queue, job + 1, now)
        progress[0] = arrived


@compiled
def _end_next(jobs: Jobs, state: Conservative, now: int) -> bool:
    """End the next job, free the rest of its plan, and return whether there was any."""
    job = pop_end(state.ends)
    expected = planned_end(jobs, job, jobs.start[job])
    give_back(state.cluster, OPEN, job, jobs.units[job])
    if now < expected:
        change(state.timeline, now, expected, jobs.units[job])
    return bool(now < expected)


@compiled
def _move_up(jobs: Jobs, state: Conservative, now: int) -> None:
    """Reserve anew for all that queue, in their order. The own old place is free for each, so none becomes later."""
    job = next_at_most(state.queue, 0, NOTHING - 1)
    while job >= 0:
        duration, units, reserved = planned_end(jobs, job, 0), jobs.units[job], state.reserved[job]
        start = earlier(state.timeline, now, duration, units, reserved)
        if start < reserved:
            change(state.timeline, reserved, reserved + duration, units)
            change(state.timeline, start, start + duration, -units)
            state.reserved[job] = start
            put(state.queue, job, start)
        job = next_at_most(state.queue, job + 1, NOTHING - 1)


@compiled
def _reserve(jobs: Jobs, state: Conservative, job: int, now: int) -> None:
    """Give a job the earliest start at which it delays no reservation there is."""
    duration = planned_end(jobs, job, 0)
    start = earliest(state.timeline, now, duration, jobs.units[job])
    change(state.timeline, start, start + duration, -jobs.units[job])
    state.reserved[job] = start
    put(state.queue, job, start)
