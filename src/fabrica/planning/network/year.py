"""One replication of one part of the network: its jobs through the broker and the sites, counted."""

import math
from collections.abc import Sequence
from typing import Any

import numpy

from fabrica.placement import columns as c
from fabrica.placement.encode import encode_policy
from fabrica.placement.kernel import answer_arrays
from fabrica.placement.snapshot import DEFAULT_POLICY
from fabrica.planning.engine.jobs import Jobs as Running
from fabrica.planning.network import broker
from fabrica.planning.network.asks import Ask
from fabrica.planning.network.demand import Jobs
from fabrica.planning.network.fleet import NOBODY, empty_fleet
from fabrica.planning.network.partitions import Partition
from fabrica.planning.network.sums import Tally
from fabrica.planning.network.tally import tally
from fabrica.planning.scenarios.scenario import Policy
from fabrica.planning.workload_classes import DAY
from fabrica.wire.planning import NetworkImpossible

PLACES = 1 << 14
PLACES_MAX = 1 << 22
FREE_MILLISECONDS = 2.0**53


def run_part(
    partitions: Sequence[Partition],
    asks: Sequence[Ask],
    jobs: Jobs,
    policy: Policy,
    days: int,
    warm_up_days: int,
    activities: Sequence[float],
    progress: Any = None,
) -> Tally:
    """Run the jobs and count what happened in the days after the warm-up.

    `progress`: shape (1,), how many jobs have arrived so far. `activities`: of each job class, for the power it draws.

    Raises:
        NetworkImpossible: a queue grows without end.
    """
    running, decided = simulate(partitions, asks, jobs, policy, warm_up_days, progress)
    return tally(running, decided, jobs.job_class, len(partitions), days, warm_up_days, activities)


def simulate(
    partitions: Sequence[Partition],
    asks: Sequence[Ask],
    jobs: Jobs,
    policy: Policy,
    warm_up_days: int = 0,
    progress: Any = None,
) -> tuple[Running, broker.Desk]:
    """Return every job as it ran, and where the broker sent it.

    Raises:
        NetworkImpossible: a queue grows without end.
    """
    count, places = len(jobs.submit), PLACES
    while True:
        running = Running(
            submit=jobs.submit,
            runtime=numpy.zeros(count, numpy.int64),
            units=jobs.units,
            limit=numpy.zeros(count, numpy.int64),
            start=numpy.full(count, -1, numpy.int64),
        )
        demand = broker.Demand(
            jobs.runtime, jobs.limit, jobs.nodes, jobs.node_devices, jobs.ask, _asks_table(asks, partitions)
        )
        fleet = empty_fleet(
            [one.devices for one in partitions], [one.node_devices for one in partitions], count, places
        )
        desk = _desk(partitions, policy, warm_up_days, count)
        said = numpy.zeros(1, numpy.int64) if progress is None else progress
        if broker.run_broker(running, demand, fleet, desk, said) == broker.DONE:
            return running, desk
        places *= 16  # start again with longer queues: seldom, and only where the network drowns in work
        if places > PLACES_MAX:
            raise NetworkImpossible(
                f"Over {PLACES_MAX // 16:,} jobs queue at one site: the network drowns in work.",
                remedy="Lower the load or growth, or add capacity.",
            )


def _asks_table(asks: Sequence[Ask], partitions: Sequence[Partition]) -> Any:
    table = numpy.ones((max(len(asks), 1), len(partitions), 3))
    for row, ask in enumerate(asks):
        for column, partition in enumerate(partitions):
            country = ask.country in (None, partition.country)
            table[row, column] = (not ask.accepts_class(partition), country, ask.speed(partition))
    return table


def _desk(partitions: Sequence[Partition], policy: Policy, warm_up_days: int, jobs: int) -> broker.Desk:
    count = len(partitions)
    needs = numpy.zeros(c.NEEDS)
    needs[c.NEEDS_SOFTWARE_STACK] = math.nan
    pue = DEFAULT_POLICY.pue_assumed if policy.pue_assumed is None else policy.pue_assumed
    numbers = numpy.array(encode_policy(DEFAULT_POLICY))
    numbers[: c.TERMS] = [
        float(getattr(policy.weights, name)) for name in ("time_to_result", "carbon", "balance", "risk", "movement")
    ]
    numbers[c.POLICY_PUE_ASSUMED] = pue
    return broker.Desk(
        facts=facts_of(partitions),
        needs=needs,
        policy=numbers,
        answer=answer_arrays(count),
        changes=changes_of(partitions, warm_up_days),
        changed=numpy.zeros(1, numpy.int64),
        held=numpy.zeros(jobs, numpy.int64),
        held_count=numpy.zeros(1, numpy.int64),
        partition=numpy.full(jobs, NOBODY, numpy.int16),
        cause=numpy.zeros(jobs, numpy.int8),
    )


def facts_of(partitions: Sequence[Partition]) -> Any:
    """Return the kernel's rows, but for the columns that differ from job to job.

    What is not simulated is as good as can be: every site's agent speaks, and every job has an allocation without end.
    """
    facts = numpy.full((len(partitions), c.FACTS), math.nan)
    for column in (c.AGENT_AGE_SECONDS, c.DRAINING, c.SIMULATED, c.DECLINED, c.ALLOCATION_STARTS_IN_SECONDS):
        facts[:, column] = 0.0
    facts[:, c.ALLOCATION_FREE_MILLISECONDS] = FREE_MILLISECONDS
    facts[:, c.RESERVE_MILLISECONDS] = 0.0
    for row, one in enumerate(partitions):
        facts[row, c.NODES] = one.devices // one.node_devices
        facts[row, c.DEVICES_PER_NODE] = one.node_devices
        facts[row, c.DEVICES_TOTAL] = one.devices
        for column, known in (
            (c.DEVICE_WATTS, one.tdp_watts),
            (c.PUE, one.pue),
            (c.GCO2E_PER_KWH, one.gco2e_per_kwh),
        ):
            facts[row, column] = math.nan if known is None else known
    return facts


def merged(closed: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return closures in order, those that touch or overlap as one."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(closed):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def changes_of(partitions: Sequence[Partition], warm_up_days: int) -> Any:
    """Return when partitions close (1) and open (0), by time, in seconds from the start of the warm-up."""
    found = []
    for row, one in enumerate(partitions):
        for start, end in merged(one.closed):
            found.append((0 if math.isinf(start) else round((start + warm_up_days) * DAY), row, 1))
            found.append((round((end + warm_up_days) * DAY), row, 0))
    return numpy.array(sorted(found), numpy.int64).reshape(len(found), 3)
