"""What candidate sites are compared by: criteria with units, and what was measured, with source and interval."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from fabrica.reference.sources import Source


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure between `low` and `high`; equal where its source gives no interval. `value`: the one to show, if any."""

    low: float
    high: float
    source: Source
    value: float | None = None

    @property
    def shown(self) -> float:
        return self.value if self.value is not None else (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Criterion:
    """One way to compare sites. A figure outside of `least` to `most` is a mistake, mostly of its unit.

    `told`: candidates' files tell it; the others are derived, or come from runs of the network.
    """

    key: str
    name: str
    unit: str
    better: Literal["low", "high"]
    least: float
    most: float
    unit_words: str
    told: bool = True


_ALL = (
    Criterion("full_power_year", "year of full power", "", "low", 2020, 2100, "a year", told=False),
    Criterion(
        "carbon_grams_per_kilowatt_hour", "grid carbon", "g CO2e/kWh", "low", 0, 1_500, "grams of CO2e for a kWh"
    ),
    Criterion(
        "price_eur_per_megawatt_hour",
        "price of electricity",
        "EUR/MWh",
        "low",
        5,
        1_000,
        "EUR for a MWh, ten times cents for a kWh",
    ),
    Criterion(
        "round_trip_milliseconds", "round trip to users, at least", "ms", "low", 0, 500, "milliseconds there and back"
    ),
    Criterion("pue", "energy of the site over that of its machines (PUE)", "", "low", 1, 3, "a ratio from 1 up"),
    Criterion(
        "water_litres_per_kilowatt_hour", "water for cooling", "l/kWh", "low", 0, 20, "litres for a kWh of the machines"
    ),
    Criterion("land_hectares", "land", "ha", "high", 0, 10_000, "hectares of 10,000 square metres"),
    Criterion(
        "workforce_people", "people of the trade nearby", "people", "high", 0, 5_000_000, "people within reach of work"
    ),
    Criterion(
        "hazard_hours_per_year",
        "stopped by natural hazards",
        "h a year",
        "low",
        0,
        8_760,
        "hours a year, as a long-time mean",
    ),
    Criterion(
        "european_ownership_share", "owned in Europe", "", "high", 0, 1, "a share from 0 to 1; 0.6 stands for 60 %"
    ),
    Criterion(
        "network_wait_hours", "mean wait in the network", "h", "low", 0, 100_000, "hours, mean of all jobs", told=False
    ),
    Criterion(
        "network_closed_wait_hours",
        "mean wait when the site is closed for half of the time",
        "h",
        "low",
        0,
        100_000,
        "hours, mean of all jobs",
        told=False,
    ),
    Criterion("network_tonnes_co2e", "carbon of the new site", "t CO2e", "low", 0, 1e10, "tonnes of CO2e", told=False),
    Criterion("network_eur", "electricity of the new site", "EUR", "low", 0, 1e12, "EUR", told=False),
)
CRITERIA: Mapping[str, Criterion] = MappingProxyType({one.key: one for one in _ALL})
"""Every criterion by its key, in the order shown to people."""

TOLD = tuple(one.key for one in _ALL if one.told)
OUTCOMES = tuple(one.key for one in _ALL if one.key.startswith("network_"))

Measures = Mapping[str, Measure]
"""What is known of a candidate, by criterion. A key that is not there is unknown."""
