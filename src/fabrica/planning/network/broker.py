"""The loop of the network: each job that arrives is given to a partition by the live broker's own kernel.

Rules, also in docs/explanation/network-twin.md: a job is decided at the second it arrives, with what the sites last
told; they tell anew every `TOLD_EVERY_SECONDS`. At one instant sites tell first, then partitions close or open, then
jobs end, and then others arrive.
"""

import math
from typing import Any, NamedTuple

from fabrica.placement import columns as c
from fabrica.placement.kernel import Answer
from fabrica.placement.kernel import compiled as compiled_kernel
from fabrica.planning.engine.jobs import Jobs
from fabrica.planning.engine.queue import NOTHING
from fabrica.planning.network.compiling import compiled, inlined
from fabrica.planning.network.fleet import NOBODY, Fleet, site_of
from fabrica.planning.network.nodes import most_units
from fabrica.planning.network.site import advance, arrive, close, reopen, take_first, tell_waits
from fabrica.planning.network.waits import POOL, size_class

choose: Any = compiled_kernel()
"""The function that decides where a live run goes."""

TOLD_EVERY_SECONDS = 900

AT_ONCE, ALL_FULL, ROOM_FOR_OTHERS, ROOM_NOT_CHOSEN, NOT_ITS_TURN, ALL_CLOSED = range(6)
"""Why a job did not start when it arrived; told in words in `causes.py`."""

DONE, QUEUE_FULL = range(2)

OTHER_CLASS, COUNTRY_ALLOWED, SPEED = range(3)
"""The numbers of `asks`."""


class Demand(NamedTuple):
    """What jobs ask. Each array: shape (jobs,), but for `asks`.

    `runtime`, `limit`: seconds on the reference device. `nodes`, `node_devices`: how the run spec asks for its devices.
    `ask`: the row of `asks`, of shape (asks, partitions, 3): whether a partition has another class than asked, whether
    its country is allowed, and how fast it is beside the reference device.
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
    `changes`: shape (changes, 3), by time: when which partition closes (1) or opens (0). `changed`: shape (1,).
    `held`: shape (jobs,), those that nobody can take now, in their order; `held_count`: shape (1,).
    `partition`, `cause`: shape (jobs,): where each job went, and why it did not start at once.
    """

    facts: Any
    needs: Any
    policy: Any
    answer: Answer
    changes: Any
    changed: Any
    held: Any
    held_count: Any
    partition: Any
    cause: Any


@compiled
def run_broker(jobs: Jobs, demand: Demand, fleet: Fleet, desk: Desk, progress: Any) -> int:
    """Fill `jobs.start`, `runtime` and `limit`, `desk.partition` and `cause`; return `QUEUE_FULL` if a queue overflows.

    `progress`: shape (1,), how many jobs have arrived so far.
    """
    told_at = 0
    for job in range(len(jobs.submit)):
        now = jobs.submit[job]
        while min(told_at, _next_change(desk)) <= now:
            if told_at <= _next_change(desk):
                _tell_all(jobs, fleet, told_at)
                told_at += TOLD_EVERY_SECONDS
            elif not _change(jobs, demand, fleet, desk):
                return QUEUE_FULL
        if not _decide(jobs, demand, fleet, desk, job, now):
            return QUEUE_FULL
        progress[0] = job + 1
    while desk.changed[0] < len(desk.changes):
        if not _change(jobs, demand, fleet, desk):
            return QUEUE_FULL
    for row in range(len(fleet.free)):
        advance(jobs, site_of(fleet, row), NOTHING)
    return DONE


@inlined
def _next_change(desk: Desk) -> int:
    """Return when the next partition closes or opens."""
    at = desk.changed[0]
    return int(desk.changes[at, 0]) if at < len(desk.changes) else NOTHING


@compiled
def _tell_all(jobs: Jobs, fleet: Fleet, now: int) -> None:
    for row in range(len(fleet.free)):
        site = site_of(fleet, row)
        advance(jobs, site, now)
        tell_waits(jobs, site, now)


@compiled
def _change(jobs: Jobs, demand: Demand, fleet: Fleet, desk: Desk) -> bool:
    """Close or open the next partition; who queues at one that closes is decided anew, and so is who was held."""
    now, row, closes = desk.changes[desk.changed[0]]
    desk.changed[0] += 1
    site = site_of(fleet, row)
    advance(jobs, site, now)
    desk.facts[row, c.DRAINING] = closes
    if closes:
        close(site)
        job = take_first(site)
        while job != NOBODY:
            desk.held[desk.held_count[0]] = job
            desk.held_count[0] += 1
            job = take_first(site)
    else:
        reopen(jobs, site, now)
    again, kept = desk.held_count[0], True
    desk.held_count[0] = 0
    for place in range(again):  # who is held again takes a place that was read already
        kept = _decide(jobs, demand, fleet, desk, desk.held[place], now) and kept
    return kept


@compiled
def _decide(jobs: Jobs, demand: Demand, fleet: Fleet, desk: Desk, job: int, now: int) -> bool:
    """Give a job to a partition, or hold it; return False where the queue there has no place."""
    _write_needs(jobs, demand, desk, job)
    _write_facts(jobs, demand, fleet, desk, job)
    row = choose(desk.facts, desk.needs, desk.policy, desk.answer)
    desk.partition[job] = row
    if row == NOBODY:
        desk.cause[job] = ALL_CLOSED
        desk.held[desk.held_count[0]] = job
        desk.held_count[0] += 1
        return True
    speed = demand.asks[demand.ask[job], row, SPEED]
    jobs.runtime[job] = _scaled(demand.runtime[job], speed)
    jobs.limit[job] = _scaled(demand.limit[job], speed)
    site = site_of(fleet, row)
    advance(jobs, site, now)
    kept = arrive(jobs, site, job, now)
    if jobs.start[job] < 0 and desk.cause[job] == AT_ONCE:
        desk.cause[job] = _cause(jobs, fleet, desk, job, row)
    return kept


@inlined
def _scaled(seconds: int, speed: float) -> int:
    """Return how long work takes on a device of this speed, in whole seconds and one at least."""
    return max(1, math.ceil(seconds / speed - 1e-9))


@inlined
def _write_needs(jobs: Jobs, demand: Demand, desk: Desk, job: int) -> None:
    """Say what a run spec would ask; memory, disk, containers and software are not simulated."""
    needs = desk.needs
    needs[c.NEEDS_NODES] = demand.nodes[job]
    needs[c.NEEDS_DEVICES_PER_NODE] = demand.node_devices[job]
    needs[c.NEEDS_TIME_LIMIT_SECONDS] = demand.limit[job]
    needs[c.NEEDS_EXPECTED_SECONDS] = demand.runtime[job]


@compiled
def _write_facts(jobs: Jobs, demand: Demand, fleet: Fleet, desk: Desk, job: int) -> None:
    """Write the columns that differ from job to job: what it may use, and the waits of jobs of its size."""
    asks = demand.asks[demand.ask[job]]
    size = size_class(jobs.units[job])
    for row in range(len(fleet.free)):
        facts, told = desk.facts[row], fleet.waits.told[row]
        narrowest = size if told[size, 2] >= desk.policy[c.POLICY_WAIT_SAMPLES_MIN] else POOL
        facts[c.RESOURCE_CLASS] = asks[row, OTHER_CLASS]
        facts[c.COUNTRY_ALLOWED] = asks[row, COUNTRY_ALLOWED]
        facts[c.RELATIVE_SPEED] = asks[row, SPEED]
        facts[c.WAIT_Q50_SECONDS] = told[narrowest, 0]
        facts[c.WAIT_Q90_SECONDS] = told[narrowest, 1]
        facts[c.WAIT_SAMPLES] = told[narrowest, 2]
        facts[c.TIE] = _tie(job, row)


@inlined
def _tie(job: int, row: int) -> float:
    """Return a number in 0..1 that breaks ties: even over many jobs, always the same for one.

    Source: the mixing steps of SplitMix64 (Steele, Lea, Flood 2014), with its multipliers cut to 31 bits.
    """
    mixed = (job * 1_000_003 + row * 7_919 + 12_345) & 0x7FFFFFFF
    for _ in range(3):
        mixed = ((mixed ^ (mixed >> 15)) * 0x2C1B3C6D) & 0x7FFFFFFF
    return (mixed ^ (mixed >> 14)) / 2147483648.0


@compiled
def _cause(jobs: Jobs, fleet: Fleet, desk: Desk, job: int, row: int) -> int:
    """Say why a job did not start where it was sent."""
    units = jobs.units[job]
    if fleet.free[row, 0] >= units:
        return NOT_ITS_TURN
    room = ALL_FULL
    for other in range(len(fleet.free)):
        if other != row and desk.facts[other, c.DRAINING] == 0.0 and most_units(site_of(fleet, other).nodes) >= units:
            if desk.answer.refused[other] == 0:
                return ROOM_NOT_CHOSEN
            room = ROOM_FOR_OTHERS
    return room
