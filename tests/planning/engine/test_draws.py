"""Draws depend on seed and number alone, and are the same compiled and plain."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from fabrica.planning.engine.draws import draw
from fabrica.planning.engine.plain_draws import plain_draw


@given(seed=st.integers(0, 2**31), number=st.integers(0, 2**40))
def test_compiled_and_plain_draws_are_the_same(seed: int, number: int) -> None:
    found = draw(seed, number)
    assert found == plain_draw(seed, number)
    assert 0 < found < 1


def test_draws_are_even() -> None:
    drawn = [plain_draw(11, number) for number in range(20_000)]
    for tenth in range(10):
        assert sum(tenth <= 10 * one < tenth + 1 for one in drawn) == pytest.approx(2000, abs=200)
    following = itertools.pairwise(drawn)
    assert sum(one < 0.5 and two < 0.5 for one, two in following) == pytest.approx(5000, abs=300)
