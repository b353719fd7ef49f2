"""The grid: carbon intensity of electricity per country, and what is known of each site's energy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from fabrica.reference.reading import FOLDER, read_file
from fabrica.reference.sources import FactGroup, FactValue, Source
from fabrica.values.ids import SiteId


@dataclass(frozen=True, slots=True)
class CarbonIntensity:
    """Life-cycle greenhouse gases per kWh generated in a country, as an annual average of `year`."""

    name: str
    gco2e_per_kwh: float
    year: int
    source: Source
    note: str | None = None


@dataclass(frozen=True, slots=True)
class SiteEnergy:
    """What is known of one site's energy. `site` is null for a statement about any site. Null: unknown."""

    name: str
    site: SiteId | None
    country: str | None
    pue: float | None
    it_power_megawatts: float | None
    electricity: str | None
    source: Source
    pue_target_max: float | None = None
    further: Mapping[str, FactValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grid:
    """Carbon intensities by ISO country code, energy facts per site, and how to read both."""

    about: FactGroup
    caveats: tuple[str, ...]
    countries: Mapping[str, CarbonIntensity]
    sites: tuple[SiteEnergy, ...]
    sites_caveat: str
    electricity_price: FactGroup

    def country(self, code: str) -> CarbonIntensity | None:
        """Return a country's carbon intensity; null when it is not known."""
        return self.countries.get(code)

    def site(self, site: SiteId) -> SiteEnergy | None:
        """Return the energy facts of a site; null when none is known."""
        return next((facts for facts in self.sites if facts.site == site), None)


@cache
def load_grid() -> Grid:
    """Return the grid facts.

    Raises:
        ReferenceMalformed: the data file has a mistake.
    """
    return read_file(Grid, FOLDER / "grid.yaml")
