"""What the partitions of a year took in power, and what it emitted and cost: unknown where a figure of it is unknown.

Power of a device: idle + (maximum - idle) x activity of what runs; then the host's share, conversion and cooling, as
for a training (see `planning.training.power`).
"""

import math
from dataclasses import dataclass
from typing import Any

from fabrica.placement.snapshot import DEFAULT_POLICY
from fabrica.planning.network.partitions import Partition
from fabrica.planning.network.sums import Tally
from fabrica.planning.training.power import site_watts_per_device
from fabrica.planning.workload_classes import DAY

JOULES_PER_MWH = 3.6e9


@dataclass(frozen=True, slots=True)
class Power:
    """Energy of one partition over the days that count; null: not known. `pue_assumed`: cooling is an assumption."""

    megawatt_hours: float | None
    tonnes_co2e: float | None
    eur: float | None
    pue_assumed: bool


def power_of(partition: Partition, row: int, tally: Tally, days: int, pue_assumed: float | None) -> Power:
    """Return what one partition took. Machines idle when nothing runs, but for the days on which they are closed."""
    idle, most = partition.idle_watts, partition.tdp_watts
    if idle is None or most is None:
        return Power(None, None, None, partition.pue is None)
    active, busy = float(tally.active[row].sum()), float(tally.busy[row].sum())
    standing = max(partition.devices * open_days(partition, days) * DAY, busy)
    pue = partition.pue or pue_assumed or float(DEFAULT_POLICY.pue_assumed)
    joules = site_watts_per_device(idle * standing + (most - idle) * active) * pue
    energy = joules / JOULES_PER_MWH
    carbon, price = partition.gco2e_per_kwh, partition.eur_per_kwh
    return Power(
        megawatt_hours=energy,
        tonnes_co2e=None if carbon is None else energy * carbon / 1000,
        eur=None if price is None else energy * 1000 * price,
        pue_assumed=partition.pue is None,
    )


def open_days(partition: Partition, days: int) -> float:
    """Return on how many of the days a partition takes jobs."""
    closed = sorted((max(start, 0.0), min(end, float(days))) for start, end in partition.closed)
    lost, until = 0.0, 0.0
    for start, end in closed:
        lost += max(end - max(start, until), 0.0)
        until = max(until, end)
    return days - lost


def known_sum(values: "list[Any]") -> float | None:
    """Return the sum of what is known; null where nothing is."""
    known = [value for value in values if value is not None]
    return math.fsum(known) if known else None
