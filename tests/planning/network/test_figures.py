"""Intervals, quantiles and energy are what their definitions say."""

import pytest

numpy = pytest.importorskip("numpy")
pytest.importorskip("numba")

from fabrica.planning.network.codes import STEPS  # noqa: E402
from fabrica.planning.network.energy import known_sum, power_of, standing_seconds  # noqa: E402 (the module needs NumPy)
from fabrica.planning.network.figures import bounds_of, estimate, quantile_of_steps  # noqa: E402
from fabrica.planning.network.sums import empty_tally  # noqa: E402
from tests.planning.network.builders import make_partition  # noqa: E402


def test_an_interval_is_that_of_student() -> None:
    found = estimate([1.0, 2.0, 3.0])
    assert found is not None
    assert found.mean == 2.0
    assert found.high == pytest.approx(2 + 4.303 / 3**0.5)
    assert found.low == pytest.approx(2 - 4.303 / 3**0.5)


def test_the_interval_of_a_share_or_an_amount_holds_nothing_that_it_cannot_be() -> None:
    share, wait = estimate([0.02, 0.98], bounds_of("use")), estimate([1.0, 9.0], bounds_of("mean_wait_s"))
    assert share is not None
    assert wait is not None
    assert (share.low, share.mean, share.high) == (0.0, 0.5, 1.0)
    assert wait.low == 0.0
    assert (wait.high or 0) > 9
    difference = estimate([1.0, 9.0])
    assert difference is not None
    assert (difference.low or 0) < 0


def test_one_replication_has_no_interval_and_an_unknown_one_no_mean() -> None:
    one = estimate([5.0])
    assert one is not None
    assert (one.mean, one.low, one.high) == (5.0, None, None)
    assert estimate([1.0, None]) is None


def test_a_quantile_is_the_upper_end_of_its_step() -> None:
    steps = numpy.zeros(STEPS, numpy.int64)
    steps[0], steps[9] = 95, 5
    assert quantile_of_steps(steps, 0.95) == 0.0
    assert quantile_of_steps(steps, 0.96) == round(2 ** (9 / 4))
    assert quantile_of_steps(steps * 0, 0.5) is None


def test_a_machine_that_idles_takes_its_idle_power_while_it_is_open() -> None:
    tally = empty_tally(1, 1, 2)
    place = make_partition("a", 10, 5, idle_watts=100.0, pue=1.5, eur_per_kwh=0.1, closed=((0.0, 1.0),))
    power = power_of(place, 0, tally, 2, None)
    watts = 10 * 100.0 * 1.35 / (0.98 * 0.96) * 1.5
    assert power.megawatt_hours == pytest.approx(watts * 24 / 1e6)
    assert power.tonnes_co2e == pytest.approx(watts * 24 / 1e6 * 0.1)
    assert power.eur == pytest.approx(watts * 24 / 1000 * 0.1)


def test_an_unknown_power_makes_unknown_energy_and_sums_are_of_what_is_known() -> None:
    power = power_of(make_partition("a", idle_watts=None), 0, empty_tally(1, 1, 1), 1, None)
    assert (power.megawatt_hours, power.tonnes_co2e, power.eur) == (None, None, None)
    assert known_sum([1.0, None, 2.0]) == 3.0
    assert known_sum([None]) is None


def test_closures_that_overlap_count_once() -> None:
    place = make_partition("a", 10, closed=((-5.0, 2.0), (1.0, 4.0), (8.0, 99.0)))
    assert standing_seconds(place, numpy.zeros(240), 10).sum() == pytest.approx(10 * 4 * 86_400)


def test_devices_that_finish_what_runs_after_their_close_stand_as_long_so_use_is_never_above_one() -> None:
    place = make_partition("a", 10, closed=((0.5, 99.0),))
    busy = numpy.full(24, 10 * 3600)
    assert standing_seconds(place, busy, 1).sum() == busy.sum()


def test_hourly_carbon_and_prices_count_in_their_hours_and_begin_again_at_their_end() -> None:
    tally = empty_tally(1, 1, 1)
    tally.busy[0, 1] = tally.active[0, 1] = 10 * 3600  # all devices, flat out, in the second hour alone
    place = make_partition("a", 10, 5, idle_watts=0.0, tdp_watts=1000.0, pue=1.0, gco2e_by_hour=(0.0, 200.0))
    power = power_of(place, 0, tally, 1, None)
    energy = 10 * 1000.0 * 1.35 / (0.98 * 0.96) / 1e6
    assert power.megawatt_hours == pytest.approx(energy)
    assert power.tonnes_co2e == pytest.approx(energy * 0.2)
