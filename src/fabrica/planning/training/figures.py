"""What a training takes at one place: days, device-hours, energy, carbon and the value of the hours."""

from dataclasses import dataclass

from fabrica.planning.training.goodput import HOUR_SECONDS, Goodput
from fabrica.planning.training.pools import Pool
from fabrica.planning.training.power import site_watts_per_device
from fabrica.planning.training.predict import Prediction
from fabrica.reference.accelerators import load_accelerators
from fabrica.reference.grid import load_grid
from fabrica.values.ids import SiteId


@dataclass(frozen=True, slots=True)
class Span:
    """A figure with the interval in which 9 of 10 should lie."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Span":
        return Span(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a training takes. Null: not known, never guessed.

    `it_megawatt_hours`: devices and their hosts, with losses of conversion, before cooling. `megawatt_hours`: of the
    site, where its PUE is published. `tonnes_co2e`: from the site's energy, without cooling where its PUE is unknown,
    and the yearly mean of the country's grid. `eur`: the value of the device-hours at the lowest and the highest market
    price of European providers; not what a EuroHPC grant costs.
    """

    days: Span
    device_hours: Span
    it_megawatt_hours: Span | None
    megawatt_hours: Span | None
    tonnes_co2e: Span | None
    eur: Span | None
    pue: float | None
    carbon_grams_per_kilowatt_hour: float | None
    prices_eur_per_hour: tuple[float, float] | None


def figures(pool: Pool, prediction: Prediction, good: Goodput, tokens: float, watts: float | None) -> Figures:
    """Return what so many tokens take on a pool. `watts`: a device's mean while it trains; null: not known."""
    seconds = Span(*(tokens / (rate * pool.devices) for rate in (prediction.rate, prediction.high, prediction.low)))
    busy = good.useful_share * good.devices_held / pool.devices  # spares are held beside the pool, not in it
    wall = seconds.times(1 / busy)
    hours = wall.times(good.devices_held / HOUR_SECONDS)
    energy = None if watts is None else hours.times(site_watts_per_device(watts) / 1e6)
    pue = pool.pue or _pue(pool.site)
    whole = None if energy is None or pue is None else energy.times(pue)
    country = load_grid().country(pool.country) if pool.country else None
    grams = country.gco2e_per_kwh if country else None
    counted = whole or energy
    prices = _prices(pool)
    return Figures(
        wall.times(1 / (24 * HOUR_SECONDS)),
        hours,
        energy,
        whole,
        None if counted is None or grams is None else counted.times(grams / 1e3),
        None if prices is None else _value(hours, prices),
        pue,
        grams,
        prices,
    )


def _pue(site: str | None) -> float | None:
    facts = load_grid().site(SiteId.parse(site)) if site else None
    return facts.pue if facts else None


def _prices(pool: Pool) -> tuple[float, float] | None:
    """Return the lowest and highest market price of one device-hour."""
    if pool.device.accelerator is None:
        return None
    one = load_accelerators()[pool.device.accelerator]
    each = [price.eur_per_hour / one.devices_per_package for price in one.prices]
    return (min(each), max(each)) if each else None


def _value(hours: Span, prices: tuple[float, float]) -> Span:
    low, high = prices
    return Span(hours.value * (low + high) / 2, hours.low * low, hours.high * high)
