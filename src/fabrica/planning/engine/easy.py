"""EASY backfilling: jobs may pass the head of the queue as long as they do not delay its reserved start."""

from typing import Any, NamedTuple

from fabrica.planning.engine.cluster import OPEN, Cluster, give_back, most_units, place
from fabrica.planning.engine.compiling import compiled
from fabrica.planning.engine.ends import Ends, pop_end, push_end
from fabrica.planning.engine.jobs import Jobs
from fabrica.planning.engine.plan import planned_end
from fabrica.planning.engine.queue import NOTHING, Tree, next_at_most, next_passing, put
from fabrica.planning.engine.running import Running, expect, first_expected, take_back, when_free

NOBODY = -1


class Easy(NamedTuple):
    """All that the loop keeps. Invariant between two instants: nobody queues, or the head does not fit.

    `queue_units`, `queue_seconds`: what each queued job asks for, and how long it is planned to run.
    `reservation`: shape (3,), of the head of the queue: see below.
    """

    cluster: Cluster
    ends: Ends
    queue_units: Tree
    queue_seconds: Tree
    running: Running
    reservation: Any


AT = 0
"""When enough units are expected to be free for the head."""
SPARE = 1
"""How many more are free then: what jobs may use that end later."""
FOR_BLOCK = 2
"""1 when enough units are free but not as whole nodes. Then only what ends before the next expected end may pass."""


@compiled
def easy(jobs: Jobs, state: Easy, progress: Any) -> None:
    """Fill `jobs.start`. `progress`: shape (1,), how many jobs have arrived so far."""
    ends = state.ends
    count, arrived, head = len(jobs.submit), 0, NOBODY
    while arrived < count or ends.count[0]:
        if ends.count[0] and (arrived == count or ends.time[0] <= jobs.submit[arrived]):
            now = ends.time[0]
        else:
            now = jobs.submit[arrived]

        ended, early = False, False
        while ends.count[0] and ends.time[0] == now:
            early = _end_next(jobs, state, now) or early
            ended = True
        if ended and head != NOBODY:  # without an end, whoever was refused is refused again
            head = _start_queued(jobs, state, head, now, early)
        while arrived < count and jobs.submit[arrived] == now:
            if _may_start(jobs, state, head, arrived, now):
                _start(jobs, state, arrived, now)
            else:
                put(state.queue_units, arrived, jobs.units[arrived])
                put(state.queue_seconds, arrived, planned_end(jobs, arrived, 0))
                if head == NOBODY:
                    head = arrived
                    _reserve(jobs, state, head, True)
            arrived += 1
        progress[0] = arrived


@compiled
def _end_next(jobs: Jobs, state: Easy, now: int) -> bool:
    """End the next job, and return whether that was before it was expected."""
    job = pop_end(state.ends)
    expected = planned_end(jobs, job, jobs.start[job])
    give_back(state.cluster, OPEN, job, jobs.units[job])
    take_back(state.running, expected, jobs.units[job])
    return bool(now < expected)


@compiled
def _start_queued(jobs: Jobs, state: Easy, head: int, now: int, early: bool) -> int:
    """Start who can start of those that queue, in their order, and return the new head or NOBODY.

    `early`: a job ended before it was expected. Otherwise the reservation of the same head is kept: an end at its
    expected time does not change it, and who passed ends in time or uses what is spare.
    """
    first = head
    while head != NOBODY and jobs.units[head] <= most_units(state.cluster, OPEN):
        _leave_queue(state, head)
        _start(jobs, state, head, now)
        head = next_at_most(state.queue_units, head + 1, NOTHING - 1)
    if head == NOBODY:
        return NOBODY
    if early or head != first or state.cluster.free[0] >= jobs.units[head] or state.reservation[FOR_BLOCK]:
        _reserve(jobs, state, head, head != first)
    job = head + 1
    while True:
        window, spare = state.reservation[AT] - now, state.reservation[SPARE]
        most = most_units(state.cluster, OPEN)
        job = next_passing(state.queue_units, state.queue_seconds, job, most, window, spare)
        if job == NOBODY:
            return head
        if planned_end(jobs, job, now) > state.reservation[AT]:
            state.reservation[SPARE] -= jobs.units[job]
        _leave_queue(state, job)
        _start(jobs, state, job, now)


@compiled
def _may_start(jobs: Jobs, state: Easy, head: int, job: int, now: int) -> bool:
    """Return whether a job that arrives fits and delays nobody; if it uses what is spare, it is spare no more."""
    units = jobs.units[job]
    if units > most_units(state.cluster, OPEN):
        return False
    if head == NOBODY or planned_end(jobs, job, now) <= state.reservation[AT]:
        return True
    if units > state.reservation[SPARE]:
        return False
    state.reservation[SPARE] -= units
    return True


@compiled
def _reserve(jobs: Jobs, state: Easy, head: int, is_new: bool) -> None:
    """Reserve anew for the head, which does not fit now."""
    reservation, free, units = state.reservation, state.cluster.free[0], jobs.units[head]
    if is_new:
        reservation[FOR_BLOCK] = 0
    if free >= units:
        reservation[FOR_BLOCK] = 1
    if reservation[FOR_BLOCK]:
        reservation[AT], reservation[SPARE] = first_expected(state.running), 0
    else:
        reservation[AT], then_free = when_free(state.running, free, units)
        reservation[SPARE] = then_free - units


@compiled
def _start(jobs: Jobs, state: Easy, job: int, now: int) -> None:
    place(state.cluster, OPEN, job, jobs.units[job])
    jobs.start[job] = now
    push_end(state.ends, now + jobs.runtime[job], job)
    expect(state.running, planned_end(jobs, job, now), jobs.units[job])


@compiled
def _leave_queue(state: Easy, job: int) -> None:
    put(state.queue_units, job, NOTHING)
    put(state.queue_seconds, job, NOTHING)
