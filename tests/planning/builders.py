"""Traces for tests: by hand, and any small one."""

from array import array
from collections.abc import Sequence

from hypothesis import strategies as st

from fabrica.planning.trace import Trace

CAPACITY = 16

Job = tuple[int, int, int, int]
"""Submit, run time, units, limit (-1 for none)."""


def make_trace(jobs: Sequence[Job]) -> Trace:
    """Return the trace of these jobs, which are in order of submission."""
    submit, runtime, units, limit = (array("q", column) for column in zip(*jobs, strict=True))
    return Trace([str(row + 1) for row in range(len(jobs))], submit, runtime, units, limit)


def small_traces(runtime_min: int = 0) -> st.SearchStrategy[Trace]:
    """Return traces of a few jobs that contend for 16 units: many at one instant, some of no length, some over-runs."""
    job = st.tuples(
        st.integers(0, 30), st.integers(runtime_min, 12), st.integers(1, CAPACITY), st.just(-1) | st.integers(0, 20)
    )
    return st.lists(job, min_size=1, max_size=40).map(lambda jobs: make_trace(sorted(jobs, key=lambda one: one[0])))
