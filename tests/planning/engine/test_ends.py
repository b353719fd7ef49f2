"""The heap gives the jobs back in the order of their ends, and at one instant in the order of the queue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from fabrica.planning.engine.ends import no_ends, pop_end, push_end


@given(times=st.lists(st.integers(0, 9), min_size=1, max_size=60), popped_between=st.integers(0, 5))
def test_jobs_come_out_by_end_and_then_by_queue(times: list[int], popped_between: int) -> None:
    ends, waiting, out = no_ends(len(times)), list[tuple[int, int]](), list[tuple[int, int]]()
    for job, time in enumerate(times):
        push_end(ends, time, job)
        waiting.append((time, job))
        if popped_between and job % (popped_between + 1) == popped_between:
            out.append(min(waiting))
            assert pop_end(ends) == out[-1][1]
            waiting.remove(out[-1])
    assert [pop_end(ends) for _ in range(len(waiting))] == [job for _, job in sorted(waiting)]
