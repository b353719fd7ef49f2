"""Forecasts from a history of waits."""

import random
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from fabrica.waits.history import SAMPLES_MIN, Forecast, Wait, autocorrelation, forecast, run_allowed


def waits(*seconds: int, first_at: int = 1_000) -> list[Wait]:
    return [Wait(started_at=first_at + 60 * number, waited_seconds=one) for number, one in enumerate(seconds)]


def known(found: Forecast | None) -> Forecast:
    assert found is not None
    return found


def test_nothing_is_said_of_fewer_than_thirty_waits() -> None:
    assert forecast([]) is None
    assert forecast(waits(*range(SAMPLES_MIN - 1))) is None
    assert known(forecast(waits(*range(SAMPLES_MIN)))).samples == SAMPLES_MIN


def test_half_wait_at_most_q50_and_nine_of_ten_at_most_q90() -> None:
    seconds = list(range(1, 101))
    random.Random(1).shuffle(seconds)
    found = known(forecast(waits(*seconds)))
    assert (found.q50_seconds, found.q90_seconds) == (50, 90)
    assert found.q50_bound_seconds == 59
    assert found.q90_bound_seconds == 96
    assert found.newest_at == 1_000 + 99 * 60


@given(st.lists(st.integers(0, 10**5), min_size=SAMPLES_MIN, max_size=200), st.randoms())
def test_the_order_in_which_waits_are_given_does_not_matter(seconds: list[int], draw: random.Random) -> None:
    given_waits = waits(*seconds)
    shuffled = list(given_waits)
    draw.shuffle(shuffled)
    assert forecast(shuffled) == forecast(given_waits)


@given(st.lists(st.integers(0, 10**5), min_size=SAMPLES_MIN, max_size=200))
def test_bounds_are_never_under_their_quantiles(seconds: list[int]) -> None:
    found = known(forecast(waits(*seconds)))
    assert found.q50_seconds <= found.q90_seconds
    assert found.q50_bound_seconds is None or found.q50_bound_seconds >= found.q50_seconds
    assert found.q90_bound_seconds is None or found.q90_bound_seconds >= found.q90_seconds


def test_a_queue_that_grew_long_is_believed_after_a_few_jobs_not_after_a_hundred() -> None:
    draw = random.Random(3)
    calm = [draw.randint(10, 60) for _ in range(300)]
    busy = [draw.randint(3_000, 6_000) for _ in range(SAMPLES_MIN)]
    found = known(forecast(waits(*calm, *busy)))
    assert found.changed_at is not None
    assert found.q50_seconds >= 3_000


def test_a_queue_that_emptied_is_believed_too() -> None:
    draw = random.Random(4)
    busy = [draw.randint(3_000, 6_000) for _ in range(300)]
    found = known(forecast(waits(*busy, *([5] * SAMPLES_MIN))))
    assert found.q90_seconds == 5


def test_a_steady_queue_is_not_cut() -> None:
    draw = random.Random(5)
    found = known(forecast(waits(*(draw.randint(0, 1_000) for _ in range(400)))))
    assert (found.changed_at, found.samples) == (None, 400)


def test_jobs_that_still_wait_longer_than_the_history_raise_the_quantiles() -> None:
    history = waits(*([10] * 40))
    stuck: Sequence[int] = [5_000] * 60
    assert known(forecast(history, stuck)).q50_seconds == 5_000
    assert known(forecast(history, [3] * 60)) == known(forecast(history))


def test_neighbours_that_resemble_each_other_allow_longer_runs_of_surprises() -> None:
    assert run_allowed(0.0) == 3
    assert run_allowed(0.0) < run_allowed(0.5) < run_allowed(0.9) <= run_allowed(1.0)
    assert autocorrelation([1.0] * 50) == 0.0
    assert autocorrelation([float(one) for one in range(1, 100)]) > 0.9
