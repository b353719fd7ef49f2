"""Who starts: heads of the queue as long as they fit, then who does not delay the head's reservation."""

from fabrica.planning.engine.attempts import start
from fabrica.planning.engine.cluster import most_units
from fabrica.planning.engine.compiling import compiled, compiled_apart, int64
from fabrica.planning.engine.preemption import make_room
from fabrica.planning.engine.running import when_free
from fabrica.planning.engine.shares import IN_ORDER, put_in_order
from fabrica.planning.engine.site_rules import NEVER
from fabrica.planning.engine.site_state import Site
from fabrica.planning.engine.table import NOBODY
from fabrica.planning.engine.waiting import first_passing, passes
from fabrica.planning.engine.windows import earliest_between_windows, gate_of_windows, next_change, windows_allow

SEVERAL = -2


@compiled_apart
def start_waiting(site: Site, asked: int, freed: bool, now: int) -> None:
    """Start who can. `asked`: who arrived, SEVERAL or NOBODY. `freed`: anything ended, broke or was taken out.

    Where nothing was freed, whoever was refused is refused again, so an arrival is asked alone.
    """
    state, shares = site.state[0], site.shares
    put_in_order(shares)
    if shares.counts[IN_ORDER] == 0 or state.is_closed:
        return
    head = shares.lines[shares.order[0]].first
    if freed or asked == SEVERAL or head != state.reserved_for:
        _start_all(site, now, freed)
    elif asked != NOBODY and _may_pass(site, asked, now):
        start(site, asked, now)
    put_in_order(shares)


@compiled
def _start_all(site: Site, now: int, renew: bool) -> None:
    state, shares, jobs = site.state[0], site.shares, site.jobs
    head = NOBODY
    while shares.counts[IN_ORDER]:
        head = shares.lines[shares.order[0]].first
        if not _fits(site, head, now):
            break
        start(site, head, now)
        put_in_order(shares)
        head, renew = NOBODY, True
    if head == NOBODY:
        state.reserved_for = NOBODY
        return
    if renew or head != state.reserved_for:
        if site.rules.preempts and jobs[head].level > 0:
            make_room(site, head, now)
            put_in_order(shares)
        _reserve(site, head, now)
    gate = _gate(site, now)
    for place in range(shares.counts[IN_ORDER]):
        line, job = shares.lines[shares.order[place]], int64(0)
        while line.root != NOBODY and passes(line.least_units, line.least_planned, gate):
            job = first_passing(jobs, line.root, job, gate)
            if job == NOBODY:
                break
            if windows_allow(site, jobs[job].units, now, now + jobs[job].planned):
                start(site, job, now)
                gate = _gate(site, now)
            job += 1


@compiled
def _fits(site: Site, job: int, now: int) -> bool:
    """Return whether a job can be placed now, and no window is in its way."""
    one = site.jobs[job]
    if one.units > most_units(site.cluster):
        return False
    return windows_allow(site, one.units, now, now + one.planned)


@compiled
def _gate(site: Site, now: int) -> tuple[int, int, int, int, int]:
    """Return what a job may ask for, to pass the head and the next window."""
    seconds, room = gate_of_windows(site, now)
    return most_units(site.cluster), site.state[0].at - now, site.state[0].spare, seconds, room


@compiled
def _may_pass(site: Site, job: int, now: int) -> bool:
    """Return whether a job may start before the head."""
    one, state = site.jobs[job], site.state[0]
    if now + one.planned > state.at and one.units > state.spare:
        return False
    return _fits(site, job, now)


@compiled
def _reserve(site: Site, head: int, now: int) -> None:
    """Reserve anew for the head, which cannot start now."""
    one, state, free = site.jobs[head], site.state[0], site.cluster.free[0]
    if head != state.reserved_for:
        state.for_block = 0
    if free >= one.units and one.units > most_units(site.cluster):
        state.for_block = 1
    if state.for_block or state.owed:
        at, spare = next_change(site), 0
    elif state.boundary == NEVER:
        at, then_free = when_free(site.running, free, one.units)
        spare = then_free - one.units
    else:
        at, spare = earliest_between_windows(site, one.units, one.planned, now)
    state.at, state.spare, state.reserved_for = at, spare, head
