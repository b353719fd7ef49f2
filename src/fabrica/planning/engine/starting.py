"""Who starts: in what is reserved for some, then heads of the queue, then who does not delay the head's reservation."""

from typing import Any

from fabrica.planning.engine.attempts import start
from fabrica.planning.engine.cluster import OPEN, most_units
from fabrica.planning.engine.compiling import compiled, compiled_apart, compiled_within, int64
from fabrica.planning.engine.preemption import make_room
from fabrica.planning.engine.running import when_free
from fabrica.planning.engine.shares import IN_ORDER, put_in_order
from fabrica.planning.engine.site_rules import NEVER
from fabrica.planning.engine.site_state import Site
from fabrica.planning.engine.table import NOBODY, WAITING
from fabrica.planning.engine.waiting import first_passing, passes
from fabrica.planning.engine.windows import (
    earliest_between_windows,
    gate_of_windows,
    may_use,
    next_change,
    windows_allow,
)

SEVERAL = -2


@compiled_apart
def start_waiting(site: Site, asked: int, freed: bool, now: int) -> None:
    """Start who can. `asked`: who arrived, SEVERAL or NOBODY. `freed`: anything ended, broke or was taken out.

    Where nothing was freed, whoever was refused is refused again, so an arrival is asked alone.
    """
    state, shares = site.state[0], site.shares
    put_in_order(shares)
    if state.is_closed:
        return
    if state.reserved and (state.reserved_due or asked != NOBODY):
        _start_reserved(site, asked, now)
    if shares.counts[IN_ORDER] == 0:
        state.reserved_for = NOBODY
        return
    head = shares.lines[shares.order[0]].first
    if freed or asked == SEVERAL or head != state.reserved_for:
        _start_all(site, now, freed)
    elif asked != NOBODY and site.jobs[asked].state == WAITING and _may_pass(site, asked, now):
        start(site, OPEN, asked, now)
    put_in_order(shares)


@compiled_within
def _start_reserved(site: Site, asked: int, now: int) -> None:
    """Start who may run in an open reservation, in the order of the queue; the first reservation to begin comes first.

    Where none has more room than before, whoever was refused is refused again, so an arrival is asked alone.
    """
    state = site.state[0]
    is_due = state.reserved_due or asked == SEVERAL
    for number in range(state.opened):
        window = site.windows[number]
        if window.users == NOBODY or window.end <= now:
            continue
        if is_due:
            _ask_all(site, number, now)
            put_in_order(site.shares)
        elif _may_start_inside(site, number, site.jobs[asked], now):
            start(site, window.pool, asked, now)
    put_in_order(site.shares)
    state.reserved_due = 0


@compiled_within
def _may_start_inside(site: Site, number: int, one: Any, now: int) -> bool:
    """Return whether a job that waits may start in a reservation, and fits."""
    may_run = one.state == WAITING and may_use(site, number, one.account)
    return bool(may_run and passes(int64(one.units), one.planned, _gate(site, number, now)))


@compiled_within
def _start_all(site: Site, now: int, renew: bool) -> None:
    state, shares, jobs = site.state[0], site.shares, site.jobs
    head = NOBODY
    while shares.counts[IN_ORDER]:
        head = shares.lines[shares.order[0]].first
        if not _fits(site, head, now):
            break
        start(site, OPEN, head, now)
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
    _ask_all(site, int64(NOBODY), now)


@compiled_within
def _ask_all(site: Site, number: int, now: int) -> None:
    """Start who can pass the head, in the order of the queue; or in a window, who may run in it."""
    shares, jobs, gate = site.shares, site.jobs, _gate(site, number, now)
    pool = OPEN if number == NOBODY else site.windows[number].pool
    for place in range(shares.counts[IN_ORDER]):
        line, job = shares.lines[shares.order[place]], int64(0)
        while line.root != NOBODY and passes(line.least_units, line.least_planned, gate):
            job = first_passing(jobs, line.root, job, gate)
            if job == NOBODY:
                break
            if _may_start(site, number, job, now):
                start(site, pool, job, now)
                gate = _gate(site, number, now)
            elif shares.is_fair and number != NOBODY:
                break  # all of the line are of an account that may not
            job += 1


@compiled
def _may_start(site: Site, number: int, job: int, now: int) -> bool:
    """Return whether no window is in the way of a job; or whether it may run in a window."""
    one = site.jobs[job]
    if number == NOBODY:
        return windows_allow(site, one.units, now, now + one.planned)
    return may_use(site, number, one.account)


@compiled
def _fits(site: Site, job: int, now: int) -> bool:
    """Return whether a job can be placed now, and no window is in its way."""
    one = site.jobs[job]
    if one.units > most_units(site.cluster, OPEN):
        return False
    return windows_allow(site, one.units, now, now + one.planned)


@compiled
def _gate(site: Site, number: int, now: int) -> tuple[int, int, int, int, int]:
    """Return what a job may ask for, to pass the head and the next window; or to run in a window."""
    if number != NOBODY:
        window, never = site.windows[number], int64(NEVER)
        return most_units(site.cluster, window.pool), window.end - now, int64(0), never, never
    seconds, room = gate_of_windows(site, now)
    return most_units(site.cluster, OPEN), site.state[0].at - now, site.state[0].spare, seconds, room


@compiled_within
def _may_pass(site: Site, job: int, now: int) -> bool:
    """Return whether a job may start before the head."""
    one, state = site.jobs[job], site.state[0]
    if now + one.planned > state.at and one.units > state.spare:
        return False
    return _fits(site, job, now)


@compiled_within
def _reserve(site: Site, head: int, now: int) -> None:
    """Reserve anew for the head, which cannot start now."""
    one, state, free = site.jobs[head], site.state[0], site.cluster.free[OPEN]
    if head != state.reserved_for:
        state.for_block = 0
    may_start = windows_allow(site, one.units, now, now + one.planned)
    if may_start and free >= one.units and one.units > most_units(site.cluster, OPEN):
        state.for_block = 1
    if (state.for_block and may_start) or state.owed:
        at, spare = next_change(site), 0
    elif state.boundary == NEVER:
        at, then_free = when_free(site.running, free, one.units)
        spare = then_free - one.units
    else:
        at, spare = earliest_between_windows(site, one.units, one.planned, now)
    state.at, state.spare, state.reserved_for = at, spare, head
