"""One site as a machine that is advanced from instant to instant, so that several of them run beside each other.

    jobs = job_table(submit, runtime, units, limit, account, level)   # one table for all sites, see table.py
    sites = tuple(new_site(SiteRules(capacity=10_000, node_devices=8), jobs) for ...)
    for job in ...:                          # in compiled code, or from Python
        for site in sites:
            advance(site, jobs[job].submit)  # all that happens before that instant, and nothing at it
        offer(sites[chosen], job, jobs[job].submit)
    advance(site, NEVER)                     # all that is left

`advance` and `offer` can be called from compiled functions, fastest from those made with `compiling.compiled_apart`;
sites of one kind are of one type, so a tuple of them can be indexed there. Between two calls `site.state[0]` (see
STATE) and `site.cluster.free[0]` tell how the site stands just before the instant: who asks a site at an instant sees
what was before it. A job is at one site only, and is offered in the order of time; its records `start` and `end` are
filled when it starts and ends.
The rules by which jobs start are in docs/explanation/twin.md; plain_site.py is their reference in plain Python.
"""

from fabrica.planning.engine.aging import grow_old
from fabrica.planning.engine.attempts import give_up_devices, join, leave, lose
from fabrica.planning.engine.compiling import compiled, compiled_apart, compiled_within
from fabrica.planning.engine.ends import pop_end
from fabrica.planning.engine.grants import hold_grant, release_grant, settle_grant
from fabrica.planning.engine.preemption import wait_again
from fabrica.planning.engine.shares import IN_ORDER, put_in_order
from fabrica.planning.engine.site_rules import NEVER, SiteRules
from fabrica.planning.engine.site_state import STATE, Site, new_site
from fabrica.planning.engine.starting import SEVERAL, start_waiting
from fabrica.planning.engine.stops import end_repairs, may_stop, stop_all
from fabrica.planning.engine.table import COMING, DONE, NOBODY, RUNNING
from fabrica.planning.engine.waiting import next_of
from fabrica.planning.engine.windows import take_owed, turn_windows

__all__ = [
    "NEVER",
    "STATE",
    "Site",
    "SiteRules",
    "advance",
    "close",
    "new_site",
    "offer",
    "offer_all",
    "reopen",
    "take_started",
    "withdraw",
]


@compiled
def offer(site: Site, job: int, at: int) -> None:
    """Let a job arrive at an instant; not before the last one offered, nor before the site was advanced to."""
    state, jobs = site.state[0], site.jobs
    jobs[job].arrives, jobs[job].next = at, NOBODY
    if state.offered_first == NOBODY:
        state.offered_first = job
    else:
        jobs[state.offered_last].next = job
    state.offered_last = job


@compiled_apart
def offer_all(site: Site, count: int) -> None:
    """Let the first jobs of the table arrive when they are submitted."""
    for job in range(count):
        offer(site, job, site.jobs[job].submit)


@compiled
def take_started(site: Site) -> int:
    """Return the job that started next for the first time and has not been taken; or NOBODY."""
    state = site.state[0]
    job = state.started_first
    if job != NOBODY:
        state.started_first = site.jobs[job].next_started
    return int(job)


@compiled
def close(site: Site) -> None:
    """Let no job start from the instant on to which the site was advanced; what runs goes on."""
    site.state[0].is_closed, site.state[0].reserved_for = 1, NOBODY


@compiled
def reopen(site: Site, at: int) -> None:
    """Let jobs start again from an instant on; the site was advanced to it."""
    site.state[0].opens = at


@compiled_apart
def withdraw(site: Site) -> int:
    """Take the first job out of a closed site that waits and has not begun, and return it; or NOBODY.

    Who has begun stays, for the work is saved there.
    """
    shares = site.shares
    put_in_order(shares)
    for place in range(shares.counts[IN_ORDER]):
        job = shares.lines[shares.order[place]].first
        while job != NOBODY and site.jobs[job].start != NOBODY:
            job = next_of(site.jobs, job)
        if job != NOBODY:
            leave(site, job)
            release_grant(site, job)
            site.jobs[job].state = COMING
            return int(job)
    return NOBODY


@compiled_apart
def advance(site: Site, until: int) -> int:
    """Let all happen that happens before an instant, and return when something happens next.

    Order at one instant: ends, repairs, ends and starts of windows, stops, the opening of a closed site, arrivals, who
    gets older, starts.
    """
    state = site.state[0]
    now = _next_instant(site)
    while now < until:
        state.now = now
        freed = False
        while site.ends.count[0] and site.ends.time[0] == now:
            _end_next(site, now)
            freed = True
        if site.repairs.count[0] and site.repairs.time[0] == now:
            end_repairs(site, now)
            freed = True
        if state.boundary == now:
            turn_windows(site, now)
            freed = True
        if state.owed:
            take_owed(site)
        if may_stop(site, now) and stop_all(site, now):
            freed = True
            if state.owed:
                take_owed(site)
        if state.opens == now:
            state.is_closed, state.opens, freed, state.reserved_due = 0, NEVER, True, 1
        asked = _join_all(site, now)
        if state.ages_at <= now:
            grow_old(site, now)
        start_waiting(site, asked, freed, now)
        now = _next_instant(site)
    return int(now)


@compiled
def _next_instant(site: Site) -> int:
    state, now = site.state[0], NEVER
    if state.offered_first != NOBODY:
        now = site.jobs[state.offered_first].arrives
    if site.ends.count[0]:
        now = min(now, site.ends.time[0])
    if site.repairs.count[0]:
        now = min(now, site.repairs.time[0])
    now = min(now, state.opens)
    if now == NEVER and state.waiting == 0:
        return NEVER  # what windows and stops do now, nobody sees
    now = min(now, state.boundary)
    if state.waiting and state.ages_at < now:
        grow_old(site, state.now)  # nobody does now, but an instant at which nobody does is none
        now = min(now, state.ages_at)
    if site.rules.device_seconds_per_stop and state.busy:
        now = min(now, int(state.stop_clock))
    return int(now)


@compiled_within
def _end_next(site: Site, now: int) -> None:
    """End the attempt that ends next: its job is done, or has saved."""
    job = pop_end(site.ends)
    give_up_devices(site, job, now)
    one, state = site.jobs[job], site.state[0]
    if one.state == RUNNING:
        one.end, one.left, one.state = now, 0, DONE
        state.done += 1
        settle_grant(site, job)
        lose(site, job, one.units * one.restart)
    else:
        wait_again(site, job)
        join(site, job)


@compiled_within
def _join_all(site: Site, now: int) -> int:
    """Put all that arrive now into their lines; return the job if there is one, NOBODY or SEVERAL."""
    state, asked = site.state[0], NOBODY
    while state.offered_first != NOBODY and site.jobs[state.offered_first].arrives == now:
        job = state.offered_first
        state.offered_first = site.jobs[job].next
        if hold_grant(site, job):
            join(site, job)
            asked = job if asked == NOBODY else SEVERAL
    return int(asked)
