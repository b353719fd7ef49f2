"""What holds for every trace, under every policy: the rules of docs/explanation/twin.md."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.engine.plain_timeline import PlainTimeline
from fabrica.planning.replay import Cluster, Estimates, Policy, replay
from fabrica.planning.trace import Trace
from tests.planning import published_rules
from tests.planning.builders import CAPACITY, make_trace, small_traces

COUNTS, NODES = Cluster(CAPACITY), Cluster(CAPACITY, node_devices=4)
CASES = [
    (policy, cluster)
    for policy in (Policy.FIFO, Policy.EASY, Policy.CONSERVATIVE)
    for cluster in (COUNTS, NODES)
    if (policy, cluster) != (Policy.CONSERVATIVE, NODES)
]
both_estimates = pytest.mark.parametrize("estimates", list(Estimates))
every_case = pytest.mark.parametrize(("policy", "cluster"), CASES)


def starts(trace: Trace, cluster: Cluster, policy: Policy, estimates: Estimates, *, plain: bool = True) -> list[int]:
    """Return every start; an estimate is the run time where no job has a limit."""
    if max(trace.limit_seconds) < 0:
        estimates = Estimates.EXACT
    return list(replay(trace, cluster, policy, estimates, plain=plain).start_seconds)


def used(trace: Trace, begun: Sequence[int], instant: int) -> int:
    """Return the units of all jobs that run during the second that begins at an instant."""
    jobs = zip(begun, trace.runtime_seconds, trace.units, strict=True)
    return sum(units for start, runtime, units in jobs if start <= instant < start + runtime)


def planned_seconds(trace: Trace, row: int, estimates: Estimates) -> int:
    limit = trace.limit_seconds[row] if estimates is Estimates.LIMIT else 0
    return max(limit, trace.runtime_seconds[row], 1)


@every_case
@both_estimates
@given(trace=small_traces())
def test_starts_are_those_of_the_published_rules(
    policy: Policy, cluster: Cluster, estimates: Estimates, trace: Trace
) -> None:
    by_limit = estimates is Estimates.LIMIT and max(trace.limit_seconds) >= 0
    columns = (trace.submit_seconds, trace.runtime_seconds, trace.units, trace.limit_seconds)
    jobs = [
        published_rules.Job(submit, runtime, units, None if limit < 0 else limit)
        for submit, runtime, units, limit in zip(*columns, strict=True)
    ]
    devices = cluster.node_devices or cluster.capacity
    told = published_rules.starts(jobs, cluster.capacity // devices, devices, policy, by_limit=by_limit)
    assert starts(trace, cluster, policy, estimates) == told


@every_case
@both_estimates
@given(trace=small_traces())
def test_compiled_and_plain_loops_give_the_same_starts(
    policy: Policy, cluster: Cluster, estimates: Estimates, trace: Trace
) -> None:
    pytest.importorskip("numba")
    plain = starts(trace, cluster, policy, estimates)
    assert starts(trace, cluster, policy, estimates, plain=False) == plain


@every_case
@both_estimates
@given(trace=small_traces())
def test_no_unit_is_used_twice_and_no_job_starts_before_it_arrives(
    policy: Policy, cluster: Cluster, estimates: Estimates, trace: Trace
) -> None:
    begun = starts(trace, cluster, policy, estimates)
    assert all(start >= submit for start, submit in zip(begun, trace.submit_seconds, strict=True))
    assert all(used(trace, begun, instant) <= CAPACITY for instant in begun)


@every_case
@given(trace=small_traces())
def test_work_is_conserved(policy: Policy, cluster: Cluster, trace: Trace) -> None:
    begun = starts(trace, cluster, policy, Estimates.EXACT)
    last = max(start + runtime for start, runtime in zip(begun, trace.runtime_seconds, strict=True))
    work = sum(units * runtime for units, runtime in zip(trace.units, trace.runtime_seconds, strict=True))
    assert sum(used(trace, begun, instant) for instant in range(last)) == work


@pytest.mark.parametrize("cluster", [COUNTS, NODES])
@given(trace=small_traces())
def test_fifo_starts_in_the_order_of_the_queue(cluster: Cluster, trace: Trace) -> None:
    begun = starts(trace, cluster, Policy.FIFO, Estimates.EXACT)
    assert begun == sorted(begun)


@given(trace=small_traces(runtime_min=1))
def test_fifo_starts_a_job_as_soon_as_it_is_first_and_fits(trace: Trace) -> None:
    begun = starts(trace, COUNTS, Policy.FIFO, Estimates.EXACT)
    before = 0
    for row, start in enumerate(begun):
        first_at = max(trace.submit_seconds[row], before)
        earlier = begun[:row]
        for instant in range(first_at, start):
            running = [
                trace.units[one]
                for one in range(row)
                if earlier[one] <= instant < earlier[one] + trace.runtime_seconds[one]
            ]
            assert sum(running) + trace.units[row] > CAPACITY
        before = start


@given(trace=small_traces(runtime_min=1))
def test_easy_never_delays_the_reservation_of_the_head(trace: Trace) -> None:
    """With exact estimates, a job that heads the queue starts no later than if nobody had passed it from then on."""
    begun = starts(trace, COUNTS, Policy.EASY, Estimates.EXACT)
    for row, start in enumerate(begun):
        became_head = max([trace.submit_seconds[row], *begun[:row]])
        ends = [
            (begun[one] + trace.runtime_seconds[one], trace.units[one])
            for one in range(len(begun))
            if begun[one] + trace.runtime_seconds[one] > became_head
            and (begun[one] < became_head or (begun[one] == became_head and one < row))
        ]
        promised, free = became_head, CAPACITY - sum(units for _, units in ends)
        for end, units in sorted(ends):
            if free >= trace.units[row]:
                break
            promised, free = end, free + units
        assert start <= promised


@given(trace=small_traces(), data=st.data())
def test_conservative_never_makes_the_start_a_job_was_promised_later(trace: Trace, data: st.DataObject) -> None:
    """Neither an arrival nor an early end does. A replay of what was known when a job arrived shows its promise."""
    begun = starts(trace, COUNTS, Policy.CONSERVATIVE, Estimates.LIMIT)
    row = data.draw(st.integers(0, len(trace) - 1))
    known = as_known_at_arrival(trace, begun, row)
    assert begun[row] <= starts(known, COUNTS, Policy.CONSERVATIVE, Estimates.LIMIT)[row]


def as_known_at_arrival(trace: Trace, begun: Sequence[int], row: int) -> Trace:
    """Return the trace up to a job, in which what had not ended when it arrived runs as long as it is planned."""
    now = trace.submit_seconds[row]
    estimates = Estimates.LIMIT if max(trace.limit_seconds) >= 0 else Estimates.EXACT
    jobs = []
    for one in range(row + 1):
        runtime, planned = trace.runtime_seconds[one], planned_seconds(trace, one, estimates)
        had_ended = begun[one] < now and begun[one] + runtime <= now
        jobs.append((trace.submit_seconds[one], runtime if had_ended else planned, trace.units[one], planned))
    return make_trace(jobs)


@given(trace=small_traces(runtime_min=1))
def test_conservative_with_exact_estimates_plans_once_and_keeps_it(trace: Trace) -> None:
    timeline, planned = PlainTimeline(CAPACITY), []
    for row, now in enumerate(trace.submit_seconds):
        timeline.forget_before(now)
        seconds = trace.runtime_seconds[row]
        planned.append(timeline.earliest(now, seconds, trace.units[row]))
        timeline.change(planned[-1], planned[-1] + seconds, -trace.units[row])
    assert starts(trace, COUNTS, Policy.CONSERVATIVE, Estimates.EXACT) == planned


@given(trace=small_traces(), extra=st.integers(1, 8))
def test_the_same_trace_gives_the_same_starts_again(trace: Trace, extra: int) -> None:
    cluster = Cluster(CAPACITY + extra)
    assert starts(trace, cluster, Policy.EASY, Estimates.LIMIT) == starts(trace, cluster, Policy.EASY, Estimates.LIMIT)
