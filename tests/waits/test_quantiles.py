"""Quantiles and their bounds."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.waits.quantiles import empirical, upper_bound

values = st.lists(st.integers(0, 10**6), min_size=1, max_size=300).map(sorted)


@given(values, st.floats(0.01, 0.99))
def test_at_least_the_share_stays_within_the_quantile_and_fewer_within_the_value_before(
    ordered: list[float], share: float
) -> None:
    found = empirical(ordered, share)
    within = sum(value <= found for value in ordered)
    under = sum(value < found for value in ordered)
    assert within >= share * len(ordered) - 1e-6
    assert under < share * len(ordered) + 1e-6


@given(values, st.floats(0.05, 0.95))
def test_the_bound_is_one_of_the_values_and_no_less_than_the_quantile(ordered: list[float], share: float) -> None:
    bound = upper_bound(ordered, share)
    if bound is not None:
        assert bound in ordered
        assert bound >= empirical(ordered, share)


@pytest.mark.parametrize(("share", "fewest"), [(0.5, 5), (0.9, 29), (0.95, 59), (0.99, 299)])
def test_the_fewest_values_that_bound_a_quantile_are_those_of_the_tables(share: float, fewest: int) -> None:
    assert upper_bound(list(range(fewest - 1)), share) is None
    assert upper_bound(list(range(fewest)), share) == fewest - 1


def test_the_bound_holds_the_true_quantile_as_often_as_it_says() -> None:
    draw = random.Random(7)
    held = sum((upper_bound(sorted(draw.random() for _ in range(60)), 0.9) or 0) >= 0.9 for _ in range(2_000))
    assert held / 2_000 >= 0.94


@pytest.mark.parametrize(("share", "confidence"), [(0.0, 0.9), (1.0, 0.9), (0.5, 1.0), (0.5, 0.0)])
def test_a_share_that_is_none_is_refused(share: float, confidence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        upper_bound([1, 2, 3], share, confidence)
