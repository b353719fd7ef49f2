"""Codes of countries: known ones, and what somebody meant by others."""

from fabrica.reference.countries import CODES, nearest_country
from fabrica.reference.grid import load_grid


def test_every_country_of_the_package_has_a_known_code() -> None:
    assert set(load_grid().countries) <= CODES
    assert len(CODES) == 249


def test_what_was_meant_is_found_by_small_letters_names_and_other_codes() -> None:
    meant = {"at": "AT", "Germany": "DE", "germny": "DE", "UK": "GB", "EL": "GR", "ZZ": None, "": None}
    assert {text: nearest_country(text) for text in meant} == meant
