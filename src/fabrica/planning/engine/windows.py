"""Times in which units are out of use: maintenance, and reservations for some accounts or for what is not in the trace.

Nothing is planned to run into one: at its start, what is planned to run then and what all windows take fit together.
Where nodes are too scattered all the same, a window takes each as it falls free, and what would delay that waits.
Jobs of the accounts that may use a window run in what it took, its pool, and are planned to end with it at the latest.
"""

from fabrica.planning.engine.cluster import NONE, OPEN, any_whole, put_back, take_out
from fabrica.planning.engine.compiling import compiled, compiled_apart, compiled_within
from fabrica.planning.engine.running import first_expected, free_by, when_free
from fabrica.planning.engine.site_rules import NEVER
from fabrica.planning.engine.site_state import Site
from fabrica.planning.engine.table import NOBODY


@compiled_apart
def turn_windows(site: Site, now: int) -> None:
    """End the windows that end now, and begin those that begin now."""
    state, windows = site.state[0], site.windows
    for number in range(state.opened):
        window = windows[number]
        if window.end == now:
            _put_back_all(site, number)
            state.open -= 1
            state.reserved -= window.users != NOBODY
    while state.opened < len(windows) and windows[state.opened].start == now:
        state.owed += windows[state.opened].units
        state.reserved += windows[state.opened].users != NOBODY
        state.opened += 1
        state.open += 1
    state.boundary = NEVER
    for number in range(state.opened):
        if windows[number].end > now:
            state.boundary = min(state.boundary, windows[number].end)
    if state.opened < len(windows):
        state.boundary = min(state.boundary, windows[state.opened].start)


@compiled_within
def _put_back_all(site: Site, number: int) -> None:
    """Put back what a window took, nodes by their number; what ran in it has ended."""
    state, window, cluster = site.state[0], site.windows[number], site.cluster
    state.window_device_seconds += window.units * (window.end - window.start)
    state.taken -= window.taken
    state.owed -= window.units - window.taken
    if site.rules.node_devices == 0:
        cluster.free[OPEN] += window.taken
        cluster.free[window.pool] = 0
    for node in range(len(cluster.pool_of)):
        if cluster.pool_of[node] == window.pool:
            if window.users != NOBODY:
                take_out(cluster, window.pool, node)
            put_back(cluster, OPEN, node)
            cluster.pool_of[node] = OPEN
    window.taken = 0


@compiled_apart
def take_owed(site: Site) -> None:
    """Give open windows what they lack, as far as it is free; the first to begin comes first."""
    state, devices, cluster = site.state[0], site.rules.node_devices, site.cluster
    for number in range(state.opened):
        window = site.windows[number]
        if window.end <= state.now:
            continue
        while window.taken < window.units:
            if devices == 0:
                units = min(window.units - window.taken, cluster.free[OPEN])
                cluster.free[OPEN] -= units
                cluster.free[window.pool] += units
            elif cluster.wholes[0]:
                units, node = devices, any_whole(cluster, OPEN)
                take_out(cluster, OPEN, node)
                cluster.pool_of[node] = window.pool
                if window.users != NOBODY:
                    put_back(cluster, window.pool, node)
            else:
                units = 0
            if units == 0:
                return
            window.taken += units
            state.taken += units
            state.owed -= units
            state.reserved_due = 1


@compiled
def lose_node(site: Site, node: int) -> None:
    """Let a node that is out of use be of no window any more; one that it was of lacks it from now on."""
    state, pool = site.state[0], site.cluster.pool_of[node]
    if pool == OPEN:
        return
    site.cluster.pool_of[node] = OPEN
    for number in range(state.opened):
        window = site.windows[number]
        if window.pool == pool and window.end > state.now:
            window.taken -= site.rules.node_devices
            state.taken -= site.rules.node_devices
            state.owed += site.rules.node_devices


@compiled
def may_use(site: Site, number: int, account: int) -> bool:
    """Return whether the jobs of an account may run in a window."""
    users = site.windows[number].users
    return bool(users != NOBODY and site.users[users * site.rules.accounts + account])


@compiled
def next_change(site: Site) -> int:
    """Return when anything is expected to come back next, or a window begins or ends. There must be such a time."""
    boundary = site.state[0].boundary
    return int(min(boundary, first_expected(site.running)) if site.running.used[0] else boundary)


@compiled
def gate_of_windows(site: Site, now: int) -> tuple[int, int]:
    """Return for how long a job may be planned at most, and how many units it may ask for to be planned longer."""
    state = site.state[0]
    if state.owed:
        return next_change(site) - now, 0
    if state.opened == len(site.windows):
        return NEVER, NEVER
    window = site.windows[state.opened]
    return window.start - now, site.rules.capacity - window.out - window.crossing


@compiled
def windows_allow(site: Site, units: int, start: int, end: int) -> bool:
    """Return whether units may be planned as in use from one instant until another."""
    return bool(site.state[0].boundary == NEVER or _all_allow(site, units, start, end))


@compiled_apart
def _all_allow(site: Site, units: int, start: int, end: int) -> bool:
    state, number = site.state[0], site.state[0].opened
    if state.owed and end > next_change(site):
        return False
    while number < len(site.windows) and site.windows[number].start < end:
        window = site.windows[number]
        if window.start > start and window.crossing + units + window.out > site.rules.capacity:
            return False
        number += 1
    return True


@compiled_apart
def earliest_between_windows(site: Site, units: int, planned: int, now: int) -> tuple[int, int]:
    """Return when so many units are expected to be free for so long, and how many more are then, all that time."""
    state, windows = site.state[0], site.windows
    base = site.cluster.free[OPEN] + state.taken
    at = now
    while True:
        out = _out_at(site, at)
        needed, boundary = units + out, _boundary_after(site, at)
        when = NEVER
        if needed <= base:
            when = at
        elif needed <= site.rules.capacity:
            when = max(at, when_free(site.running, base, needed)[0])
        if when >= boundary:
            at = boundary
            continue
        late = _refusing(site, units, when, when + planned)
        if late == NONE:
            break
        at = windows[late].start
    spare = free_by(site.running, base, when) - out - units
    for number in range(state.opened, len(windows)):
        window = windows[number]
        if when < window.start < when + planned:
            spare = min(spare, site.rules.capacity - window.out - window.crossing - units)
    return when, spare


@compiled
def _out_at(site: Site, instant: int) -> int:
    """Return the units that windows take at an instant."""
    out = 0
    for number in range(len(site.windows)):
        window = site.windows[number]
        if window.start <= instant < window.end:
            out += window.units
    return out


@compiled
def _boundary_after(site: Site, instant: int) -> int:
    """Return when the next window begins or ends after an instant."""
    found = NEVER
    for number in range(len(site.windows)):
        for boundary in (site.windows[number].start, site.windows[number].end):
            if instant < boundary < found:
                found = boundary
    return int(found)


@compiled
def _refusing(site: Site, units: int, start: int, end: int) -> int:
    """Return the first window that begins in a stretch of time and leaves too little; or NONE."""
    for number in range(site.state[0].opened, len(site.windows)):
        window = site.windows[number]
        if start < window.start < end and window.crossing + units + window.out > site.rules.capacity:
            return number
    return int(NONE)
