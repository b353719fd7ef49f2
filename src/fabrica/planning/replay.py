"""Replay a trace on one cluster: check that it can be, choose the compiled or the plain loop, return every start.

The policies alone have loops of their own; with further rules a trace is replayed on a site (see site_replay.py).
"""

import dataclasses
import importlib.util
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any

from fabrica.planning.engine.jobs import Jobs
from fabrica.planning.options import Options, check_options, rules_of
from fabrica.planning.site_replay import NO_RATES, Outcome, SiteTask, compiled_work, plain_work
from fabrica.planning.trace import Trace
from fabrica.wire.planning import ClusterImpossible, JobsTooLarge, LimitsMissing, OptionsImpossible, TraceMalformed

JOBS_NAMED = 10
PROGRESS_SECONDS = 3
UNITS_MAX = 10**8


class Policy(StrEnum):
    """Who may start before whom. The rules are in docs/explanation/twin.md."""

    FIFO = "fifo"
    EASY = "easy"
    CONSERVATIVE = "conservative"
    PRIORITY = "priority"


class Estimates(StrEnum):
    """What a job is planned with: its true run time, or the limit its user asked for."""

    EXACT = "exact"
    LIMIT = "limit"


@dataclasses.dataclass(frozen=True, slots=True)
class Cluster:
    """So many units; with `node_devices`, on nodes of that many devices each."""

    capacity: int
    node_devices: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Replay:
    """What happened. `start_seconds`: shape (jobs,), in the order of the trace."""

    trace: Trace
    cluster: Cluster
    policy: Policy
    estimates: Estimates
    start_seconds: "array[int]"
    compiled: bool
    cpu_seconds: float
    """Processor time of the loop alone, without compiling and reading."""
    outcome: Outcome | None = None
    """What came of further rules; null where there were none."""

    def ends(self) -> Iterator[int]:
        """Return when each job ended, one by one; -1 where it never did."""
        if self.outcome is not None:
            return iter(self.outcome.end_seconds)
        columns = zip(self.start_seconds, self.trace.runtime_seconds, strict=True)
        return (start + runtime for start, runtime in columns)


def replay(
    trace: Trace,
    cluster: Cluster,
    policy: Policy,
    estimates: Estimates = Estimates.EXACT,
    *,
    options: Options | None = None,
    rates: tuple[Sequence[float], Sequence[float]] = NO_RATES,
    plain: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Replay:
    """Run every job of the trace on the cluster and return when each starts.

    `options`: rules beyond the policy. `rates`: carbon intensity and price by the hour, summed over what is in use.
    `plain`: use the reference in plain Python even where Numba is installed; the starts are the same.
    `progress`: called now and then from the caller's thread with the number of jobs that have arrived, or are done.

    Raises:
        ClusterImpossible: no units, or units that are not whole nodes.
        JobsTooLarge: some jobs never fit.
        LimitsMissing: planning with limits was asked, and no job has one.
        OptionsImpossible: rules that do not go together.
        TraceMalformed: there is no job.
    """
    _check(trace, cluster, policy, estimates)
    limit = trace.limit_seconds if estimates is Estimates.LIMIT else trace.runtime_seconds
    start = array("q", bytes(8 * len(trace)))
    plain = plain or not has_numba()
    if needs_site(policy, options):
        is_fair, size = policy is Policy.PRIORITY, (cluster.capacity, cluster.node_devices)
        options = options or Options()
        check_options(options, trace, *size, is_fair)
        counts_levels = is_fair or options.saving_seconds is not None  # under `easy` arrival orders the queue
        told = trace if counts_levels else dataclasses.replace(trace, levels=None)
        task = SiteTask(told, limit, rules_of(options, told, *size, is_fair), options, start, rates)
        run, done, outcome = (plain_work if plain else compiled_work)(task)
        cpu_seconds = _watched(run, done, progress)
        return Replay(trace, cluster, policy, estimates, start, not plain, cpu_seconds, outcome())
    jobs = Jobs(trace.submit_seconds, trace.runtime_seconds, trace.units, limit, start)
    act, counter = (_plain_loop if plain else _compiled_loop)(jobs, cluster, policy)
    cpu_seconds = _watched(act, lambda: int(counter[0]), progress)
    return Replay(trace, cluster, policy, estimates, start, not plain, cpu_seconds)


def needs_site(policy: Policy, options: Options | None) -> bool:
    """Return whether a replay has rules beyond those of a policy's own loop.

    Raises:
        OptionsImpossible: the policy cannot have them.
    """
    if policy is Policy.PRIORITY or options in (None, Options()):
        return policy is Policy.PRIORITY
    if policy is not Policy.EASY:
        raise OptionsImpossible(
            f"The policy {policy.value} has no windows, stops, grants, levels or leaves.",
            remedy="Take the policy easy, or priority for fair share.",
        )
    return True


def has_numba() -> bool:
    """Return whether the loops can be compiled here."""
    return importlib.util.find_spec("numba") is not None


def must_compile(policy: Policy, options: Options | None = None) -> bool:
    """Return whether the first replay has to compile, which takes some tens of seconds."""
    if not has_numba():
        return False
    from fabrica.planning.engine.compiling import is_kept

    return not is_kept("site.advance" if needs_site(policy, options) else f"{policy.value}.{policy.value}")


def _check(trace: Trace, cluster: Cluster, policy: Policy, estimates: Estimates) -> None:
    if not len(trace):
        raise TraceMalformed("The trace has no job.", remedy="Give a trace with one line for each job.")
    if not 0 < cluster.capacity <= UNITS_MAX:
        raise ClusterImpossible(
            f"A cluster of {cluster.capacity} units cannot be.",
            remedy=f"Give a capacity from 1 to {UNITS_MAX:,} units.",
            capacity=cluster.capacity,
        )
    if cluster.node_devices and cluster.capacity % cluster.node_devices:
        below = cluster.capacity - cluster.capacity % cluster.node_devices
        raise ClusterImpossible(
            f"{cluster.capacity} units are not a whole number of nodes with {cluster.node_devices} devices.",
            remedy=f"Take {f'{below} or ' if below else ''}{below + cluster.node_devices} units.",
            capacity=cluster.capacity,
            node_devices=cluster.node_devices,
        )
    if cluster.node_devices and policy is Policy.CONSERVATIVE:
        raise ClusterImpossible(
            "Conservative backfilling plans every start by counts of units, not by nodes.",
            remedy="Leave the nodes out, or take the policy easy.",
        )
    if estimates is Estimates.LIMIT and max(trace.limit_seconds) < 0:
        raise LimitsMissing(
            "No job of the trace has a time limit, so none can be planned with it.",
            remedy="Plan with exact run times, or add a column 'limit_s' to the trace.",
        )
    if max(trace.units) > cluster.capacity:
        _refuse_large(trace, cluster.capacity)


def _refuse_large(trace: Trace, capacity: int) -> None:
    large = [row for row, units in enumerate(trace.units) if units > capacity]
    named = ", ".join(f"{trace.ids[row]} ({trace.units[row]} units)" for row in large[:JOBS_NAMED])
    more = f" and {len(large) - JOBS_NAMED} more" if len(large) > JOBS_NAMED else ""
    raise JobsTooLarge(
        f"{len(large)} of {len(trace)} jobs ask for more than the {capacity} units of the cluster: {named}{more}.",
        remedy=f"Take a larger capacity (the largest job asks for {max(trace.units)}), "
        f"or cut such jobs with --units-max {capacity}.",
        jobs=[str(trace.ids[row]) for row in large[:1000]],
        count=len(large),
        capacity=capacity,
    )


def _plain_loop(jobs: Jobs, cluster: Cluster, policy: Policy) -> tuple[Callable[[], None], Any]:
    from fabrica.planning.engine import plain
    from fabrica.planning.engine.plain_cluster import PlainCluster

    loops = {
        Policy.FIFO: plain.plain_fifo,
        Policy.EASY: plain.plain_easy,
        Policy.CONSERVATIVE: plain.plain_conservative,
    }
    progress = [0]
    machine = PlainCluster(cluster.capacity, cluster.node_devices)
    return lambda: loops[policy](jobs, machine, progress), progress


def _compiled_loop(jobs: Jobs, cluster: Cluster, policy: Policy) -> tuple[Callable[[], None], Any]:
    from fabrica.planning.engine import loops

    loops.compile_loop(policy.value)
    return loops.loop(jobs, policy.value, cluster.capacity, cluster.node_devices)


def _watched(act: Callable[[], None], done: Callable[[], int], progress: Callable[[int], None] | None) -> float:
    """Act in a thread, tell now and then how much is done, and return the CPU seconds."""
    import threading

    spent: list[float] = []
    failures: list[BaseException] = []

    def timed() -> None:
        begun = time.thread_time()
        try:
            act()
        except BaseException as failure:
            failures.append(failure)
        spent.append(time.thread_time() - begun)

    thread = threading.Thread(target=timed, name="replay", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(PROGRESS_SECONDS)
        if progress is not None and thread.is_alive():
            progress(done())
    if failures:
        raise failures[0]
    return spent[0]
