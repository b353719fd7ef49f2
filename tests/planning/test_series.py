"""Means over time are exact, and every job is in one class of size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.replay import Cluster, Policy, replay
from fabrica.planning.series import over_time, wait_by_size
from fabrica.planning.trace import Trace
from tests.planning.builders import CAPACITY, make_trace, small_traces


def test_means_over_time_are_what_one_counts_by_hand() -> None:
    done = replay(make_trace([(0, 10, 4, -1), (2, 10, 2, -1)]), Cluster(4), Policy.FIFO, plain=True)
    times = over_time(done, bins=4)
    assert times.bin_seconds == 5
    assert times.units_in_use == [4, 4, 2, 2]
    assert times.jobs_queued == pytest.approx([0.6, 1, 0, 0])


@given(trace=small_traces(runtime_min=1), bins=st.integers(1, 50))
def test_no_work_and_no_wait_is_lost_in_the_bins(trace: Trace, bins: int) -> None:
    done = replay(trace, Cluster(CAPACITY), Policy.EASY, plain=True)
    times = over_time(done, bins)
    work = sum(units * seconds for units, seconds in zip(trace.units, trace.runtime_seconds, strict=True))
    waited = sum(start - submit for start, submit in zip(done.start_seconds, trace.submit_seconds, strict=True))
    assert sum(times.units_in_use) * times.bin_seconds == pytest.approx(work)
    assert sum(times.jobs_queued) * times.bin_seconds == pytest.approx(waited, abs=1e-6)
    assert all(0 <= units <= CAPACITY + 1e-9 for units in times.units_in_use)


@given(trace=small_traces())
def test_every_job_is_in_the_class_of_its_size(trace: Trace) -> None:
    classes = wait_by_size(replay(trace, Cluster(CAPACITY), Policy.FIFO, plain=True))
    for one in classes:
        assert one.jobs == sum(one.units_min <= units <= one.units_max for units in trace.units)
    assert sum(one.jobs for one in classes) == len(trace)
