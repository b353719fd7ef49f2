"""What a replay drew in power, what that emitted and cost: unknown where a figure of it is unknown.

Power of a device: idle + (maximum - idle) x activity while a job has it; then the host's share, conversion and cooling,
as for a training (see `training/power.py`). Carbon and price are summed by the hour over what was in use, and over all
devices for what they draw idle, from second 0 of the trace to the last end.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fabrica.placement.snapshot import DEFAULT_POLICY
from fabrica.planning.engine.plain_rates import PlainRate
from fabrica.planning.network.energy import JOULES_PER_MWH
from fabrica.planning.replay import Replay
from fabrica.planning.training.devices import find_device
from fabrica.planning.training.pools import pool_of_site
from fabrica.planning.training.power import site_watts_per_device
from fabrica.planning.workload_classes import OF_A_TRACE
from fabrica.reference.grid import load_grid
from fabrica.wire.planning import OptionsImpossible, TraceMalformed

_NUMBER = re.compile(r"-?\d{1,7}(\.\d{1,9})?", re.ASCII)
_LIKE_A_NUMBER = re.compile(r"[-+.]?\d", re.ASCII)
KWH_PER_MWH = 1000


@dataclass(frozen=True, slots=True)
class Power:
    """What devices draw, and what a unit of it emits and costs; each by the hour, one number for always; null: unknown.

    `idle_watts`, `maximum_watts`: of one device. `activity`: in 0..1, of a device that a job has; an assumption.
    `sources`: what each figure is, in words.
    """

    idle_watts: float
    maximum_watts: float
    pue: float
    gco2e_per_kwh: Sequence[float] | None
    eur_per_mwh: Sequence[float] | None
    sources: tuple[str, ...]
    activity: float = OF_A_TRACE.activity

    def rates(self) -> tuple[Sequence[float], Sequence[float]]:
        """Return carbon and price as series of one length, 0 where one is unknown.

        Raises:
            OptionsImpossible: two series of different lengths.
        """
        carbon, price = self.gco2e_per_kwh or [0.0], self.eur_per_mwh or [0.0]
        hours = max(len(carbon), len(price))
        if 1 < min(len(carbon), len(price)) < hours:
            raise OptionsImpossible(
                f"Carbon has {len(carbon)} hours and price has {len(price)}.", remedy="Give both for the same hours."
            )
        return (
            carbon if len(carbon) == hours else [carbon[0]] * hours,
            price if len(price) == hours else [price[0]] * hours,
        )


@dataclass(frozen=True, slots=True)
class Drawn:
    """Energy with its emissions and cost; null: not known. `idle_share`: of the energy, drawn by devices as if idle."""

    megawatt_hours: float
    idle_share: float
    tonnes_co2e: float | None
    eur: float | None


def power_of(
    *,
    site: str | None = None,
    accelerator: str | None = None,
    country: str | None = None,
    pue: float | None = None,
    carbon: Sequence[float] | None = None,
    price: Sequence[float] | None = None,
) -> Power:
    """Return what devices of a site, or of a kind in a country, draw; what is given goes before what is known.

    Raises:
        PoolRefused: there is no such site, or its machines are not published.
        DeviceUnknown: there is no such accelerator.
        OptionsImpossible: its power is not known, or neither site nor accelerator is given.
    """
    if site is not None:
        pool = pool_of_site(site)
        device, country, known_pue = pool.device, country or pool.country, pool.pue
    elif accelerator is not None:
        device, known_pue = find_device(accelerator), None
    else:
        raise OptionsImpossible(
            "Energy needs to know what draws it.", remedy="Say --site SITE, or --accelerator KIND and --country CODE."
        )
    if device.idle_watts is None or device.tdp_watts is None:
        raise OptionsImpossible(f"The power of {device.key} is not published.", remedy="Take another --accelerator.")
    grid = load_grid()
    mix = grid.country(country.upper()) if country else None
    if country and mix is None and carbon is None:
        raise OptionsImpossible(
            f"The carbon intensity of {country!r} is not known.",
            remedy=f"Give a code such as DE, or --carbon FILE. Known: {', '.join(sorted(grid.countries))}.",
        )
    sources = [
        f"power of {device.key}: {device.source}",
        f"activity of a device in use: {OF_A_TRACE.activity}, assumed",
    ]
    if pue is None and known_pue is None:
        sources.append(f"PUE {DEFAULT_POLICY.pue_assumed}, assumed")
    if carbon is None and mix is not None:
        carbon = [mix.gco2e_per_kwh]
        sources.append(f"carbon intensity of {mix.name} in {mix.year}: {mix.source.addresses[0]}")
    return Power(
        idle_watts=device.idle_watts,
        maximum_watts=device.tdp_watts,
        pue=pue or known_pue or float(DEFAULT_POLICY.pue_assumed),
        gco2e_per_kwh=carbon,
        eur_per_mwh=price,
        sources=tuple(sources),
    )


def drawn(replay: Replay, power: Power) -> Drawn:
    """Return what all devices of the cluster drew. The replay was given the power's rates."""
    until = max(max(replay.ends()), 0)
    idle = site_watts_per_device(power.idle_watts) * power.pue
    more = site_watts_per_device((power.maximum_watts - power.idle_watts) * power.activity) * power.pue
    carbon, price = (PlainRate(rate) for rate in power.rates())
    busy, busy_carbon, busy_price = _in_use(replay, carbon, price)
    standing = replay.cluster.capacity
    idle_joules, joules = idle * standing * until, idle * standing * until + more * busy
    grams = idle * standing * carbon.integral(until) + more * busy_carbon
    euros = idle * standing * price.integral(until) + more * busy_price
    return Drawn(
        megawatt_hours=joules / JOULES_PER_MWH,
        idle_share=idle_joules / joules if joules else 0.0,
        tonnes_co2e=None if power.gco2e_per_kwh is None else grams / JOULES_PER_MWH * KWH_PER_MWH / 1e6,
        eur=None if power.eur_per_mwh is None else euros / JOULES_PER_MWH,
    )


def _in_use(replay: Replay, carbon: PlainRate, price: PlainRate) -> tuple[int, float, float]:
    """Return the device-seconds in use, and both rates summed over them."""
    done = replay.outcome
    if done is not None:
        return done.busy_device_seconds, done.busy_carbon, done.busy_price
    busy, grams, euros = 0, 0.0, 0.0
    for start, end, units in zip(replay.start_seconds, replay.ends(), replay.trace.units, strict=True):
        busy += units * (end - start)
        grams += units * (carbon.integral(end) - carbon.integral(start))
        euros += units * (price.integral(end) - price.integral(start))
    return busy, grams, euros


def read_series(path: Path, *, below_zero: bool = False) -> list[float]:
    """Return a series by the hour from a file with one number a line; its first line may be a name.

    `below_zero`: whether it may be: prices of power are in some hours, carbon never is.

    Raises:
        TraceMalformed: a line that is no such number, or no line at all.
    """
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    values = []
    for line, text in enumerate(map(str.strip, lines), start=1):
        if _NUMBER.fullmatch(text) and (below_zero or float(text) >= 0):
            values.append(float(text))
        elif line > 1 or _LIKE_A_NUMBER.match(text):
            words = "is below 0" if _NUMBER.fullmatch(text) else "is no number"
            raise TraceMalformed(
                f"Line {line} of {path.name}: {text[:60]!r} {words}.",
                remedy="Write one number for each hour, such as 80.5, from second 0 of the trace on.",
                line=line,
            )
    if not values:
        raise TraceMalformed(f"{path.name} has no number.", remedy="Write one number for each hour.")
    return values
