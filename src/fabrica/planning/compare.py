"""Two scenarios side by side: paired differences with intervals, and in words what changed and what came of it.

Both are run on the same made-up jobs, replication by replication, so a difference is taken within each pair: most of
the chance falls out, and small effects show after few replications.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fabrica.planning.network.answer import FIGURES, as_estimate
from fabrica.planning.network.causes import causes
from fabrica.planning.network.figures import ANY, SHARE, Estimate, Figures, Line, Values, bounds_of, estimate
from fabrica.planning.network.runs import Outcome
from fabrica.planning.network.words import show_number
from fabrica.planning.rule_changes import rule_changes
from fabrica.planning.scenarios.scenario import Scenario
from fabrica.values.time import show_duration
from fabrica.wire.planning import NetworkImpossible

_TOLD = ("mean wait", "use", "t CO2e", "MWh", "device-hours lost", "jobs refused for lack of a grant")
FEW_REPLICATIONS = 5  # with fewer, one odd year makes intervals several times as wide
NOTABLE_WAIT_SECONDS, NOTABLE_SHARE = 60.0, 0.005
TOLD_MAX = 4

Ran = tuple[Outcome, Figures]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of both, as shown. `found`: the paired difference; null where it is not known.

    `clear`: its interval does not hold 0.
    """

    label: str
    first: str
    second: str
    difference: str
    found: Estimate | None
    clear: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the second scenario changes."""

    names: tuple[str, str]
    sentences: tuple[str, ...]
    network: tuple[Row, ...]
    classes: tuple[Row, ...]
    partitions: tuple[Row, ...]
    ran: tuple[Ran, Ran]


def compare(first: Ran, second: Ran) -> Comparison:
    """Return what the second scenario changes.

    Raises:
        NetworkImpossible: they have other numbers of replications or of days, so there are no pairs.
    """
    one, two = first[0].scenario, second[0].scenario
    check_pairs(one, two)
    partly = _known_in_part(first, second)
    both = first[1].network, second[1].network
    network = (
        *_rows(*both, _OF_NETWORK, "", partly),
        *_rows(*both, [one for one in _OF_RULES if any(any(_of(line, one[0])) for line in both)], ""),
    )
    classes = tuple(
        row
        for a, b in zip(first[1].classes, second[1].classes, strict=False)
        for row in _rows(a, b, _OF_CLASS, f"{a.name}: ")
    )
    partitions = tuple(row for a, b in _pairs(first, second) for row in _rows(a, b, _OF_PARTITION, ""))
    effects = _effects(network, classes, partitions, one.period.replications)
    told = (*_changes(one, two), *effects, *_why(first[0], second[0]))
    return Comparison((one.name, two.name), told, network, classes, partitions, (first, second))


def check_pairs(one: Scenario, two: Scenario) -> None:
    """Refuse two scenarios whose replications are no pairs.

    Raises:
        NetworkImpossible: they have other numbers of replications or of days.
    """
    if (one.period.replications, one.period.days) != (two.period.replications, two.period.days):
        raise NetworkImpossible(
            "The scenarios have other days or replications, so they make no pairs.",
            remedy="Let one name the other as its base, or give both the same [period].",
        )


def compared_as_plain(found: Comparison) -> dict[str, Any]:
    """Return a comparison for JSON; the same bytes from the same scenarios."""
    (_, first), (_, second) = found.ran
    partly = _known_in_part(*found.ran)
    return {
        "simulated": True,
        "scenarios": list(found.names),
        "words": list(found.sentences),
        "network": {name: _three(first.network, second.network, name, name in partly) for name in FIGURES},
        "classes": [
            {"name": a.name, **{name: _three(a, b, name) for name in FIGURES}}
            for a, b in zip(first.classes, second.classes, strict=False)
        ],
        "partitions": [
            {"name": (b or a or first.network).name, **{name: _three(a, b, name) for name in FIGURES}}
            for a, b in _pairs(*found.ran)
        ],
    }


def _three(first: Line | None, second: Line | None, name: str, partly: bool = False) -> dict[str, object]:
    a, b, bounds = _of(first, name), _of(second, name), bounds_of(name)
    differences = as_estimate(_differences(a, b, partly), _difference_bounds(name))
    return {"first": as_estimate(a, bounds), "second": as_estimate(b, bounds), "difference": differences}


def _known_in_part(first: Ran, second: Ran) -> frozenset[str]:
    """Return the sums that lack a partition: work that moves between known and unknown ones would pass for a saving."""
    lines = (*first[1].partitions, *second[1].partitions)
    return frozenset(name for name in _SUMS if any(None in _of(line, name) for line in lines))


def _pairs(first: Ran, second: Ran) -> list[tuple[Line | None, Line | None]]:
    """Return the partitions of both by site and name; null where one has none."""
    lines = [
        {place.key: line for place, line in zip(outcome.network.partitions, found.partitions, strict=True)}
        for outcome, found in (first, second)
    ]
    keys = dict.fromkeys([*lines[0], *lines[1]])
    return [(lines[0].get(key), lines[1].get(key)) for key in keys]


def _duration(seconds: float) -> str:
    sign = "-" if seconds < 0 else ""
    return f"{sign}{show_duration(round(abs(seconds)))}"


def _share(value: float) -> str:
    return f"{value:.1%}"


def _points(value: float) -> str:
    """Return the difference of two shares."""
    return f"{value * 100:.1f} points"


def _number(value: float) -> str:
    return show_number(value)


_Show = Callable[[float], str]
_WAIT: tuple[str, str, _Show] = ("mean_wait_s", "mean wait", _duration)
_USE: tuple[str, str, _Show] = ("use", "use", _share)
_OF_NETWORK: Sequence[tuple[str, str, _Show]] = (
    ("jobs", "jobs that were placed", _number),
    _WAIT,
    ("p95_wait_s", "19 of 20 wait at most", _duration),
    ("waiting_share", "wait at all", _share),
    _USE,
    ("megawatt_hours", "MWh", _number),
    ("tonnes_co2e", "t CO2e", _number),
    ("eur", "EUR for power", _number),
)
_OF_RULES: Sequence[tuple[str, str, _Show]] = (
    ("stops", "stops of jobs by nodes that fail", _number),
    ("preemptions", "jobs that make room", _number),
    ("given_up", "jobs given up", _number),
    ("lost_device_hours", "device-hours lost", _number),
    ("repair_device_hours", "device-hours in repair", _number),
    ("refused", "jobs refused for lack of a grant", _number),
)
"""Shown where one of both is not 0: most scenarios have no such rules."""
_SUMS = ("megawatt_hours", "tonnes_co2e", "eur")
_OF_CLASS = (_WAIT,)
_OF_PARTITION = (_USE, _WAIT)


def _of(line: Line | None, name: str) -> Values:
    return () if line is None else getattr(line, name)


def _differences(first: Values, second: Values, partly: bool) -> tuple[float | None, ...]:
    if not first or not second:
        return ()
    return tuple(None if partly or a is None or b is None else b - a for a, b in zip(first, second, strict=True))


def _difference_bounds(name: str) -> tuple[float, float]:
    """Return between what the difference of a figure lies: that of two shares is no more than the whole."""
    return (-1.0, 1.0) if bounds_of(name) == SHARE else ANY


def _rows(
    first: Line | None,
    second: Line | None,
    shown: Sequence[tuple[str, str, _Show]],
    prefix: str,
    partly: frozenset[str] = frozenset(),
) -> Iterator[Row]:
    for name, label, show in shown:
        a, b = _of(first, name), _of(second, name)
        values = _differences(a, b, name in partly)
        known = ", as far as known" if name in partly else ""
        place = f"{(first or second).name}: " if shown is _OF_PARTITION and (first or second) else prefix  # type: ignore[union-attr]  # one of both is there
        found = estimate(values, _difference_bounds(name))
        clear = found is not None and found.low is not None and found.high is not None and found.low * found.high > 0
        difference = "in one of them only" if not values else _interval(found, show)
        yield Row(f"{place}{label}{known}", _shown(a, show), _shown(b, show), difference, found, clear)


def _shown(values: Values, show: _Show) -> str:
    found = estimate(values)
    if not values:
        return "not there"
    return "unknown" if found is None else show(found.mean)


def _interval(found: Estimate | None, shown: _Show) -> str:
    if found is None:
        return "unknown"
    show = _points if shown is _share else shown
    if found.low is None or found.high is None:
        return f"{show(found.mean)} (one replication: no interval)"
    return f"{show(found.mean)} ({show(found.low)} to {show(found.high)})"


def _changes(first: Scenario, second: Scenario) -> list[str]:
    """Return in words what the second scenario says that the first does not."""
    told = []
    for site in second.sites:
        if site not in first.sites:
            size = f"{site.devices:,}" if site.devices else "a gigafactory's"
            told.append(f"{site.name or site.id} is added in {site.country}: {size} {site.accelerator}.")
    told += [f"{site.id} is not there." for site in first.sites if site not in second.sites]
    for site_id in second.network.without:
        if site_id not in first.network.without:
            told.append(f"{site_id} is left out.")
    told += [f"{site} is there again." for site in first.network.without if site not in second.network.without]
    for change in second.changes:
        if change not in first.changes:
            told.append(_change(change))
    told += rule_changes(first, second)
    told += [f"No longer: {_change(change)}" for change in first.changes if change not in second.changes]
    for name in ("time_to_result", "carbon", "balance", "risk", "movement"):
        old, new = (float(getattr(one.policy.weights, name)) for one in (first, second))
        if abs(old - new) > 1e-9:
            told.append(f"The broker's weight of {name.replace('_', ' ')} goes from {old:.2f} to {new:.2f}.")
    for name in ("load", "jobs", "growth", "portable_share", "home_share", "largest_devices", "trace"):
        old_work, new_work = getattr(first.work, name), getattr(second.work, name)
        if old_work != new_work:
            told.append(f"{name} of the work goes from {old_work} to {new_work}.")
    if first.network.systems != second.network.systems:
        told.append(f"Systems that count: {', '.join(second.network.systems)}.")
    return told or ["Both scenarios say the same."]


def _change(change: Any) -> str:
    place = change.site + (f" ({change.partition})" if change.partition else "")
    told = []
    if change.closed_from_day is not None:
        told.append(f"is closed from day {change.closed_from_day:g} to day {change.closed_to_day:g}")
    if change.devices is not None:
        told.append(f"has {change.devices:,} devices")
    if change.leaf_nodes is not None:
        told.append(f"has leaves of {change.leaf_nodes:,} nodes")
    if change.pod_leaves is not None:
        told.append(f"has pods of {change.pod_leaves:,} leaves")
    for name, words in (
        ("pue", "a PUE of"),
        ("gco2e_per_kwh", "g CO2e/kWh:"),
        ("eur_per_kwh", "EUR/kWh:"),
    ):
        if getattr(change, name) is not None:
            told.append(f"has {words} {getattr(change, name):g}")
    return f"{place} {' and '.join(told) or 'is as it was'}."


def _effects(
    network: Sequence[Row], classes: Sequence[Row], partitions: Sequence[Row], replications: int
) -> Iterator[str]:
    """Return the differences that are clear and notable, the largest of each kind first."""
    clear = [row for row in network if row.clear]
    if not clear:
        yield "No figure of the network changes clearly: the intervals hold 0, or there is one replication."
        if replications < FEW_REPLICATIONS and any(row.found and row.found.mean for row in network):
            yield f"More replications than {replications} make the intervals narrower, and may show what changes."
    for row in clear:
        if row.label in _TOLD:
            yield f"The network's {row.label} goes from {row.first} to {row.second}, by {row.difference}."
    for rows, least in ((classes, NOTABLE_WAIT_SECONDS), (partitions, NOTABLE_SHARE)):
        notable = [row for row in rows if row.clear and abs(_mean(row)) >= least and _is_told(row, rows is partitions)]
        for row in sorted(notable, key=lambda one: -abs(_mean(one)))[:TOLD_MAX]:
            yield f"{row.label} goes from {row.first} to {row.second}."


def _is_told(row: Row, by_place: bool) -> bool:
    return row.label.endswith(": use") if by_place else True


def _mean(row: Row) -> float:
    return row.found.mean if row.found else 0.0


def _why(first: Outcome, second: Outcome) -> Iterator[str]:
    """Return how the reasons of waiting moved, where one did by a tenth of all hours waited."""
    before, after = ({one.words: one for one in causes(outcome)} for outcome in (first, second))
    for words in dict.fromkeys([*before, *after]):
        old, new = (found[words].share if words in found else 0.0 for found in (before, after))
        if abs(new - old) >= 0.1:
            yield f"Of the time waited, {new:.0%} instead of {old:.0%} is because {words}."
    lost = sum(second.refused.values()) - sum(first.refused.values())
    if lost > 0:
        yield f"{lost:,} jobs can be placed nowhere any more: nothing is left that has what they ask for."
