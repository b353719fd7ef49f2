"""Wholesale prices of electricity per country, in EUR per MWh."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from fabrica.reference.reading import FOLDER, read_file
from fabrica.reference.sources import Source


@dataclass(frozen=True, slots=True)
class ElectricityPrice:
    """Mean day-ahead prices of a country: of 2023, of 2024, and of the newest twelve months."""

    name: str
    eur_2023: float
    eur_2024: float
    eur_newest: float

    @property
    def low(self) -> float:
        return min(self.eur_2023, self.eur_2024, self.eur_newest)

    @property
    def high(self) -> float:
        return max(self.eur_2023, self.eur_2024, self.eur_newest)


@dataclass(frozen=True, slots=True)
class ElectricityPrices:
    """Prices by ISO country code, with how to read them."""

    caveats: tuple[str, ...]
    source: Source
    countries: Mapping[str, ElectricityPrice]


@cache
def load_electricity_prices() -> ElectricityPrices:
    """Return the prices.

    Raises:
        ReferenceMalformed: the data file has a mistake.
    """
    return read_file(ElectricityPrices, FOLDER / "electricity_prices.yaml")
