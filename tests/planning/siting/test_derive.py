"""What follows from country, place and power."""

import pytest

from fabrica.planning.siting.candidates import Candidate, Question, Users
from fabrica.planning.siting.derive import derived, full_power_year, great_circle_kilometres
from tests.planning.siting.sites import measure


def test_distances_are_those_of_the_globe() -> None:
    assert great_circle_kilometres(0, 0, 0, 180) == pytest.approx(20_015, abs=1)
    assert great_circle_kilometres(90, 0, 0, 77) == pytest.approx(10_007.5, abs=1)
    assert great_circle_kilometres(48, 16, 48, 16) == 0


def test_full_power_comes_between_what_is_possible_and_what_is_sure() -> None:
    candidate = Candidate(
        "a", "A", None, power_megawatts={2028: measure(50, 120), 2031: measure(100, 200), 2029: measure(60, 130)}
    )
    found = full_power_year(candidate, 100)
    assert found is not None
    assert (found.low, found.high) == (2028, 2031)
    assert full_power_year(candidate, 150) is None
    assert full_power_year(candidate, None) is None


def test_facts_of_the_country_are_taken_and_what_is_told_stands() -> None:
    told = measure(30, 50)
    finland = Candidate("a", "A", "FI", 60.0, 25.0, measures={"price_eur_per_megawatt_hour": told})
    (found,) = derived(Question((finland,), None, None, (), (Users("here", 60.0, 25.0, 1.0),))).candidates
    assert found.measures["price_eur_per_megawatt_hour"] is told
    assert found.measures["carbon_grams_per_kilowatt_hour"].low == pytest.approx(79.158)
    assert found.measures["round_trip_milliseconds"].low == 0
    assert "full_power_year" not in found.measures


def test_without_country_and_place_nothing_is_guessed() -> None:
    (found,) = derived(Question((Candidate("a", "A", None),), 100, 2030, (), ())).candidates
    assert not found.measures


def test_a_thousand_kilometres_there_and_back_take_light_ten_milliseconds() -> None:
    users = (Users("east", 0.0, 8.9932, 1.0), Users("here", 0.0, 0.0, 3.0))
    (found,) = derived(Question((Candidate("a", "A", None, 0.0, 0.0),), None, None, (), users)).candidates
    assert found.measures["round_trip_milliseconds"].low == pytest.approx(9.79 / 4, abs=0.01)
