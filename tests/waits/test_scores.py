"""Predictions beside what came true."""

import pytest

from fabrica.waits.scores import score


def test_nothing_told_has_no_score() -> None:
    assert score([]) is None


@pytest.mark.parametrize(("within", "holds"), [(90, True), (85, True), (95, True), (84, False), (97, False)])
def test_a_forecast_holds_while_about_nine_of_ten_waits_stay_within_q90(within: int, holds: bool) -> None:
    found = score([(10.0, 60.0, 5.0 if number < within else 61.0) for number in range(100)])
    assert found is not None
    assert found.within_q90 == within / 100
    assert found.within_q50 == within / 100
    assert found.holds is holds


def test_too_few_predictions_are_not_judged() -> None:
    found = score([(10.0, 60.0, 5.0)] * 29)
    assert found is not None
    assert found.holds is None
