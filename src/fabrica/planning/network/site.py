"""One partition under EASY backfilling, advanced by arrivals from outside; the rules are those of the engine's `easy`.

The engine's loop is given all jobs of a cluster beforehand. Here the broker sends them one by one, so a queue holds
places instead of jobs of a trace, and places are used again.
"""

from fabrica.planning.engine.ends import pop_end, push_end
from fabrica.planning.engine.jobs import Jobs
from fabrica.planning.engine.plan import planned_end
from fabrica.planning.engine.queue import NOTHING, next_at_most, next_passing, put
from fabrica.planning.engine.running import expect, first_expected, take_back, when_free
from fabrica.planning.network.compiling import compiled, inlined
from fabrica.planning.network.fleet import AT, CLOSED, FOR_BLOCK, HEAD, NOBODY, SPARE, TAIL, Site
from fabrica.planning.network.nodes import give_back, most_units, place
from fabrica.planning.network.waits import POOL, note_wait, size_class, step_of, tell

SCANNED = 1_000
"""Of those that queue, so many of the oldest are asked how long they have waited by now."""


@compiled
def advance(jobs: Jobs, site: Site, until: int) -> None:
    """End all that ends by `until`, and start who may at each of these instants."""
    ends, state = site.ends, site.state
    while ends.count[0] and ends.time[0] <= until:
        now = ends.time[0]
        early = False
        while ends.count[0] and ends.time[0] == now:
            early = _end_next(jobs, site, now) or early
        if state[HEAD] != NOBODY and not state[CLOSED]:
            _start_queued(jobs, site, now, early)


@compiled
def arrive(jobs: Jobs, site: Site, job: int, now: int) -> bool:
    """Start a job that arrives, or queue it; return False where the queue has no place. The site is advanced to now."""
    if _may_start(jobs, site, job, now):
        _start(jobs, site, job, now)
        return True
    state = site.state
    if state[TAIL] == len(site.queue):
        _close_ranks(site)
        if state[TAIL] == len(site.queue):
            return False
    slot = state[TAIL]
    state[TAIL] += 1
    site.queue[slot] = job
    put(site.queue_units, slot, jobs.units[job])
    put(site.queue_seconds, slot, planned_end(jobs, job, 0))
    if state[HEAD] == NOBODY:
        state[HEAD] = slot
        if not state[CLOSED]:
            _reserve(jobs, site, True)
    return True


@inlined
def close(site: Site) -> None:
    """Let no job start any more; what runs goes on."""
    site.state[CLOSED] = 1


@inlined
def reopen(jobs: Jobs, site: Site, now: int) -> None:
    """Let jobs start again."""
    site.state[CLOSED] = 0
    if site.state[HEAD] != NOBODY:
        _start_queued(jobs, site, now, True)


@inlined
def take_first(site: Site) -> int:
    """Take the head out of a closed site's queue, and return its job, or -1 when nobody queues."""
    slot = site.state[HEAD]
    if slot == NOBODY:
        return NOBODY
    _leave_queue(site, slot)
    site.state[HEAD] = next_at_most(site.queue_units, slot + 1, NOTHING - 1)
    return int(site.queue[slot])


@compiled
def tell_waits(jobs: Jobs, site: Site, now: int) -> None:
    """Renew what the site tells. A job that queues for longer than the q90 of its class counts as such a wait."""
    waits, slot = site.waits, site.state[HEAD]
    for _ in range(SCANNED):
        if slot == NOBODY:
            break
        job = site.queue[slot]
        waited = now - jobs.submit[job]
        for one in (size_class(jobs.units[job]), POOL):
            if waits.kept[one] and waited > waits.told[one, 1]:
                waits.queued[one, step_of(waited)] += 1
        slot = next_at_most(site.queue_units, slot + 1, NOTHING - 1)
    tell(waits, now, site.state[HEAD] == NOBODY)


@inlined
def _end_next(jobs: Jobs, site: Site, now: int) -> bool:
    """End the next job, and return whether that was before it was expected."""
    job = pop_end(site.ends)
    expected = planned_end(jobs, job, jobs.start[job])
    give_back(site.nodes, job, jobs.units[job])
    take_back(site.running, expected, jobs.units[job])
    return bool(now < expected)


@compiled
def _start_queued(jobs: Jobs, site: Site, now: int, early: bool) -> None:
    """Start who can start of those that queue, in their order. `early`: a job ended before it was expected."""
    state, queue = site.state, site.queue
    first = state[HEAD]
    head = first
    while head != NOBODY and jobs.units[queue[head]] <= most_units(site.nodes):
        _leave_queue(site, head)
        _start(jobs, site, queue[head], now)
        head = next_at_most(site.queue_units, head + 1, NOTHING - 1)
    state[HEAD] = head
    if head == NOBODY:
        state[TAIL] = 0
        return
    if early or head != first or site.nodes.free[0] >= jobs.units[queue[head]] or state[FOR_BLOCK]:
        _reserve(jobs, site, head != first)
    slot = head + 1
    while True:
        most = most_units(site.nodes)
        slot = next_passing(site.queue_units, site.queue_seconds, slot, most, state[AT] - now, state[SPARE])
        if slot == NOBODY:
            return
        job = queue[slot]
        if planned_end(jobs, job, now) > state[AT]:
            state[SPARE] -= jobs.units[job]
        _leave_queue(site, slot)
        _start(jobs, site, job, now)


@inlined
def _may_start(jobs: Jobs, site: Site, job: int, now: int) -> bool:
    """Return whether a job that arrives fits and delays nobody; if it uses what is spare, it is spare no more."""
    units, state = jobs.units[job], site.state
    if state[CLOSED] or units > most_units(site.nodes):
        return False
    if state[HEAD] == NOBODY or planned_end(jobs, job, now) <= state[AT]:
        return True
    if units > state[SPARE]:
        return False
    state[SPARE] -= units
    return True


@compiled
def _reserve(jobs: Jobs, site: Site, is_new: bool) -> None:
    """Reserve anew for the head, which does not fit now."""
    state, free = site.state, site.nodes.free[0]
    units = jobs.units[site.queue[state[HEAD]]]
    if is_new:
        state[FOR_BLOCK] = 0
    if free >= units:
        state[FOR_BLOCK] = 1
    if state[FOR_BLOCK]:
        state[AT], state[SPARE] = first_expected(site.running), 0
    else:
        state[AT], then_free = when_free(site.running, free, units)
        state[SPARE] = then_free - units


@compiled
def _start(jobs: Jobs, site: Site, job: int, now: int) -> None:
    place(site.nodes, job, jobs.units[job])
    jobs.start[job] = now
    note_wait(site.waits, jobs.units[job], now - jobs.submit[job], now)
    push_end(site.ends, now + jobs.runtime[job], job)
    expect(site.running, planned_end(jobs, job, now), jobs.units[job])


@inlined
def _leave_queue(site: Site, slot: int) -> None:
    put(site.queue_units, slot, NOTHING)
    put(site.queue_seconds, slot, NOTHING)


@inlined
def _close_ranks(site: Site) -> None:
    """Move who queues to the first places, in their order, so that places at the end are free again."""
    state, queue, to = site.state, site.queue, 0
    slot = state[HEAD]
    state[HEAD] = NOBODY if slot == NOBODY else 0
    while slot != NOBODY:
        if slot != to:
            units, seconds = site.queue_units[len(queue) + slot], site.queue_seconds[len(queue) + slot]
            _leave_queue(site, slot)
            queue[to] = queue[slot]
            put(site.queue_units, to, units)
            put(site.queue_seconds, to, seconds)
        to += 1
        slot = next_at_most(site.queue_units, slot + 1, NOTHING - 1)
    state[TAIL] = to
