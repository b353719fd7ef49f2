"""The trees of minima find what a look at every job of the queue finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from fabrica.planning.engine.queue import NOTHING, empty_tree, next_at_most, next_passing, put

JOBS = 21
values = st.lists(st.none() | st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=JOBS, max_size=JOBS)


@given(
    queued=values,
    left=st.sets(st.integers(0, JOBS - 1)),
    first=st.integers(0, 40),
    limits=st.tuples(*[st.integers(0, 9)] * 3),
)
def test_a_search_finds_the_first_job_that_a_look_at_all_finds(
    queued: list[tuple[int, int] | None], left: set[int], first: int, limits: tuple[int, int, int]
) -> None:
    units, seconds = empty_tree(JOBS), empty_tree(JOBS)
    for job, asked in enumerate(queued):
        if asked is not None:
            put(units, job, asked[0])
            put(seconds, job, asked[1])
    for job in left:
        put(units, job, NOTHING)
        put(seconds, job, NOTHING)
    stay = [(job, asked) for job, asked in enumerate(queued) if asked is not None and job not in left and job >= first]
    most, window, spare = limits
    fits = [job for job, asked in stay if asked[0] <= most]
    passes = [job for job, asked in stay if asked[0] <= most and (asked[1] <= window or asked[0] <= spare)]
    assert next_at_most(units, first, most) == next(iter(fits), -1)
    assert next_passing(units, seconds, first, most, window, spare) == next(iter(passes), -1)
    assert next_at_most(units, first, NOTHING - 1) == next((job for job, _ in stay), -1)
