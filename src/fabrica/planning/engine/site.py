"""One site as a machine that is advanced from instant to instant, so that several of them run beside each other.

    jobs = job_table(submit, runtime, units, limit, account, level)   # one table for all sites, see table.py
    sites = tuple(new_site(SiteRules(capacity=10_000, node_devices=8), jobs) for ...)
    for job in ...:                          # in compiled code, or from Python
        for site in sites:
            advance(site, jobs[job].submit)  # all that happens before that instant, and nothing at it
        offer(sites[chosen], job, jobs[job].submit)
    advance(site, NEVER)                     # all that is left

`advance` and `offer` can be called from compiled functions; sites of one kind are of one type, so a tuple of them can
be indexed there. Between two calls `site.state[0]` (see STATE) and `site.cluster.free[0]` tell how the site stands just
before the instant: who asks a site at an instant sees what was before it. A job is at one site only, and is offered in
the order of time; its records `start` and `end` are filled when it starts and ends.
The rules by which jobs start are in docs/explanation/twin.md; plain_site.py is their reference in plain Python.
"""

from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.cluster import Cluster, empty_cluster, give_back, most_units, place
from fabrica.planning.engine.compiling import compiled, compiled_apart
from fabrica.planning.engine.ends import Ends, no_ends, pop_end, push_end
from fabrica.planning.engine.running import Running, expect, first_expected, nothing_running, take_back, when_free
from fabrica.planning.engine.shares import IN_ORDER, Shares, charge, is_due, line_of, no_usage, put_in_order
from fabrica.planning.engine.table import DONE, NOBODY, RUNNING, WAITING
from fabrica.planning.engine.waiting import first_of, first_passing, insert, remove

NEVER = numpy.iinfo(numpy.int64).max
SEVERAL = -2

STATE = numpy.dtype(
    [
        ("now", "i8"),  # the last instant at which anything happened
        ("offered_first", "i8"),  # the jobs that are offered and have not arrived, linked by their `next`
        ("offered_last", "i8"),
        ("waiting", "i8"),  # jobs
        ("waiting_device_seconds", "i8"),  # that they are planned with
        ("running", "i8"),  # jobs
        ("busy", "i8"),  # units
        ("done", "i8"),  # jobs
        ("reserved_for", "i8"),  # the head of the queue, or NOBODY
        ("at", "i8"),  # when the head is expected to start
        ("spare", "i8"),  # units that are free then beyond what it needs
        ("for_block", "i8"),  # 1 when there are enough units for it, but not as whole nodes
        ("busy_device_seconds", "i8"),  # of attempts that ended
    ],
    align=True,
)


class SiteRules(NamedTuple):
    """What a site is, and how it decides. `half_life_seconds`: 0 where usage never fades."""

    capacity: int
    node_devices: int = 0
    accounts: int = 1
    levels: int = 1
    is_fair: bool = False
    half_life_seconds: int = 0


class Site(NamedTuple):
    """All that a site keeps. `state`: one record. `jobs`: the table of all sites."""

    rules: SiteRules
    state: Any
    jobs: Any
    shares: Shares
    cluster: Cluster
    ends: Ends
    running: Running


def new_site(rules: SiteRules, jobs: Any) -> Site:
    """Return a site on which nothing runs."""
    state = numpy.zeros(1, STATE)
    for name in ("offered_first", "offered_last", "reserved_for"):
        state[name] = NOBODY
    running_max = min(len(jobs), rules.capacity)  # each job holds a unit at least
    return Site(
        rules=rules,
        state=state,
        jobs=jobs,
        shares=no_usage(rules.accounts, rules.levels, rules.half_life_seconds, rules.is_fair),
        cluster=empty_cluster(rules.capacity, rules.node_devices, len(jobs)),
        ends=no_ends(running_max),
        running=nothing_running(running_max),
    )


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
def advance(site: Site, until: int) -> None:
    """Let all happen that happens before an instant."""
    state = site.state[0]
    now = _next_instant(site)
    while now < until:
        state.now = now
        freed = False
        while site.ends.count[0] and site.ends.time[0] == now:
            _end_next(site, now)
            freed = True
        asked = _join_all(site, now)
        put_in_order(site.shares)
        if site.shares.counts[IN_ORDER]:
            head = first_of(site.jobs, site.shares.lines[site.shares.order[0]].root)
            if freed or asked == SEVERAL or head != state.reserved_for:
                _start_waiting(site, now, freed)
            elif asked != NOBODY and _may_pass(site, asked, now):
                _start(site, asked, now)
            put_in_order(site.shares)
        now = _next_instant(site)


@compiled
def _next_instant(site: Site) -> int:
    now, first = NEVER, site.state[0].offered_first
    if first != NOBODY:
        now = site.jobs[first].arrives
    if site.ends.count[0]:
        now = min(now, site.ends.time[0])
    return now


@compiled_apart
def _end_next(site: Site, now: int) -> None:
    """End the attempt that ends next."""
    job = pop_end(site.ends)
    _give_up_devices(site, job, now)
    one, state = site.jobs[job], site.state[0]
    one.end, one.left, one.state = now, 0, DONE
    state.done += 1


@compiled
def _give_up_devices(site: Site, job: int, now: int) -> None:
    """Free what a job holds, and charge what it held instead of what it was planned with."""
    one, state = site.jobs[job], site.state[0]
    give_back(site.cluster, job, one.units)
    take_back(site.running, one.began + one.planned, one.units)
    state.running -= 1
    state.busy -= one.units
    state.busy_device_seconds += one.units * (now - one.began)
    charge(site.shares, one.account, one.units * (now - one.began - one.planned), one.began)


@compiled
def _join_all(site: Site, now: int) -> int:
    """Put all that arrive now into their lines; return the job if there is one, NOBODY or SEVERAL."""
    state, asked = site.state[0], NOBODY
    while state.offered_first != NOBODY and site.jobs[state.offered_first].arrives == now:
        job = state.offered_first
        state.offered_first = site.jobs[job].next
        _join(site, job)
        asked = job if asked == NOBODY else SEVERAL
    return int(asked)


@compiled_apart
def _join(site: Site, job: int) -> None:
    """Put a job into its line."""
    one, state = site.jobs[job], site.state[0]
    line = line_of(site.shares, one.account, one.level)
    root = site.shares.lines[line].root
    if root == NOBODY:
        is_due(site.shares, line)
    site.shares.lines[line].root = insert(site.jobs, root, job)
    one.state = WAITING
    state.waiting += 1
    state.waiting_device_seconds += one.units * one.planned


@compiled_apart
def _start_waiting(site: Site, now: int, renew: bool) -> None:
    """Start who can start: heads as long as they fit, then who may pass the head, in the order of the lines."""
    state, shares, jobs = site.state[0], site.shares, site.jobs
    head = NOBODY
    while shares.counts[IN_ORDER]:
        head = first_of(jobs, shares.lines[shares.order[0]].root)
        if jobs[head].units > most_units(site.cluster):
            break
        _start(site, head, now)
        put_in_order(shares)
        head = NOBODY
    if head == NOBODY:
        state.reserved_for = NOBODY
        return
    if renew or head != state.reserved_for:
        _reserve(site, head)
    for place_in_order in range(shares.counts[IN_ORDER]):
        line = shares.order[place_in_order]
        job = first_passing(jobs, shares.lines[line].root, 0, _gate(site, now))
        while job != NOBODY:
            _start(site, job, now)
            job = first_passing(jobs, shares.lines[line].root, job + 1, _gate(site, now))


@compiled
def _gate(site: Site, now: int) -> tuple[int, int, int, int, int]:
    """Return what a job may ask for, to pass the head."""
    state = site.state[0]
    return most_units(site.cluster), state.at - now, state.spare, NEVER, NEVER


@compiled
def _may_pass(site: Site, job: int, now: int) -> bool:
    """Return whether a job may start before the head."""
    one, state = site.jobs[job], site.state[0]
    if one.units > most_units(site.cluster):
        return False
    return bool(now + one.planned <= state.at or one.units <= state.spare)


@compiled_apart
def _reserve(site: Site, head: int) -> None:
    """Reserve anew for the head, which does not fit now."""
    state, free, units = site.state[0], site.cluster.free[0], site.jobs[head].units
    if head != state.reserved_for:
        state.for_block = 0
    if free >= units:
        state.for_block = 1
    if state.for_block:
        state.at, state.spare = first_expected(site.running), 0
    else:
        at, then_free = when_free(site.running, free, units)
        state.at, state.spare = at, then_free - units
    state.reserved_for = head


@compiled_apart
def _start(site: Site, job: int, now: int) -> None:
    """Start a job of a line; if it passes the head and is planned to end later, it uses what is spare."""
    one, state, shares = site.jobs[job], site.state[0], site.shares
    line = line_of(shares, one.account, one.level)
    shares.lines[line].root = remove(site.jobs, shares.lines[line].root, job)
    is_due(shares, line)
    state.waiting -= 1
    state.waiting_device_seconds -= one.units * one.planned
    if now + one.planned > state.at:
        state.spare -= one.units
    place(site.cluster, job, one.units)
    push_end(site.ends, now + one.restart + one.left, job)
    expect(site.running, now + one.planned, one.units)
    one.began, one.state = now, RUNNING
    one.attempts += 1
    if one.start == NOBODY:
        one.start = now
    state.running += 1
    state.busy += one.units
    charge(shares, one.account, one.units * one.planned, now)
