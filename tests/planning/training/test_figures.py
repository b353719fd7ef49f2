"""Days, energy, carbon and cost follow from the rate; what is not known stays unknown."""

from dataclasses import replace

import pytest

from fabrica.planning.training.figures import figures
from fabrica.planning.training.goodput import OPTIONS, goodput
from fabrica.planning.training.pools import Pool, parse_pool, pool_of_site
from fabrica.planning.training.power import HOST_SHARE, device_watts, site_watts_per_device
from fabrica.planning.training.predict import Prediction, own_calibration
from fabrica.planning.training.search import search
from tests.planning.training.questions import make_question

RATE = Prediction(1000.0, 800.0, 1250.0, ())
POOL = parse_pool("H100-SXM:1024")


def made(pool: Pool = POOL, watts: float | None = 600.0, tokens: float = 1e12):  # type: ignore[no-untyped-def]
    return figures(pool, RATE, goodput(pool.devices, OPTIONS["storage"]), tokens, watts)


def test_days_are_tokens_over_the_rate_and_the_useful_share() -> None:
    found = made()
    good = goodput(1024, OPTIONS["storage"])
    working = good.useful_share * good.devices_held / 1024
    assert found.days.value == pytest.approx(1e12 / (1000 * 1024) / 86_400 / working)
    assert found.device_hours.value == pytest.approx(found.days.value * 24 * good.devices_held)
    assert found.days.low < found.days.value < found.days.high


def test_energy_counts_hosts_and_losses_and_nothing_that_is_not_known() -> None:
    found = made()
    assert found.it_megawatt_hours is not None
    expected = found.device_hours.value * site_watts_per_device(600) / 1e6
    assert found.it_megawatt_hours.value == pytest.approx(expected)
    assert (found.megawatt_hours, found.tonnes_co2e, found.pue) == (None, None, None)
    assert site_watts_per_device(600) > 600 * (1 + HOST_SHARE)
    assert made(watts=None).it_megawatt_hours is None


def test_a_sites_grid_gives_its_carbon() -> None:
    found = made(pool_of_site("lumi-aif", 1024))
    assert found.it_megawatt_hours is not None
    assert found.tonnes_co2e is not None
    assert found.tonnes_co2e.value == pytest.approx(found.it_megawatt_hours.value * 79.158 / 1e3)


def test_a_known_pue_counts_cooling() -> None:
    plain, cooled = made(replace(POOL, country="FI")), made(replace(POOL, country="FI", pue=1.2))
    assert cooled.megawatt_hours is not None
    assert plain.it_megawatt_hours is not None
    assert plain.tonnes_co2e is not None
    assert cooled.tonnes_co2e is not None
    assert cooled.megawatt_hours.value == pytest.approx(1.2 * plain.it_megawatt_hours.value)
    assert cooled.tonnes_co2e.value == pytest.approx(1.2 * plain.tonnes_co2e.value)


def test_euro_are_told_only_where_a_price_is_known() -> None:
    found = made()
    assert found.eur is not None
    assert found.prices_eur_per_hour is not None
    low, high = found.prices_eur_per_hour
    assert found.device_hours.low * low == pytest.approx(found.eur.low)
    assert found.device_hours.high * high == pytest.approx(found.eur.high)
    assert made(parse_pool("GH200:1024")).eur is None


def test_a_device_never_draws_less_than_idle_nor_more_than_its_maximum() -> None:
    question = make_question()
    found = search(question, own_calibration().numbers)
    watts = device_watts(question.device, found.step)
    assert watts is not None
    assert question.device.idle_watts is not None
    assert question.device.tdp_watts is not None
    assert watts.min() > question.device.idle_watts
    assert watts.max() < question.device.tdp_watts
