"""Figures of a replay small enough to count by hand."""

from fabrica.planning.figures import figures
from fabrica.planning.replay import Cluster, Policy, replay
from tests.planning.builders import make_trace


def test_figures_are_what_one_counts_by_hand() -> None:
    trace = make_trace([(0, 10, 4, -1), (2, 10, 2, -1), (4, 20, 2, -1)])
    found = figures(replay(trace, Cluster(4), Policy.FIFO, plain=True))
    assert (found.jobs, found.mean_wait_s, found.longest_wait_s) == (3, 4.67, 8)
    assert found.p95_wait_s == 8  # 0, 6, 8: nine tenths of the way from 6 to 8 is 7.8
    assert found.waiting_share == 0.6667
    assert (found.makespan_s, found.use) == (30, 0.8333)


def test_jobs_that_all_end_at_second_nought_use_nothing() -> None:
    found = figures(replay(make_trace([(0, 0, 4, -1)]), Cluster(4), Policy.FIFO, plain=True))
    assert (found.makespan_s, found.use) == (0, 0.0)
