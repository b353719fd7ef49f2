"""Classes of jobs that wait alike."""

from hypothesis import given
from hypothesis import strategies as st

from fabrica.waits.classes import LIMITS_SECONDS, POOL, WaitClass, classes_of, forecasts, narrowest
from fabrica.waits.history import SAMPLES_MIN, Wait


@given(st.integers(1, 100_000), st.integers(0, 40 * 86_400))
def test_a_job_lies_within_the_ends_of_its_narrowest_class(devices: int, limit_seconds: int) -> None:
    narrow, same_size, pool = classes_of(devices, limit_seconds)
    assert narrow.devices_max is not None
    assert narrow.devices_min is not None
    assert narrow.devices_min <= devices <= narrow.devices_max
    assert limit_seconds <= (narrow.limit_seconds_max or 10**9)
    assert narrow.limit_seconds_max is not None or limit_seconds > LIMITS_SECONDS[-1]
    assert same_size.devices_max == narrow.devices_max
    assert pool == POOL


def _waits(count: int, seconds: int, devices: int, limit_seconds: int) -> list[Wait]:
    return [Wait(number, seconds, devices, limit_seconds) for number in range(count)]


def test_a_class_with_too_few_waits_falls_back_to_its_size_and_then_to_the_pool() -> None:
    made = forecasts([*_waits(40, 10, 1, 600), *_waits(20, 900, 8, 600), *_waits(15, 950, 8, 90_000)])
    assert narrowest(made, 1, 600) == (WaitClass(1, 3600), made[WaitClass(1, 3600)])
    found = narrowest(made, 8, 600)
    assert found is not None
    assert found[0] == WaitClass(8, None, of_all_limits=True)
    assert found[1].samples == 35
    assert narrowest(made, 1_000, 600) == (POOL, made[POOL])


def test_nothing_is_known_of_an_empty_history() -> None:
    assert forecasts([]) == {}
    assert narrowest({}, 1, 60) is None


def test_jobs_that_wait_count_in_their_own_class_only() -> None:
    history = [*_waits(40, 10, 1, 600), *_waits(40, 10, 8, 600)]
    made = forecasts(history, _waits(SAMPLES_MIN * 4, 5_000, 8, 600))
    assert made[WaitClass(1, 3600)].q50_seconds == 10
    assert made[WaitClass(8, 3600)].q50_seconds == 5_000
