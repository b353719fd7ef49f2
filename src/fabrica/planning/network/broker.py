"""The loop of the network: each job that arrives is given to a partition by the live broker's own kernel.

Rules, also in docs/explanation/network-twin.md: a job is decided at the second it arrives, with what the sites last
told; they tell anew every `TOLD_EVERY_SECONDS`. At one instant sites tell first, then partitions close or open, then
jobs are decided in their order, and then each site does what its own rules say.
"""

import math
from typing import Any, NamedTuple

from fabrica.placement import columns as c
from fabrica.placement.kernel import Answer
from fabrica.placement.kernel import compiled as compiled_kernel
from fabrica.planning.engine.cluster import OPEN, most_units
from fabrica.planning.engine.compiling import int64
from fabrica.planning.engine.grants import left_of_grant
from fabrica.planning.engine.site import advance, close, offer, reopen, withdraw
from fabrica.planning.engine.site_rules import NEVER
from fabrica.planning.engine.table import NOBODY, REFUSED
from fabrica.planning.engine.windows import windows_allow
from fabrica.planning.network.arithmetic import scaled, size_class, tie
from fabrica.planning.network.codes import (
    ALL_CLOSED,
    ALL_FULL,
    AT_ONCE,
    CLOSES,
    COUNTED_EVERY_SECONDS,
    COUNTRY_ALLOWED,
    FOR_WINDOW,
    IN_REPAIR,
    IS_OVER,
    NO_GRANT,
    NOT_ITS_TURN,
    OTHER_CLASS,
    POOL,
    ROOM_FOR_OTHERS,
    ROOM_NOT_CHOSEN,
    SPEED,
    TOLD_EVERY_SECONDS,
)
from fabrica.planning.network.compiling import compiled, inlined
from fabrica.planning.network.fleet import Fleet, front_of, site_of, waits_of
from fabrica.planning.network.waits import count_spare, note_started, tell_waits

choose: Any = compiled_kernel()
"""The function that decides where a live run goes."""
_scaled, _tie, _size_class = inlined(scaled), inlined(tie), inlined(size_class)


class Demand(NamedTuple):
    """What jobs ask. Each array: shape (jobs,), but for `asks`.

    `runtime`, `limit`: seconds on the reference device. `nodes`, `node_devices`: how the run spec asks for its devices.
    `ask`: the row of `asks`, of shape (asks, partitions, 3), in the order of codes.py.
    """

    runtime: Any
    limit: Any
    nodes: Any
    node_devices: Any
    ask: Any
    asks: Any


class Desk(NamedTuple):
    """What the broker decides on, and what it decided.

    `facts`, `needs`, `policy`, `answer`: as the kernel takes them, one row of facts a partition.
    `changes`: shape (changes, 3), by time: when what changes at which partition; see codes.py. `changed`: shape (1,).
    `maintenance`: shape (windows, 2), starts and ends of those that take a whole partition, in order; those of a
    partition begin at its place in `first_maintenance`, shape (partitions + 1,), and the one that goes on or comes
    next stands at its place in `next_maintenance`, shape (partitions,).
    `held`: shape (jobs,), those that nobody can take now, in their order; `held_count`: shape (1,).
    `has_grants`: whether any account's grant has a bound.
    `partition`, `cause`: shape (jobs,): where each job went, and why it did not start at once.
    """

    facts: Any
    needs: Any
    policy: Any
    answer: Answer
    changes: Any
    changed: Any
    maintenance: Any
    first_maintenance: Any
    next_maintenance: Any
    held: Any
    held_count: Any
    has_grants: bool
    partition: Any
    cause: Any


@compiled
def run_broker(demand: Demand, fleet: Fleet, desk: Desk, progress: Any) -> None:
    """Run all jobs of the fleet, and fill `desk.partition` and `cause`.

    `progress`: shape (1,), how many jobs have arrived so far.
    """
    jobs, sites, none, never = fleet.whole.jobs, len(fleet.next_at), int64(0), int64(NEVER)
    told_at, count_at, job = none, none, none
    while job < len(jobs):
        now = jobs[job].submit
        while min(told_at, _next_change(desk)) <= now:
            _advance(fleet, none, sites, min(told_at, _next_change(desk)))
            if told_at <= _next_change(desk):
                _tell_all(fleet, told_at)
                told_at += TOLD_EVERY_SECONDS
            else:
                _change_all(demand, fleet, desk)
        if count_at <= now:
            _advance(fleet, none, sites, now - now % COUNTED_EVERY_SECONDS)
            _count_all(fleet)
            count_at = now - now % COUNTED_EVERY_SECONDS + COUNTED_EVERY_SECONDS
        if desk.has_grants:  # what is left of them changes with every end
            _advance(fleet, none, sites, now)
        first = job
        while job < len(jobs) and jobs[job].submit == now:
            _decide(demand, fleet, desk, job, now)
            job += 1
        for one in range(first, job):
            row = int64(desk.partition[one])
            if row != NOBODY:
                _advance(fleet, row, row + 1, now + 1)
            if _waits(fleet, desk, one):  # how all stand then is the cause
                _advance(fleet, none, sites, now + 1)
            _note_cause(demand, fleet, desk, one, now)
        progress[0] = job
    while desk.changed[0] < len(desk.changes):
        _advance(fleet, none, sites, _next_change(desk))
        _change_all(demand, fleet, desk)
    _advance(fleet, none, sites, never)


@inlined
def _next_change(desk: Desk) -> int:
    """Return when the next partition closes or opens."""
    at = desk.changed[0]
    return int(desk.changes[at, 0]) if at < len(desk.changes) else NEVER


@compiled
def _advance(fleet: Fleet, first: int, end: int, until: int) -> None:
    """Let all happen at some sites, one after another, that happens before an instant.

    Only the loop above calls it: all code of the engine is compiled again into whatever calls it.
    """
    for row in range(first, end):
        if fleet.next_at[row] < until:
            site = site_of(fleet, row)
            fleet.next_at[row] = advance(site, until)
            note_started(waits_of(fleet, row), site)


@compiled
def _tell_all(fleet: Fleet, now: int) -> None:
    for row in range(len(fleet.next_at)):
        tell_waits(waits_of(fleet, row), front_of(fleet, row), site_of(fleet, row), now)


@compiled
def _count_all(fleet: Fleet) -> None:
    for row in range(len(fleet.next_at)):
        count_spare(waits_of(fleet, row), site_of(fleet, row))


@compiled
def _change_all(demand: Demand, fleet: Fleet, desk: Desk) -> None:
    """Let all change that does next; who queues where it closes is decided anew, and so is who was held."""
    now = _next_change(desk)
    while _next_change(desk) == now:
        _, row, what = desk.changes[desk.changed[0]]
        desk.changed[0] += 1
        if what == IS_OVER:
            continue
        site = site_of(fleet, row)
        desk.facts[row, c.DRAINING] = what
        if what == CLOSES:
            close(site)
            job = withdraw(site)
            while job != NOBODY:
                _hold(desk, job)
                job = withdraw(site)
        else:
            reopen(site, now)
            fleet.next_at[row] = min(fleet.next_at[row], now)
    _count_all(fleet)
    again = desk.held_count[0]
    desk.held_count[0] = 0
    for place in range(again):  # who is held again takes a place that was read already
        _decide(demand, fleet, desk, int64(desk.held[place]), now)


@inlined
def _hold(desk: Desk, job: int) -> None:
    desk.held[desk.held_count[0]] = job
    desk.held_count[0] += 1


@compiled
def _decide(demand: Demand, fleet: Fleet, desk: Desk, job: int, now: int) -> None:
    """Give a job to a partition; hold it while none takes it, and refuse it where only its account's grant lacks."""
    one = fleet.whole.jobs[job]
    _write_needs(demand, desk, job)
    _write_facts(demand, fleet, desk, job, now)
    row = choose(desk.facts, desk.needs, desk.policy, desk.answer)
    desk.partition[job] = row
    if row == NOBODY:
        if desk.has_grants and _lacks_only(desk, c.ALLOCATION):
            one.state, desk.cause[job] = REFUSED, NO_GRANT
        else:
            desk.cause[job] = FOR_WINDOW if _lacks_only(desk, c.MAINTENANCE) else ALL_CLOSED
            _hold(desk, job)
        return
    speed = demand.asks[demand.ask[job], row, SPEED]
    one.runtime = one.left = _scaled(demand.runtime[job], speed)
    one.asked = one.planned = max(_scaled(demand.limit[job], speed), one.runtime)
    offer(site_of(fleet, row), job, now)
    fleet.waits.spare[row, 0] -= one.units
    fleet.next_at[row] = min(fleet.next_at[row], now)


@inlined
def _lacks_only(desk: Desk, which: int) -> bool:
    """Return whether a partition would do were it not for one filter of the kernel."""
    lacks = False
    for refused in desk.answer.refused:
        lacks = lacks or refused == 1 << which
    return lacks


@inlined
def _maintenance_starts_in(desk: Desk, row: int, now: int) -> float:
    """Return in how many seconds maintenance of a whole partition starts, 0 or less while it goes on; NaN: no more."""
    place, behind = desk.next_maintenance[row], desk.first_maintenance[row + 1]
    while place < behind and desk.maintenance[place, 1] <= now:
        place += 1
    desk.next_maintenance[row] = place
    return float(desk.maintenance[place, 0] - now) if place < behind else math.nan


@inlined
def _write_needs(demand: Demand, desk: Desk, job: int) -> None:
    """Say what a run spec would ask; memory, disk, containers and software are not simulated."""
    needs = desk.needs
    needs[c.NEEDS_NODES] = demand.nodes[job]
    needs[c.NEEDS_DEVICES_PER_NODE] = demand.node_devices[job]
    needs[c.NEEDS_TIME_LIMIT_SECONDS] = demand.limit[job]
    needs[c.NEEDS_EXPECTED_SECONDS] = demand.runtime[job]


@compiled
def _write_facts(demand: Demand, fleet: Fleet, desk: Desk, job: int, now: int) -> None:
    """Write the columns that differ from job to job, and those of what has changed at the sites."""
    one, asks = fleet.whole.jobs[job], demand.asks[demand.ask[job]]
    size = _size_class(one.units)
    for row in range(len(fleet.next_at)):
        facts, told, speed = desk.facts[row], fleet.waits.told[row], asks[row, SPEED]
        narrowest = size if told[size, 2] >= desk.policy[c.POLICY_WAIT_SAMPLES_MIN] else POOL
        facts[c.RESOURCE_CLASS] = asks[row, OTHER_CLASS]
        facts[c.COUNTRY_ALLOWED] = asks[row, COUNTRY_ALLOWED]
        facts[c.RELATIVE_SPEED] = speed
        facts[c.WAIT_Q50_SECONDS] = told[narrowest, 0]
        facts[c.WAIT_Q90_SECONDS] = told[narrowest, 1]
        facts[c.WAIT_SAMPLES] = told[narrowest, 2]
        facts[c.DEVICES_SPARE] = fleet.waits.spare[row, 0]
        facts[c.MAINTENANCE_STARTS_IN_SECONDS] = _maintenance_starts_in(desk, row, now)
        facts[c.TIE] = _tie(job, row)
        if desk.has_grants:
            longest = max(demand.limit[job], demand.runtime[job])
            facts[c.RESERVE_MILLISECONDS] = 1000.0 * one.units * _scaled(longest, speed)
            facts[c.ALLOCATION_FREE_MILLISECONDS] = 1000.0 * left_of_grant(fleet.whole.grants, one.account)


@compiled
def _note_cause(demand: Demand, fleet: Fleet, desk: Desk, job: int, now: int) -> None:
    """Note why a job did not start where it was sent, as things stand when all that could has started."""
    if fleet.whole.jobs[job].state == REFUSED:
        desk.cause[job] = NO_GRANT
    elif _waits(fleet, desk, job):
        desk.cause[job] = _cause(demand, fleet, desk, job, now)


@inlined
def _waits(fleet: Fleet, desk: Desk, job: int) -> bool:
    """Return whether a job waits where it was sent, and nothing is noted of it."""
    one = fleet.whole.jobs[job]
    return bool(one.state != REFUSED and one.start == NOBODY and desk.cause[job] == AT_ONCE)


@compiled
def _cause(demand: Demand, fleet: Fleet, desk: Desk, job: int, now: int) -> int:
    """Say why a job waits where it was sent."""
    one, row = fleet.whole.jobs[job], int64(desk.partition[job])
    site = site_of(fleet, row)
    state, free = site.state[0], site.cluster.free[OPEN]
    if free >= one.units:
        return NOT_ITS_TURN if windows_allow(site, one.units, now, now + one.planned) else FOR_WINDOW
    if free + state.taken >= one.units:
        return FOR_WINDOW
    if free + state.taken + state.down >= one.units:
        return IN_REPAIR
    room = ALL_FULL
    for other in range(len(fleet.next_at)):
        if desk.facts[other, c.DRAINING] == 0.0 and _has_room(fleet, other, one.units):
            if _would_do(demand, desk, job, other):
                return ROOM_NOT_CHOSEN
            room = ROOM_FOR_OTHERS
    return room


@inlined
def _has_room(fleet: Fleet, row: int, units: int) -> bool:
    return most_units(site_of(fleet, row).cluster, OPEN) >= units


@inlined
def _would_do(demand: Demand, desk: Desk, job: int, row: int) -> bool:
    """Return whether a partition has what a job asks for."""
    asks, facts = demand.asks[demand.ask[job], row], desk.facts[row]
    is_asked = asks[OTHER_CLASS] == 0.0 and asks[COUNTRY_ALLOWED] != 0.0
    return bool(
        is_asked and facts[c.DEVICES_PER_NODE] >= demand.node_devices[job] and facts[c.NODES] >= demand.nodes[job]
    )
