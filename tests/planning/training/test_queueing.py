"""A training waits in the twin as any job of its size would."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.planning.trace import Trace
from fabrica.planning.training.queueing import PROBES, queue_wait
from fabrica.wire.planning import JobsTooLarge
from tests.planning.builders import CAPACITY, make_trace, small_traces


def test_an_empty_machine_starts_it_at_once() -> None:
    found = queue_wait(make_trace([(0, 5, 1, -1), (1000, 5, 1, -1)]), "quiet", CAPACITY, CAPACITY // 2, 100)
    assert (found.least_seconds, found.median_seconds, found.most_seconds) == (0, 0, 0)
    assert (found.trace_name, found.capacity, found.moments) == ("quiet", CAPACITY, PROBES)


def test_a_full_machine_makes_it_wait_for_the_end_of_what_runs() -> None:
    trace = make_trace([(0, 1000, CAPACITY, -1), (800, 1, 1, -1)])
    found = queue_wait(trace, "full", CAPACITY, CAPACITY, 10)
    assert found.most_seconds == 1000
    assert found.least_seconds == 1000 - 600


def test_what_is_larger_than_the_machine_is_refused() -> None:
    with pytest.raises(JobsTooLarge):
        queue_wait(make_trace([(0, 5, 1, -1)]), "small", CAPACITY, CAPACITY + 1, 10)


@settings(max_examples=10)
@given(small_traces(runtime_min=1), st.integers(1, CAPACITY))
def test_waits_are_ordered_and_never_negative(trace: Trace, units: int) -> None:
    found = queue_wait(trace, "any", CAPACITY, units, 5)
    assert 0 <= found.least_seconds <= found.median_seconds <= found.most_seconds
