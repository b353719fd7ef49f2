"""The figures of an outcome: of the network, of each class of jobs and of each partition, with intervals."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from fabrica.planning.network.energy import Power, known_sum, power_of, standing_seconds
from fabrica.planning.network.runs import Outcome
from fabrica.planning.network.sums import Tally

# Quantiles of Student's distribution for a two-sided interval of 95 %, by degrees of freedom from 1 on.
_STUDENT = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086),
    *(2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042),
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications, and the interval that holds the true mean with 95 %; one replication has none."""

    mean: float
    low: float | None
    high: float | None


ANY, AMOUNT, SHARE = (-math.inf, math.inf), (0.0, math.inf), (0.0, 1.0)
"""Between what the mean of a figure lies: of a difference, of an amount, of a share of a whole."""


def bounds_of(figure: str) -> tuple[float, float]:
    """Return between what the mean of a line's figure lies."""
    return SHARE if figure in ("use", "waiting_share") else AMOUNT


def estimate(values: Sequence[float | None], bounds: tuple[float, float] = ANY) -> Estimate | None:
    """Return the mean with its interval; null where a value is not known.

    The true mean lies within the bounds, so an interval that is cut at them still holds it with 95 %.

    Source: the interval of Student's distribution for independent replications.
    """
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    count, mean = len(known), math.fsum(known) / len(known)
    if count == 1:
        return Estimate(mean, None, None)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in known) / (count - 1) / count)
    half = spread * (_STUDENT[count - 2] if count - 2 < len(_STUDENT) else 1.96)
    return Estimate(mean, max(mean - half, bounds[0]), min(mean + half, bounds[1]))


Values = Sequence[float | None]
"""One value for each replication; null: not known."""


@dataclass(frozen=True, slots=True)
class Line:
    """Figures of the whole network, of a class or of a partition; each one value for each replication.

    Waits are of jobs that arrived on the days that count, in seconds. `use`: of the time in which devices were open, or
    closed and still at work. Energy, carbon and cost of the network are sums of what is known. `stops`: of jobs, by
    nodes that failed. `preemptions`: of jobs, to make room. `given_up`, `refused`: jobs that were stopped too often,
    and those whose account's grant had run out; these are of no partition.
    """

    name: str
    devices: int | None
    jobs: Values
    mean_wait_s: Values
    p95_wait_s: Values
    longest_wait_s: Values
    waiting_share: Values
    use: Values
    device_hours: Values
    megawatt_hours: Values
    tonnes_co2e: Values
    eur: Values
    stops: Values
    preemptions: Values
    given_up: Values
    lost_device_hours: Values
    repair_device_hours: Values
    refused: Values


@dataclass(frozen=True, slots=True)
class Figures:
    """All lines of an outcome. `unknown`: of which partitions energy, carbon or cost is not known, in words."""

    network: Line
    classes: tuple[Line, ...]
    partitions: tuple[Line, ...]
    never: Values
    unknown: tuple[str, ...]


def figures(outcome: Outcome) -> Figures:
    """Return the figures of an outcome."""
    places, days = outcome.network.partitions, outcome.scenario.period.days
    pue = outcome.scenario.policy.pue_assumed
    power = [[power_of(one, row, tally, days, pue) for row, one in enumerate(places)] for tally in outcome.tallies]
    standing = [
        [float(standing_seconds(one, tally.busy[row], days).sum()) for row, one in enumerate(places)]
        for tally in outcome.tallies
    ]
    everything = numpy.ones(len(places), bool)
    network = _line("network", outcome, everything, None, power, [sum(each) for each in standing])
    classes = tuple(
        _line(one.name, outcome, everything, number, None, None) for number, one in enumerate(outcome.demand.classes)
    )
    rows = [numpy.arange(len(places)) == row for row in range(len(places))]
    partitions = tuple(
        _line(one.words, outcome, rows[row], None, [[each[row]] for each in power], [each[row] for each in standing])
        for row, one in enumerate(places)
    )
    refused = sum(outcome.refused.values())
    never = [float(tally.never[:, 0].sum()) + refused for tally in outcome.tallies]
    return Figures(network, classes, partitions, never, _unknown(outcome))


def _line(
    name: str,
    outcome: Outcome,
    rows: Any,
    job_class: int | None,
    power: "list[list[Power]] | None",
    standing: "list[float] | None",
) -> Line:
    chosen = slice(None) if job_class is None else slice(job_class, job_class + 1)

    def each(of: Callable[[Tally], float | None]) -> tuple[float | None, ...]:
        return tuple(of(tally) for tally in outcome.tallies)

    def taken(of: Callable[[Power], float | None]) -> tuple[float | None, ...]:
        if power is None:
            return tuple(None for _ in outcome.tallies)
        return tuple(known_sum([of(one) for one in places]) for places in power)

    def of_jobs(name: str) -> tuple[float | None, ...]:
        return each(lambda t: float(getattr(t, name)[rows][:, chosen].sum()))

    def jobs(tally: Tally) -> float:
        return float(tally.jobs[rows][:, chosen].sum())

    return Line(
        name=name,
        devices=sum(one.devices for one, is_in in zip(outcome.network.partitions, rows, strict=True) if is_in),
        jobs=each(jobs),
        mean_wait_s=each(lambda t: _ratio(float(t.wait_seconds[rows][:, chosen].sum()), jobs(t))),
        p95_wait_s=each(lambda t: quantile_of_steps(t.steps[rows][:, chosen].sum(axis=(0, 1)), 0.95)),
        longest_wait_s=each(lambda t: float(t.longest[rows][:, chosen].max(initial=0))),
        waiting_share=each(lambda t: _ratio(float(t.steps[rows][:, chosen, 1:].sum()), jobs(t))),
        use=tuple(
            None if standing is None else _ratio(float(tally.busy[rows].sum()), standing[number])
            for number, tally in enumerate(outcome.tallies)
        ),
        device_hours=each(lambda t: float(t.work[rows][:, chosen].sum()) / 3600),
        megawatt_hours=taken(lambda one: one.megawatt_hours),
        tonnes_co2e=taken(lambda one: one.tonnes_co2e),
        eur=taken(lambda one: one.eur),
        stops=of_jobs("stopped"),
        preemptions=of_jobs("preempted"),
        given_up=of_jobs("given_up"),
        lost_device_hours=each(lambda t: float(t.lost[rows][:, chosen].sum()) / 3600),
        repair_device_hours=each(lambda t: float(t.repair[rows].sum()) / 3600 if job_class is None else None),
        refused=each(lambda t: float(t.refused[chosen, 0].sum()) if rows.all() else None),
    )


def _ratio(part: float, whole: float | None) -> float | None:
    return part / whole if whole else None


def quantile_of_steps(steps: Any, share: float) -> float | None:
    """Return the upper end of the step in which a quantile of waits lies, in seconds; null where there is no wait."""
    total = int(steps.sum())
    if not total:
        return None
    step = int(numpy.searchsorted(numpy.cumsum(steps), math.ceil(share * total - 1e-9)))
    return 0.0 if step == 0 else float(round(2.0 ** (step / 4)))


def _unknown(outcome: Outcome) -> tuple[str, ...]:
    """Return what is missing from the sums of energy, carbon and cost."""
    told = []
    places = outcome.network.partitions
    for words, missing in (
        ("energy", [one.words for one in places if one.idle_watts is None or one.tdp_watts is None]),
        ("carbon", [one.words for one in places if one.gco2e_per_kwh is None]),
        ("the price of power", [one.words for one in places if one.eur_per_kwh is None]),
    ):
        if missing:
            told.append(f"Without {words} of {', '.join(missing)}: not known.")
    if assumed := [one.words for one in places if one.pue is None]:
        told.append(f"Cooling is assumed for {', '.join(assumed)}: the sites state no PUE.")
    return tuple(told)
