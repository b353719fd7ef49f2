"""Prices of electricity: of every host of an AI Factory, plausible, with their source."""

from fabrica.reference.countries import CODES
from fabrica.reference.electricity_prices import load_electricity_prices
from fabrica.reference.network import load_network


def test_every_host_of_a_factory_has_a_price() -> None:
    prices = load_electricity_prices()
    assert {one.country for one in load_network().factories} <= set(prices.countries)
    assert prices.source.as_of == "2025-07"


def test_low_and_high_hold_every_year() -> None:
    for one in load_electricity_prices().countries.values():
        assert 20 < one.low <= one.eur_newest <= one.high < 200


def test_every_country_stands_under_its_code() -> None:
    countries = load_electricity_prices().countries
    assert set(countries) <= CODES
    assert countries["NO"].name == "Norway"
