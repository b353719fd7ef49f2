"""What follows from a candidate's country, place and power: grid carbon, price, round trip, year of full power."""

import math
from collections.abc import Sequence
from dataclasses import replace

from fabrica.planning.siting.candidates import Candidate, Question, Users
from fabrica.planning.siting.criteria import Measure
from fabrica.reference.electricity_prices import load_electricity_prices
from fabrica.reference.grid import load_grid
from fabrica.reference.sources import Source

EARTH_RADIUS_KILOMETRES = 6371.0088
LIGHT_KILOMETRES_PER_MILLISECOND = 299.792458
GROUP_INDEX = 1.468
_LIGHT = Source(
    ("light in standard single-mode fibre (ITU-T G.652) with group index 1.468, along the great circle",),
    None,
    "high",
)
_TOLD = Source(("the candidate's own power by year",), None, None)


def derived(question: Question) -> Question:
    """Return the question with all that follows from facts; what a candidate tells itself stands."""
    candidates = tuple(_with_facts(one, question) for one in question.candidates)
    return replace(question, candidates=candidates)


def _with_facts(candidate: Candidate, question: Question) -> Candidate:
    found = {
        "full_power_year": full_power_year(candidate, question.power_megawatts),
        "carbon_grams_per_kilowatt_hour": _carbon(candidate.country),
        "price_eur_per_megawatt_hour": _price(candidate.country),
        "round_trip_milliseconds": _round_trip(candidate, question.users),
    }
    facts = {key: measure for key, measure in found.items() if measure is not None}
    return replace(candidate, measures=facts | dict(candidate.measures))


def full_power_year(candidate: Candidate, megawatts: float | None) -> Measure | None:
    """Return from which year the grid gives so much: at the earliest, and for sure; unknown where one is not told."""
    if megawatts is None:
        return None
    years = sorted(candidate.power_megawatts.items())
    earliest = next((year for year, power in years if power.high >= megawatts), None)
    sure = next((year for year, power in years if power.low >= megawatts), None)
    if earliest is None or sure is None:
        return None
    return Measure(float(earliest), float(sure), candidate.power_megawatts[sure].source or _TOLD)


def _carbon(country: str | None) -> Measure | None:
    found = load_grid().country(country) if country else None
    return Measure(found.gco2e_per_kwh, found.gco2e_per_kwh, found.source) if found else None


def _price(country: str | None) -> Measure | None:
    prices = load_electricity_prices()
    found = prices.countries.get(country or "")
    return Measure(found.low, found.high, prices.source, found.eur_newest) if found else None


def _round_trip(candidate: Candidate, users: Sequence[Users]) -> Measure | None:
    """Return the least mean round trip that physics allows; real paths are longer."""
    if candidate.latitude is None or candidate.longitude is None or not users:
        return None
    shares = sum(one.share for one in users)
    kilometres = sum(
        one.share * great_circle_kilometres(candidate.latitude, candidate.longitude, one.latitude, one.longitude)
        for one in users
    )
    mean = 2 * kilometres / shares / (LIGHT_KILOMETRES_PER_MILLISECOND / GROUP_INDEX)
    return Measure(mean, mean, _LIGHT)


def great_circle_kilometres(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Return the distance on the sphere between two places in degrees, by the haversine formula."""
    phi, to_phi = math.radians(latitude), math.radians(to_latitude)
    half = math.sin((to_phi - phi) / 2) ** 2
    half += math.cos(phi) * math.cos(to_phi) * math.sin(math.radians(to_longitude - longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_KILOMETRES * math.asin(min(1.0, math.sqrt(half)))
