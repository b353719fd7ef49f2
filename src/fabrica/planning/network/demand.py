"""How many jobs of each class ask for what, and the jobs themselves as the arrays that the loop works on."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy

from fabrica.planning.network.asks import Ask, asks_of
from fabrica.planning.network.members import Network, network_of
from fabrica.planning.network.partitions import Partition
from fabrica.planning.scenarios.scenario import Scenario, Work
from fabrica.planning.trace import Trace
from fabrica.planning.traces.reading import read_trace
from fabrica.planning.workload_classes import CLASSES, DAY, OF_A_TRACE, PRETRAINING, PRETRAINING_SHARE, JobClass
from fabrica.planning.workload_year import Drawn, Stream, draw_accounts, draw_jobs, mean_device_seconds
from fabrica.wire.planning import NetworkImpossible

PRETRAINING_SHARE_MAX = 0.5
JOBS_MAX = 30_000_000
"""What fits into the memory of a machine of 8 GB."""
SECONDS_MAX = 2**31 - 1
NO_ASK = -1


@dataclass(frozen=True, slots=True)
class Asked:
    """What jobs of one ask there are. `jobs`: of each class, in the days that count and those before."""

    ask: Ask
    units_max: int
    node_devices: int
    jobs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """All work of a scenario: who asks for what, and where chance begins.

    `accounts`: the names of those whose jobs they are, and how the sittings divide over them. `levels`: of each class.
    `trace`: jobs that are read in place of those made by chance; `trace_shares`: how they divide over the asks.
    """

    classes: tuple[JobClass, ...]
    asked: tuple[Asked, ...]
    span_seconds: int
    seed: int
    pretraining_share: float | None
    accounts: tuple[str, ...] = ("account 1",)
    account_shares: tuple[float, ...] = (1.0,)
    levels: tuple[int, ...] = (0,) * len(CLASSES)
    trace: Trace | None = None
    trace_shares: tuple[float, ...] = ()

    @property
    def jobs(self) -> int:
        if self.trace is not None:
            return len(self.trace)
        return sum(sum(one.jobs) for one in self.asked)


class Jobs(NamedTuple):
    """Jobs in the order in which they arrive. Each array: shape (jobs,); times in seconds on the reference device.

    `ask`: the row of the asks they were made for. `job_class`: the row of the demand's classes. `account`: the row of
    its accounts. `level`: a higher one goes first.
    """

    submit: Any
    runtime: Any
    limit: Any
    units: Any
    nodes: Any
    node_devices: Any
    ask: Any
    job_class: Any
    account: Any
    level: Any


class _Told(NamedTuple):
    """What is told of jobs beside what `Drawn` tells. Each array: shape (jobs,)."""

    ask: Any
    job_class: Any
    account: Any
    level: Any


def demand_of(scenario: Scenario) -> Demand:
    """Return the work of a scenario, made for the network of its first base, so that a pair compares the same jobs.

    Raises:
        NetworkImpossible: jobs are larger than the network, or so many of them do not make such a load.
    """
    first = scenario
    while first.base is not None:
        first = first.base
    network, work, period = network_of(first), scenario.work, scenario.period
    asks = asks_of(network, work)
    caps = [_units_max(ask, network, work.largest_devices) for ask, _ in asks]
    span = (period.days + period.warm_up_days) * DAY
    per_node = [min(one.node_devices for one in network.partitions if ask.accepts(one)) for ask, _ in asks]
    if work.trace is not None:
        asked = tuple(Asked(*one, ()) for one in zip((ask for ask, _ in asks), caps, per_node, strict=True))
        shares = tuple(share for _, share in asks)
        trace = _trace_of(work, network)
        names = trace.account_names or ("account 1",)
        return Demand((OF_A_TRACE,), asked, span, period.seed, None, names, trace=trace, trace_shares=shares)
    mean = [_mean(job_class, asks, caps, network) for job_class in CLASSES]
    wanted = work.load * work.growth * network.devices * period.days * DAY
    jobs, share = _how_many(wanted, mean, None if work.jobs is None else work.jobs * work.growth)
    jobs *= (period.days + period.warm_up_days) / period.days
    if jobs > JOBS_MAX:
        raise NetworkImpossible(
            f"This scenario makes {jobs:,.0f} jobs; at most {JOBS_MAX:,} are simulated at once.",
            remedy="Simulate fewer days, or give fewer jobs.",
            jobs=round(jobs),
        )
    asked = tuple(
        Asked(ask, cap, per, tuple(round(jobs * part * one) for one in _class_shares(share)))
        for (ask, part), cap, per in zip(asks, caps, per_node, strict=True)
    )
    weights = [number**-scenario.accounts.skew for number in range(1, scenario.accounts.count + 1)]
    return Demand(
        CLASSES,
        asked,
        span,
        period.seed,
        share,
        tuple(f"account {number}" for number in range(1, len(weights) + 1)),
        tuple(weight / sum(weights) for weight in weights),
        astuple(scenario.levels),
    )


def _mean(job_class: JobClass, asks: Sequence[tuple[Ask, float]], caps: Sequence[int], network: Network) -> float:
    """Return the device-seconds of a job of a class, over all asks, where the devices of the network run it."""
    return sum(
        share * mean_device_seconds(job_class, cap) / _mean_speed(ask, network)
        for (ask, share), cap in zip(asks, caps, strict=True)
    )


def _units_max(ask: Ask, network: Network, largest: int | None) -> int:
    """Return the most devices that a job of an ask takes: as told, or half of the largest partition it may use."""
    sizes = [one.devices for one in network.partitions if ask.accepts(one)]
    if largest is None:
        return max(max(sizes) // 2, 1)
    if largest > max(one.devices for one in network.partitions):
        raise NetworkImpossible(
            f"Jobs of {largest:,} devices are larger than the network's largest partition.",
            remedy=f"Take at most {max(one.devices for one in network.partitions):,} as largest_devices.",
        )
    return min(largest, max(sizes))


def _mean_speed(ask: Ask, network: Network) -> float:
    places: list[Partition] = [one for one in network.partitions if ask.accepts(one)]
    return sum(ask.speed(one) * one.devices for one in places) / sum(one.devices for one in places)


def _how_many(wanted: float, mean: list[float], jobs: float | None) -> tuple[float, float]:
    """Return how many jobs do so many device-seconds of work, and the share of pretraining among them.

    Small jobs keep their published shapes; the share of pretraining is what makes the load.
    """
    *_, large = mean
    small = sum(one.share * seconds for one, seconds in zip(CLASSES, mean, strict=True))
    if jobs is None:
        return wanted / (small * (1 - PRETRAINING_SHARE) + large * PRETRAINING_SHARE), PRETRAINING_SHARE
    share = (wanted / jobs - small) / (large - small)
    if not 0 <= share <= PRETRAINING_SHARE_MAX:
        least, most = wanted / (small + PRETRAINING_SHARE_MAX * (large - small)), wanted / small
        raise NetworkImpossible(
            f"{jobs:,.0f} jobs of the published shapes cannot make this load.",
            remedy=f"Take {least:,.0f} to {most:,.0f} jobs, another load, or leave 'jobs' out.",
            jobs=round(jobs),
        )
    return jobs, share


def _class_shares(pretraining: float) -> list[float]:
    return [pretraining if one is PRETRAINING else one.share * (1 - pretraining) for one in CLASSES]


def draw(demand: Demand, rows: tuple[int, ...], replication: int) -> Jobs:
    """Return the jobs of some asks, which do not depend on the other asks. `Jobs.ask` counts within `rows`."""
    if demand.trace is not None:
        return _of_trace(demand, demand.trace, rows, replication)
    parts: list[Drawn] = []
    told: list[_Told] = []
    for place, row in enumerate(rows):
        asked = demand.asked[row]
        for number, (job_class, count) in enumerate(zip(demand.classes, asked.jobs, strict=True)):
            if count:
                stream = Stream(demand.seed, replication, f"{asked.ask.name}/{job_class.name}")
                parts.append(draw_jobs(job_class, count, demand.span_seconds, asked.units_max, stream))
                account = _accounts_of(demand, job_class, count, stream)
                told.append(_told(count, place, number, account, demand.levels[number]))
    if not parts:
        empty = numpy.zeros(0, numpy.int64)
        parts, told = [Drawn(empty, empty, empty, empty)], [_told(0, 0, 0, 0, 0)]
    per_node = numpy.array([demand.asked[row].node_devices for row in rows] or [1])
    return _in_order(parts, told, per_node)


def _accounts_of(demand: Demand, job_class: JobClass, count: int, stream: Stream) -> Any:
    if len(demand.accounts) == 1:
        return 0
    return draw_accounts(job_class, count, numpy.array(demand.account_shares), stream)


def _told(count: int, ask: int, job_class: int, account: Any, level: Any) -> _Told:
    """Return columns; each may be given as one number for all jobs."""
    kinds = zip((ask, job_class, account, level), (numpy.int16, numpy.int8, numpy.int32, numpy.int8), strict=True)
    return _Told(*(numpy.broadcast_to(numpy.asarray(value, kind), count) for value, kind in kinds))


def _trace_of(work: Work, network: Network) -> Trace:
    """Return the jobs of a file; every one of them fits the largest partition at least."""
    trace = read_trace(Path(work.trace or ""))
    largest = max(one.devices for one in network.partitions)
    if max(trace.units) > largest:
        row = max(range(len(trace)), key=trace.units.__getitem__)
        raise NetworkImpossible(
            f"Job {trace.ids[row]} of the trace asks for {trace.units[row]:,} devices; the largest partition has "
            f"{largest:,}.",
            remedy="Take another trace, or a larger network.",
        )
    return trace


def _of_trace(demand: Demand, trace: Trace, rows: tuple[int, ...], replication: int) -> Jobs:
    """Return the jobs of a trace that are of some asks; which ask a job has is drawn, for the trace does not tell."""
    ends = numpy.cumsum(demand.trace_shares)[:-1]
    drawn = Stream(demand.seed, replication, "trace").draw("ask").random(len(trace))
    ask_of = numpy.searchsorted(ends, drawn, side="right")
    ask_of[numpy.frombuffer(trace.submit_seconds, numpy.int64) >= demand.span_seconds] = NO_ASK  # after the last day
    columns = [
        numpy.frombuffer(column, numpy.int64)
        for column in (trace.submit_seconds, trace.runtime_seconds, trace.units, trace.limit_seconds)
    ]
    of_trace = [
        numpy.zeros(len(trace), numpy.int64) if column is None else numpy.frombuffer(column, numpy.int64)
        for column in (trace.accounts, trace.levels)
    ]
    parts, told = [], []
    for place, row in enumerate(rows):
        submit, runtime, units, limit = (column[ask_of == row] for column in columns)
        runtime, limit = runtime.clip(1, SECONDS_MAX), limit.clip(-1, SECONDS_MAX)
        parts.append(Drawn(submit, runtime, numpy.where(limit > 0, limit, runtime), units))
        told.append(_told(len(submit), place, 0, *(column[ask_of == row] for column in of_trace)))
    per_node = numpy.array([demand.asked[row].node_devices for row in rows])
    return _in_order(parts, told, per_node)


def _in_order(parts: Sequence[Drawn], told: Sequence[_Told], per_node: Any) -> Jobs:
    drawn = Drawn(*map(numpy.concatenate, zip(*parts, strict=True)))
    order = numpy.argsort(drawn.submit, kind="stable")
    ask, job_class, account, level = (numpy.concatenate(column)[order] for column in zip(*told, strict=True))
    units = drawn.units[order].astype(numpy.int64)
    node_devices = numpy.minimum(units, per_node[ask]).astype(numpy.int32)
    return Jobs(
        submit=drawn.submit[order].astype(numpy.int64),
        runtime=drawn.runtime[order].astype(numpy.int32),
        limit=drawn.limit[order].astype(numpy.int32),
        units=units,
        nodes=(-(-units // node_devices)).astype(numpy.int32),
        node_devices=node_devices,
        ask=ask,
        job_class=job_class,
        account=account,
        level=level,
    )
