"""What the partitions of a year took in power, and what it emitted and cost: unknown where a figure of it is unknown.

Power of a device: idle + (maximum - idle) x activity of what runs; then the host's share, conversion and cooling, as
for a training (see `planning.training.power`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from fabrica.placement.snapshot import DEFAULT_POLICY
from fabrica.planning.network.partitions import Partition
from fabrica.planning.network.sums import Tally
from fabrica.planning.training.power import site_watts_per_device
from fabrica.planning.workload_classes import HOUR

JOULES_PER_MWH = 3.6e9
KWH_PER_MWH = 1000


@dataclass(frozen=True, slots=True)
class Power:
    """Energy of one partition over the days that count; null: not known. `pue_assumed`: cooling is an assumption."""

    megawatt_hours: float | None
    tonnes_co2e: float | None
    eur: float | None
    pue_assumed: bool


def power_of(partition: Partition, row: int, tally: Tally, days: int, pue_assumed: float | None) -> Power:
    """Return what one partition took. Machines idle when nothing runs, but for the time in which they are closed."""
    idle, most = partition.idle_watts, partition.tdp_watts
    if idle is None or most is None:
        return Power(None, None, None, partition.pue is None)
    standing = standing_seconds(partition, tally.busy[row], days)
    pue = partition.pue or pue_assumed or float(DEFAULT_POLICY.pue_assumed)
    joules = idle * standing + (most - idle) * tally.active[row]  # of the devices alone
    energy = joules * (site_watts_per_device(1.0) * pue / JOULES_PER_MWH)
    grams, euros = (
        _priced(energy, by_hour, always)
        for by_hour, always in (
            (partition.gco2e_by_hour, partition.gco2e_per_kwh),
            (partition.eur_by_hour, partition.eur_per_kwh),
        )
    )
    return Power(
        megawatt_hours=float(energy.sum()),
        tonnes_co2e=None if grams is None else grams / 1e6,
        eur=euros,
        pue_assumed=partition.pue is None,
    )


def _priced(energy: Any, by_hour: Sequence[float], always: float | None) -> float | None:
    """Return what the energy of each hour, in MWh, comes to at a rate per kWh; a series begins again at its end."""
    if not by_hour:
        return None if always is None else float(energy.sum()) * KWH_PER_MWH * always
    return float((energy * numpy.resize(numpy.array(by_hour), len(energy))).sum()) * KWH_PER_MWH


def open_hours(partition: Partition, days: int) -> Any:
    """Return of each hour the share in which a partition takes jobs, shape (hours,)."""
    edges = numpy.arange(days * 24 + 1) / 24
    shares = numpy.ones(days * 24)
    until = 0.0
    for start, end in sorted((max(start, 0.0), end) for start, end in partition.closed):
        start = max(start, until)
        if end > start:
            shares -= (numpy.minimum(edges[1:], end) - numpy.maximum(edges[:-1], start)).clip(min=0) * 24
            until = end
    return shares


def standing_seconds(partition: Partition, busy: Any, days: int) -> Any:
    """Return how many device-seconds of each hour machines were open or, when closed, still at work; shape (hours,)."""
    return numpy.maximum(partition.devices * open_hours(partition, days) * HOUR, busy)


def known_sum(values: "list[Any]") -> float | None:
    """Return the sum of what is known; null where nothing is."""
    known = [value for value in values if value is not None]
    return math.fsum(known) if known else None
