"""Codes of countries: known ones, and what somebody meant by others."""

import pytest

from fabrica.reference.countries import CODES, check_country, nearest_country
from fabrica.reference.grid import load_grid


def test_every_country_of_the_package_has_a_known_code() -> None:
    assert set(load_grid().countries) <= CODES
    assert len(CODES) == 249


def test_what_was_meant_is_found_by_small_letters_names_and_other_codes() -> None:
    meant = {"at": "AT", "Germany": "DE", "germny": "DE", "UK": "GB", "EL": "GR", "ZZ": None, "": None}
    assert {text: nearest_country(text) for text in meant} == meant


def test_what_is_no_code_is_refused_with_the_one_that_was_meant() -> None:
    assert check_country("AT") == "AT"
    for text, words in {"at": "AT may be meant", "Germny": "DE may be meant", "ZZ": "write one such as FI"}.items():
        with pytest.raises(ValueError, match=f"'{text}' is no country's ISO code; {words}"):
            check_country(text)
