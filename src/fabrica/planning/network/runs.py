"""Run a scenario: each replication of each part of its network once, over the cores, and kept for the next time."""

import concurrent.futures
import hashlib
import multiprocessing
import os
import signal
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from fabrica.planning.network.asks import Ask, groups
from fabrica.planning.network.demand import Demand, demand_of, draw
from fabrica.planning.network.keeping import keep, kept
from fabrica.planning.network.members import Network, network_of
from fabrica.planning.network.partitions import Partition
from fabrica.planning.network.setting import setting_of
from fabrica.planning.network.sums import Tally, empty_tally
from fabrica.planning.network.versions import results_hash
from fabrica.planning.progress import Progress, to_nobody
from fabrica.planning.replay import has_numba
from fabrica.planning.scenarios.scenario import Scenario
from fabrica.planning.trace import Trace

PROGRESS_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scenario gave: one tally of the whole network for each replication.

    `refused`: jobs by ask that no partition of this network can take. `parts`, `parts_kept`: how many parts of the
    network there are, over all replications, and of how many a result was kept from before.
    """

    scenario: Scenario
    network: Network
    demand: Demand
    tallies: tuple[Tally, ...]
    refused: dict[str, int]
    parts: int
    parts_kept: int


@dataclass(frozen=True, slots=True)
class _Part:
    """One replication of one part of the network. `rows`: of the demand's asks. `members`: of the partitions."""

    scenario: Scenario
    demand: Demand
    partitions: tuple[Partition, ...]
    rows: tuple[int, ...]
    members: tuple[int, ...]
    replication: int

    @property
    def asks(self) -> tuple[Ask, ...]:
        return tuple(self.demand.asked[row].ask for row in self.rows)

    @property
    def jobs(self) -> int:
        """How many jobs it has; of a file's jobs as many as it may expect, and at least one."""
        if self.demand.trace is not None:
            return round(len(self.demand.trace) * sum(self.demand.trace_shares[row] for row in self.rows)) or 1
        return sum(sum(self.demand.asked[row].jobs) for row in self.rows) or 1

    def key(self) -> str:
        """Return a name that changes with anything the result depends on."""
        demand, trace = self.demand, self.demand.trace
        told: tuple[object, ...] = (
            results_hash(),
            self.partitions,
            [demand.asked[row] for row in self.rows],
            demand.classes,
            [demand.trace_shares, self.rows] if trace else None,
            demand.span_seconds,
            setting_of(self.scenario, demand, self.replication),
            (demand.account_shares, demand.levels),
        )
        digest = hashlib.sha256(repr(told).encode())
        for column in _columns(trace) if trace else ():
            digest.update(b"" if column is None else column.tobytes())
        return digest.hexdigest()


def _columns(trace: Trace) -> Sequence["array[int] | None"]:
    asked = (trace.submit_seconds, trace.runtime_seconds, trace.units, trace.limit_seconds)
    return (*asked, trace.accounts, trace.levels)


def run_scenario(scenario: Scenario, *, cores: int | None = None, progress: Progress = to_nobody) -> Outcome:
    """Run every replication, and return what they gave. The outcome is the same on any number of cores.

    `progress`: told every second, by the jobs that have arrived.

    Raises:
        NetworkImpossible: the network is empty, names what is not there, or drowns in work.
    """
    network, demand = network_of(scenario), demand_of(scenario)
    parts = list(_parts(scenario, network, demand))
    found: dict[int, Tally] = {}
    for number, part in enumerate(parts):
        tally = kept(part.key())
        if tally is not None:
            found[number] = tally
    missing = [number for number in range(len(parts)) if number not in found]
    if missing:
        _tell_of_compiling(progress)
        for place, tally in _run_all([parts[number] for number in missing], cores, progress):
            keep(parts[missing[place]].key(), tally)
            found[missing[place]] = tally
    tallies = []
    for replication in range(scenario.period.replications):
        own = [(part.members, found[n]) for n, part in enumerate(parts) if part.replication == replication]
        tallies.append(_together(network, demand, scenario, own))
    refused = _refused(network, demand)
    return Outcome(scenario, network, demand, tuple(tallies), refused, len(parts), len(parts) - len(missing))


def _parts(scenario: Scenario, network: Network, demand: Demand) -> Iterator[_Part]:
    asks = [one.ask for one in demand.asked]
    found = groups(asks, network.partitions)
    if scenario.has_grants:  # what is used of a grant in one part is lacking in the others
        rows = tuple(row for own, _ in found for row in own)
        found = ((rows, tuple(range(len(network.partitions)))),)
    for replication in range(scenario.period.replications):
        for rows, members in found:
            if rows:
                yield _Part(
                    scenario, demand, tuple(network.partitions[row] for row in members), rows, members, replication
                )


def _refused(network: Network, demand: Demand) -> dict[str, int]:
    lost = [one for one in demand.asked if not any(one.ask.accepts(place) for place in network.partitions)]
    return {one.ask.name: sum(one.jobs) for one in lost}


def _together(
    network: Network, demand: Demand, scenario: Scenario, parts: Sequence[tuple[tuple[int, ...], Tally]]
) -> Tally:
    """Return the tally of the whole network from those of its parts."""
    whole = empty_tally(len(network.partitions), len(demand.classes), scenario.period.days)
    for members, part in parts:
        for name, sums in zip(Tally._fields, part, strict=True):
            if name in ("never", "refused"):
                getattr(whole, name)[:] += sums
            else:
                getattr(whole, name)[list(members)] += sums
    return whole


def _tell_of_compiling(tell: Progress) -> None:
    if not has_numba():
        tell(0.0, "Numba is not installed, so plain Python runs the network: the same answers, some 100 times slower")
    elif _must_compile():
        tell(0.0, "compiling the network's loop, once on this machine")


def _must_compile() -> bool:
    if not has_numba():
        return False
    from fabrica.planning.network.compiling import is_kept

    return not is_kept()


def _run_all(parts: Sequence[_Part], cores: int | None, tell: Progress) -> Iterator[tuple[int, Tally]]:
    """Run parts over the cores, and tell how far they are; yield each with its place, as they end."""
    workers = min(cores or os.cpu_count() or 1, len(parts))
    if workers > 1:
        _compile_first()
    with tempfile.TemporaryDirectory(prefix="fabrica-") as folder:
        counts = Path(folder) / "arrived"  # a file, for it is what several processes can count in
        arrived = numpy.memmap(counts, numpy.int64, "w+", shape=(len(parts),))
        pool = _pool(workers)
        try:
            waiting = {pool.submit(_run, part, counts, place): place for place, part in enumerate(parts)}
            while waiting:
                ended, _ = concurrent.futures.wait(waiting, PROGRESS_SECONDS, concurrent.futures.FIRST_COMPLETED)
                _tell_how_far(parts, arrived, set(waiting.values()) - {waiting[one] for one in ended}, tell)
                for future in ended:
                    yield waiting.pop(future), future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _pool(workers: int) -> concurrent.futures.Executor:
    """Return where parts run; alone in a thread of this process, so that it needs no other."""
    if workers == 1:
        return concurrent.futures.ThreadPoolExecutor(1)
    spawn = multiprocessing.get_context("spawn")
    return concurrent.futures.ProcessPoolExecutor(workers, mp_context=spawn, initializer=_end_when_interrupted)


def _end_when_interrupted() -> None:
    """Let Ctrl-C end this process at once: a compiled loop would look at it only when the year is over."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _tell_how_far(parts: Sequence[_Part], arrived: Any, unfinished: set[int], tell: Progress) -> None:
    of_parts = [part.jobs for part in parts]
    jobs, so_far = sum(of_parts), sum(map(min, of_parts, map(int, arrived)))
    replications = parts[0].scenario.period.replications
    done = replications - len({parts[place].replication for place in unfinished})
    words = f"{done} of {replications} replications are done, {so_far:,} of {jobs:,} jobs have arrived"
    tell(so_far / jobs, words)


def _compile_first() -> None:
    """Compile in this process, so that the others read what is kept instead of compiling side by side."""
    if _must_compile():
        from fabrica.planning.scenarios.scenario import NetworkPart, Period, Work

        tiny = Scenario(name="", period=Period(days=1, warm_up_days=0), network=NetworkPart(), work=Work(jobs=None))
        part = next(_parts(tiny, network_of(tiny), demand_of(tiny)))
        _run(part)


def _run(part: _Part, counts: Path | None = None, place: int = 0) -> Tally:
    """Run a part. `counts`: a file of integers, of which the one at `place` says how many jobs have arrived."""
    from fabrica.planning.network.year import run_part

    arrived = numpy.zeros(1, numpy.int64)
    if counts is not None:
        arrived = numpy.asarray(numpy.memmap(counts, numpy.int64, "r+", offset=arrived.nbytes * place, shape=(1,)))
    ran = run_part(
        part.partitions,
        part.asks,
        draw(part.demand, part.rows, part.replication),
        setting_of(part.scenario, part.demand, part.replication),
        [one.activity for one in part.demand.classes],
        arrived,
    )
    arrived[0] = part.jobs
    return ran
