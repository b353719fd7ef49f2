"""The tree of a line finds what a look at every job of it finds, whoever came and left before."""

from itertools import pairwise

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from fabrica.planning.engine.table import NOBODY, job_table
from fabrica.planning.engine.waiting import first_of, first_passing, insert, next_of, remove

JOBS = 40
numbers = st.integers(0, JOBS - 1)


@given(
    asked=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=JOBS, max_size=JOBS),
    moves=st.lists(numbers, max_size=120),
    first=numbers,
    gate=st.tuples(*[st.integers(0, 9)] * 5),
)
def test_a_search_finds_the_first_job_that_a_look_at_all_finds(
    asked: list[tuple[int, int]], moves: list[int], first: int, gate: tuple[int, int, int, int, int]
) -> None:
    units, planned = numpy.array(asked).T
    jobs, root, waiting = job_table(numpy.zeros(JOBS), 1, units, planned), NOBODY, set[int]()
    for job in moves:  # a job that waits leaves, another one comes
        root = remove(jobs, root, job) if job in waiting else insert(jobs, root, job)
        waiting ^= {job}
    most, seconds, spare, window_seconds, window_room = gate
    passing = [
        job
        for job in sorted(waiting)
        if job >= first
        and units[job] <= most
        and (planned[job] <= seconds or units[job] <= spare)
        and (planned[job] <= window_seconds or units[job] <= window_room)
    ]
    assert first_passing(jobs, root, first, gate) == next(iter(passing), NOBODY)
    assert (root == NOBODY) == (not waiting)
    assert not waiting or first_of(jobs, root) == min(waiting)
    for job, after in pairwise([*sorted(waiting), NOBODY]):
        assert next_of(jobs, job) == after
