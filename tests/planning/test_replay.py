"""Replays whose answers were worked out by hand, and those of a real trace that two other programs agreed on."""

from pathlib import Path

import pytest

from fabrica.planning.engine.jobs import Jobs
from fabrica.planning.figures import figures
from fabrica.planning.replay import Cluster, Estimates, Policy, Replay, has_numba, replay
from fabrica.planning.trace import Trace
from fabrica.planning.traces.reading import read_trace
from fabrica.planning.workload import Load, make_load
from fabrica.wire.planning import ClusterImpossible, JobsTooLarge, LimitsMissing
from tests.planning.builders import make_trace

# Submit, run time, units, limit; on 4 units. Job 1 holds 3 until 10, so job 2 heads the queue until then.
FIVE = make_trace([(0, 10, 3, 20), (1, 5, 2, 5), (2, 4, 1, 4), (3, 12, 1, 12), (4, 3, 4, 3)])
# Job 4 may pass job 2, which EASY protects, but not job 3, which only conservative backfilling protects.
THIRD = make_trace([(0, 10, 3, -1), (1, 5, 2, -1), (2, 1, 4, -1), (3, 20, 1, -1)])
BY_HAND = [
    (FIVE, Policy.FIFO, Estimates.EXACT, [0, 10, 10, 10, 22]),
    (FIVE, Policy.EASY, Estimates.EXACT, [0, 10, 2, 6, 18]),
    (FIVE, Policy.EASY, Estimates.LIMIT, [0, 10, 2, 6, 18]),
    (FIVE, Policy.CONSERVATIVE, Estimates.EXACT, [0, 10, 2, 6, 18]),
    (THIRD, Policy.FIFO, Estimates.EXACT, [0, 10, 15, 16]),
    (THIRD, Policy.EASY, Estimates.EXACT, [0, 10, 23, 3]),
    (THIRD, Policy.CONSERVATIVE, Estimates.EXACT, [0, 10, 15, 16]),
]
loops = pytest.mark.parametrize(
    "plain", [True, pytest.param(False, marks=pytest.mark.skipif(not has_numba(), reason="Numba is not installed"))]
)


@loops
@pytest.mark.parametrize(("trace", "policy", "estimates", "expected"), BY_HAND)
def test_a_replay_gives_the_starts_worked_out_by_hand(
    trace: Trace, policy: Policy, estimates: Estimates, expected: list[int], plain: bool
) -> None:
    assert list(replay(trace, Cluster(4), policy, estimates, plain=plain).start_seconds) == expected


@loops
def test_an_end_frees_its_units_for_an_arrival_of_the_same_second(plain: bool) -> None:
    trace = make_trace([(0, 5, 4, -1), (5, 1, 4, -1)])
    assert list(replay(trace, Cluster(4), Policy.FIFO, plain=plain).start_seconds) == [0, 5]


@loops
def test_jobs_of_no_length_pass_one_after_the_other_within_a_second(plain: bool) -> None:
    trace = make_trace([(3, 0, 4, -1)] * 3)
    for policy in (Policy.FIFO, Policy.EASY, Policy.CONSERVATIVE):
        assert list(replay(trace, Cluster(4), policy, plain=plain).start_seconds) == [3, 3, 3]


@loops
def test_an_over_run_is_planned_with_its_run_time(plain: bool) -> None:
    trace = make_trace([(0, 10, 3, 2), (1, 5, 4, 5), (2, 8, 1, 8), (2, 9, 1, 9)])
    done = replay(trace, Cluster(4), Policy.EASY, Estimates.LIMIT, plain=plain)
    assert list(done.start_seconds) == [0, 10, 2, 15], "planned until 10, not 2: a job that ends at 10 may pass"


@loops
def test_a_job_waits_for_whole_nodes_though_enough_devices_are_free(plain: bool) -> None:
    fragmented = make_trace([(0, 10, 3, -1), (0, 20, 3, -1), (1, 5, 2, -1), (2, 15, 1, -1), (3, 5, 1, -1)])
    done = replay(fragmented, Cluster(8, node_devices=4), Policy.EASY, plain=plain)
    assert list(done.start_seconds) == [0, 0, 10, 10, 3], "two free, one on each node: only what ends by 10 may pass"


def test_compiled_and_plain_loops_agree_on_a_load_with_long_queues() -> None:
    pytest.importorskip("numba")
    trace = make_load(Load(2_000, 1024, size_doublings=9), seed=5)
    for policy, node_devices in ((Policy.FIFO, 8), (Policy.EASY, 0), (Policy.EASY, 8), (Policy.CONSERVATIVE, 0)):
        cluster = Cluster(1024, node_devices)
        plain = replay(trace, cluster, policy, Estimates.LIMIT, plain=True)
        assert replay(trace, cluster, policy, Estimates.LIMIT).start_seconds == plain.start_seconds


def test_jobs_larger_than_the_cluster_are_refused_by_name() -> None:
    with pytest.raises(JobsTooLarge, match=r"2 of 3 jobs .* 1 \(5 units\), 3 \(9 units\)") as refused:
        replay(make_trace([(0, 1, 5, -1), (0, 1, 4, -1), (1, 1, 9, -1)]), Cluster(4), Policy.FIFO)
    assert refused.value.facts["jobs"] == ["1", "3"]
    assert "--units-max 4" in refused.value.remedy


def test_units_that_are_no_whole_nodes_are_refused_with_the_nearest_that_are() -> None:
    with pytest.raises(ClusterImpossible, match="12") as refused:
        replay(FIVE, Cluster(12, node_devices=8), Policy.EASY)
    assert refused.value.remedy == "Take 8 or 16 units."


def test_planning_with_limits_that_nobody_has_is_refused() -> None:
    with pytest.raises(LimitsMissing):
        replay(THIRD, Cluster(4), Policy.EASY, Estimates.LIMIT)


def test_a_failure_in_the_loop_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(jobs: Jobs, cluster: object, progress: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("fabrica.planning.engine.plain.plain_fifo", broken)
    with pytest.raises(MemoryError, match="no room"):
        replay(FIVE, Cluster(4), Policy.FIFO, plain=True)


# Alibaba's PAI cluster, one sampled year: the file lies beside the repository where it may be had.
PAI = Path(__file__).resolve().parents[3] / "shared" / "data" / "traces" / "pai_100k.csv.gz"
with_pai = pytest.mark.skipif(not PAI.exists(), reason=f"there is no trace {PAI.name} beside the repository")


def pai(capacity: int, policy: Policy, units_max: int | None = 128) -> Replay:
    return replay(read_trace(PAI, units_max), Cluster(capacity), policy)


@with_pai
@pytest.mark.parametrize(
    ("capacity", "units_max", "mean", "p95", "longest", "use"),
    [
        (160, 128, 20603.68, 91230, 210456, 0.7189),
        (144, 128, 63098.19, 207605, 329697, 0.7988),
        (192, 128, 4512.21, 28250, 102188, 0.5991),
        (512, None, 0.72, 0, 6316, 0.2255),
    ],
)
def test_fifo_meets_the_reference_answers_exactly(
    capacity: int, units_max: int | None, mean: float, p95: int, longest: int, use: float
) -> None:
    found = figures(pai(capacity, Policy.FIFO, units_max))
    assert (found.mean_wait_s, found.p95_wait_s, found.longest_wait_s, found.use) == (mean, p95, longest, use)


@with_pai
@pytest.mark.parametrize(("capacity", "mean", "p95"), [(160, 3931, 23734), (144, 7881, 41720)])
def test_easy_meets_the_reference_answers(capacity: int, mean: int, p95: int) -> None:
    found = figures(pai(capacity, Policy.EASY))
    assert found.mean_wait_s == pytest.approx(mean, rel=0.05)
    assert found.p95_wait_s == pytest.approx(p95, rel=0.05)
