"""A year of the network as the compiled loop runs it."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy

from fabrica.placement.kernel import answer_arrays
from fabrica.planning.engine.cluster import no_holds
from fabrica.planning.engine.site_state import Site, grant_table, new_site
from fabrica.planning.engine.table import GIVEN_UP, NOBODY, REFUSED, job_table
from fabrica.planning.engine.use import device_seconds_by_hour
from fabrica.planning.network import broker
from fabrica.planning.network.asks import Ask
from fabrica.planning.network.demand import Jobs
from fabrica.planning.network.facts import asks_table, facts_of, needs_of_none, policy_numbers
from fabrica.planning.network.fleet import Fleet, join_sites
from fabrica.planning.network.partitions import Partition
from fabrica.planning.network.ran import Ran
from fabrica.planning.network.setting import Setting, changes_of, maintenance_of, site_rules, windows_of


def compiled_year(
    partitions: Sequence[Partition], asks: Sequence[Ask], jobs: Jobs, setting: Setting, progress: Any
) -> Ran:
    """Return every job as it ran. `progress`: shape (1,), how many jobs have arrived so far."""
    fleet, desk = _fleet(partitions, jobs, setting), _desk(partitions, len(jobs.submit), setting)
    table = numpy.array(asks_table(asks, partitions)).reshape(len(asks), len(partitions), 3)
    demand = broker.Demand(jobs.runtime, jobs.limit, jobs.nodes, jobs.node_devices, jobs.ask, table)
    broker.run_broker(demand, fleet, desk, progress)
    return _ran(fleet, desk, len(partitions))


def _fleet(partitions: Sequence[Partition], jobs: Jobs, setting: Setting) -> Fleet:
    table = job_table(jobs.submit, jobs.runtime, jobs.units, jobs.limit, jobs.account, jobs.level, jobs.job_class)
    holds, grants = no_holds(len(table)), grant_table(setting.accounts, setting.grants)

    def made(partition: Partition) -> Site:
        rules, windows = site_rules(setting, partition), windows_of(setting, partition)
        return new_site(rules, table, windows, shares=setting.shares, holds=holds)._replace(grants=grants)

    return join_sites([made(one) for one in partitions])


def _desk(partitions: Sequence[Partition], jobs: int, setting: Setting) -> broker.Desk:
    changes, maintenance = changes_of(partitions, setting), [maintenance_of(setting, one) for one in partitions]
    first = numpy.cumsum([0, *map(len, maintenance)])
    return broker.Desk(
        facts=numpy.array(facts_of(partitions)),
        needs=numpy.array(needs_of_none()),
        policy=numpy.array(policy_numbers(setting.policy)),
        answer=answer_arrays(len(partitions)),
        changes=numpy.array(changes, numpy.int64).reshape(len(changes), 3),
        changed=numpy.zeros(1, numpy.int64),
        maintenance=numpy.array([*itertools.chain(*maintenance)], numpy.int64).reshape(first[-1], 2),
        first_maintenance=first,
        next_maintenance=first[:-1].copy(),
        held=numpy.zeros(jobs, numpy.int32),
        held_count=numpy.zeros(1, numpy.int64),
        has_grants=bool(setting.grants),
        partition=numpy.full(jobs, NOBODY, numpy.int16),
        cause=numpy.zeros(jobs, numpy.int8),
    )


def _ran(fleet: Fleet, desk: broker.Desk, partitions: int) -> Ran:
    jobs, use = fleet.whole.jobs, fleet.whole.use
    told = ("submit", "runtime", "asked", "units", "start", "began", "end", "attempts", "lost", "stopped", "preempted")
    states = (jobs["state"] == REFUSED, jobs["state"] == GIVEN_UP)
    by_hour = device_seconds_by_hour(use.reshape(partitions, -1, *use.shape[1:]))
    return Ran._make((*(jobs[name] for name in told), *states, desk.partition, desk.cause, by_hour))
