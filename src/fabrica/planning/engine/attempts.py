"""An attempt of a job: it takes its devices, and gives them back when it is done, stopped or has made room."""

from fabrica.planning.engine.cluster import OPEN, give_back, place
from fabrica.planning.engine.compiling import compiled, compiled_apart, compiled_within, int64
from fabrica.planning.engine.ends import push_end
from fabrica.planning.engine.rates import RATES, integral
from fabrica.planning.engine.running import expect, take_back
from fabrica.planning.engine.shares import charge, is_due, line_of
from fabrica.planning.engine.site_state import Site
from fabrica.planning.engine.table import NOBODY, RUNNING, WAITING
from fabrica.planning.engine.use import add_use
from fabrica.planning.engine.waiting import first_of, insert, remove


@compiled_apart
def join(site: Site, job: int) -> None:
    """Put a job into its line, in the place that its number gives it."""
    one, state = site.jobs[job], site.state[0]
    if site.rules.age_seconds:
        _note_age(site, job)
    number = line_of(site.shares, one.account, one.level, one.age)
    line = site.shares.lines[number]
    if line.root == NOBODY:
        is_due(site.shares, number)
    if line.root == NOBODY or job < line.first:
        line.first = job
    _plant(site, number, job, insert(site.jobs, line.root, job))
    one.state = WAITING
    if one.attempts:
        state.reserved_due = 1
    state.waiting += 1
    state.waiting_units += one.units
    state.waiting_device_seconds += one.units * one.planned


@compiled_within
def _note_age(site: Site, job: int) -> None:
    """Note how old a job is, and when it gets older."""
    one, state, rules = site.jobs[job], site.state[0], site.rules
    one.age = min((state.now - one.submit) // rules.age_seconds, rules.age_steps)
    if one.age < rules.age_steps:
        state.ages_at = min(state.ages_at, one.submit + (one.age + 1) * rules.age_seconds)


@compiled
def leave(site: Site, job: int) -> None:
    """Take a job out of its line."""
    one, state = site.jobs[job], site.state[0]
    number = line_of(site.shares, one.account, one.level, one.age)
    line = site.shares.lines[number]
    _plant(site, number, job, remove(site.jobs, line.root, job))
    if line.first == job and line.root != NOBODY:
        line.first = first_of(site.jobs, line.root)
    is_due(site.shares, number)
    state.waiting -= 1
    state.waiting_units -= one.units
    state.waiting_device_seconds -= one.units * one.planned


@compiled
def _plant(site: Site, number: int, job: int, root: int) -> None:
    """Note the root of a line's tree to which a job came or which it left, and what its jobs ask for at least."""
    line = site.shares.lines[number]
    line.root, line.changed_from = root, min(line.changed_from, job)
    if root != NOBODY:
        line.least_units, line.least_planned = site.jobs[root].least_units, site.jobs[root].least_planned


@compiled_apart
def start(site: Site, pool: int, job: int, now: int) -> None:
    """Start a job of a line in a pool; if it passes the head and is planned to end later, it uses what is spare."""
    one, state = site.jobs[job], site.state[0]
    leave(site, job)
    one.pool = pool
    if pool == OPEN:
        expect_until(site, now + one.planned, one.units)
        if now + one.planned > state.at:
            state.spare -= one.units
    else:
        state.inside += 1
    leaves = place(site.cluster, pool, job, one.units)
    if leaves > 1 and leaves > -(-one.units // (site.cluster.node_devices * site.cluster.leaf_nodes)):
        state.scattered += 1
    push_end(site.ends, now + one.restart + one.left, job)
    one.began, one.state = now, RUNNING
    one.attempts += 1
    if one.start == NOBODY:
        one.start = now
        _append_started(site, job)
    _link(site, job, _list_of(site, job))
    state.running += 1
    state.busy += one.units
    charge(site.shares, one.account, one.units * one.planned, now)


@compiled_within
def _append_started(site: Site, job: int) -> None:
    state = site.state[0]
    if state.started_first == NOBODY:
        state.started_first = job
    else:
        site.jobs[state.started_last].next_started = job
    state.started_last = job


@compiled_apart
def give_up_devices(site: Site, job: int, now: int) -> None:
    """Free what a job holds, and charge what it held instead of what it was planned with."""
    one, state = site.jobs[job], site.state[0]
    pool = int64(one.pool)
    give_back(site.cluster, pool, job, one.units)
    if pool == OPEN:
        no_longer_until(site, one.began + one.planned, one.units)
    else:
        state.reserved_due = 1
    unlink(site, job, _list_of(site, job))
    state.running -= 1
    state.busy -= one.units
    state.busy_device_seconds += one.units * (now - one.began)
    add_use(site.use, one.kind, one.units, one.began - site.rules.use_from, now - site.rules.use_from)
    for rate in range(RATES):
        state.busy_rates[rate] += one.units * (integral(site.rates, rate, now) - integral(site.rates, rate, one.began))
    charge(site.shares, one.account, one.units * (now - one.began - one.planned), one.began)


@compiled
def lose(site: Site, job: int, device_seconds: int) -> None:
    """Count device-seconds in use as lost for a job; a negative number takes back."""
    site.jobs[job].lost += device_seconds
    site.state[0].lost_device_seconds += device_seconds


@compiled
def keep_work(site: Site, job: int, saved: int) -> None:
    """Let the next attempt of a job begin after so many more seconds of saved work."""
    one = site.jobs[job]
    one.left -= saved
    one.asked = max(one.asked - saved, 1)
    one.restart = site.rules.restart_seconds


@compiled
def expect_until(site: Site, end: int, units: int) -> None:
    """Plan units as in use until an instant."""
    expect(site.running, end, units)
    window = site.state[0].opened
    while window < len(site.windows) and site.windows[window].start < end:
        site.windows[window].crossing += units
        window += 1


@compiled
def no_longer_until(site: Site, end: int, units: int) -> None:
    """Take back that units are planned as in use until an instant."""
    take_back(site.running, end, units)
    window = site.state[0].opened
    while window < len(site.windows) and site.windows[window].start < end:
        site.windows[window].crossing -= units
        window += 1


@compiled
def _list_of(site: Site, job: int) -> int:
    """Return the list of `levels` in which a job stands that runs: of its level, or of those that are let be."""
    one = site.jobs[job]
    return one.level if one.state == RUNNING and one.pool == OPEN else len(site.levels) - 1


@compiled
def _link(site: Site, job: int, level: int) -> None:
    """Put a job before all others of a list."""
    one, first = site.jobs[job], site.levels[level].first
    one.next, one.previous = first, NOBODY
    if first != NOBODY:
        site.jobs[first].previous = job
    site.levels[level].first = job
    site.levels[level].units += one.units


@compiled
def unlink(site: Site, job: int, level: int) -> None:
    """Take a job out of the list in which it stands."""
    one = site.jobs[job]
    if one.previous == NOBODY:
        site.levels[level].first = one.next
    else:
        site.jobs[one.previous].next = one.next
    if one.next != NOBODY:
        site.jobs[one.next].previous = one.previous
    site.levels[level].units -= one.units


@compiled
def link_saving(site: Site, job: int) -> None:
    """Put a job before all others that save."""
    _link(site, job, len(site.levels) - 1)
