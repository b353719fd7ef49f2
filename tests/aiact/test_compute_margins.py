"""Margins: a threshold is crossed above it, the band of 30 % is told, and a plan is warned of before it runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact import library
from fabrica.aiact.compute import account
from fabrica.aiact.compute_margins import margins_of, planned_margins, state_of
from fabrica.wire.accounts import ComputeTotal, Margin, RecordedRun
from tests.aiact.samples import event, make_run


def _run(flop: float) -> RecordedRun:
    return make_run(flop=None, events=(event("run.flop_arch", operations_per_pass=flop, passes=1),))


@pytest.mark.parametrize(
    ("flop", "state"),
    [(0, "below"), (7.6e22, "below"), (7.8e22, "within_margin"), (1e23, "within_margin"), (1.5e23, "above")],
)
def test_the_band_around_a_threshold_is_thirty_percent(flop: float, state: str) -> None:
    assert state_of(flop, 1e23) == state


def _third(modification: float, original: float) -> Margin:
    margins = margins_of(_total(modification), _total(original), _total(modification), _total(original), False, None)
    return next(one for one in margins if one.threshold == "modifier_ratio")


def _total(flop: float) -> ComputeTotal:
    return ComputeTotal(flop=flop, complete=True, unknown=(), low_flop=flop * 0.7, high_flop=flop * 1.3)


@pytest.mark.parametrize(
    ("third", "original"), [(1e23, 3e23), (7e22, 2.1e23), (3e23, 9e23), (1e25, 3e25), (1.1e25, 3.3e25), (2e22, 6e22)]
)
def test_a_third_is_a_third_to_the_last_digit(third: float, original: float) -> None:
    at = _third(third, original)
    assert (at.threshold_flop, at.share, at.state) == (third, 1, "within_margin")
    beside = [_third(third * share, original).share for share in (0.99, 1.01)]
    assert beside == pytest.approx([0.99, 1.01])


@pytest.mark.parametrize("limit", [7e22, 1e23, 1.1e25, 3e23, 1e25])
def test_an_edge_of_the_band_is_met_and_not_crossed(limit: float) -> None:
    assert [state_of(limit / 1.3, limit), state_of(limit / 1.299, limit)] == ["below", "within_margin"]
    assert [state_of(limit / 0.7, limit), state_of(limit / 0.699, limit)] == ["within_margin", "above"]


def test_a_plan_is_held_against_both_thresholds() -> None:
    found = planned_margins(6.7e24)
    assert [(one.flop, one.state) for one in found] == [(1e23, "above"), (1e25, "below")]
    assert [one.share for one in found] == pytest.approx([67, 0.67])


@given(st.floats(0, 1e27), st.floats(1, 1e3))
def test_more_compute_never_moves_back_from_a_threshold(flop: float, factor: float) -> None:
    order = ("below", "within_margin", "above")
    assert order.index(state_of(flop * factor, 1e25)) >= order.index(state_of(flop, 1e25))


def test_what_is_not_complete_is_never_said_to_be_below() -> None:
    assert state_of(1.0, 1e23, complete=False) == "unknown"
    assert state_of(2e23, 1e23, complete=False) == "above"


def test_the_thresholds_are_those_of_the_data() -> None:
    found = {margin.threshold: margin.threshold_flop for margin in account([_run(1e20)]).margins}
    assert found == {
        name: library.thresholds()[name].value_flop for name in ("gpai_indicative", "systemic_presumption")
    }
    assert list(found.values()) == [1e23, 1e25]


def test_a_plan_that_would_cross_is_warned_of_before_it_runs() -> None:
    assert not account([_run(5e22)]).warnings
    assert not account([_run(5e22)], planned_flop=1e22).warnings
    (warning,) = account([_run(5e22)], planned_flop=4e22).warnings
    assert "may cross" in warning
    (warning,) = account([_run(5e22)], planned_flop=2e23).warnings
    assert "would cross" in warning
    assert "GPAI model providers, point 17-20" in warning


def test_what_is_near_or_above_is_told_without_a_plan() -> None:
    assert "within the margin" in account([_run(9e22)]).warnings[0]
    assert "above the threshold" in account([_run(2e25)]).warnings[1]
