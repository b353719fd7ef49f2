"""An outcome as plain values for JSON: the same bytes from the same scenario, on any number of cores."""

from dataclasses import asdict
from typing import Any

from fabrica.planning.network.causes import causes
from fabrica.planning.network.figures import AMOUNT, ANY, Figures, Line, Values, bounds_of, estimate
from fabrica.planning.network.runs import Outcome

FIGURES = (
    "jobs",
    "mean_wait_s",
    "p95_wait_s",
    "longest_wait_s",
    "waiting_share",
    "use",
    "device_hours",
    "megawatt_hours",
    "tonnes_co2e",
    "eur",
    "stops",
    "preemptions",
    "given_up",
    "lost_device_hours",
    "repair_device_hours",
    "refused",
)
_DIGITS = 4


def as_plain(outcome: Outcome, found: Figures) -> dict[str, Any]:
    """Return everything that is told of an outcome."""
    scenario, network = outcome.scenario, outcome.network
    return {
        "simulated": True,
        "scenario": scenario.name,
        "description": scenario.description,
        "base": scenario.base.name if scenario.base else None,
        "period": asdict(scenario.period),
        "rules": asdict(scenario.rules),
        "network": {
            "sites": len(network.sites),
            "partitions": len(network.partitions),
            "devices": network.devices,
            "left_out": [asdict(one) for one in network.left_out],
        },
        "work": {
            "jobs_asked": outcome.demand.jobs,
            "pretraining_share": rounded(outcome.demand.pretraining_share),
            "refused": dict(sorted(outcome.refused.items())),
        },
        "figures": {**line_as_plain(found.network), "never_placed": as_estimate(found.never, AMOUNT)},
        "classes": [{"name": one.name, **line_as_plain(one)} for one in found.classes],
        "partitions": [
            {
                "site": place.site,
                "partition": place.name,
                "country": place.country,
                "accelerator": place.accelerator,
                "devices": place.devices,
                "basis": place.basis,
                **line_as_plain(one),
            }
            for place, one in zip(network.partitions, found.partitions, strict=True)
        ],
        "why_they_wait": [
            {
                "words": one.words,
                "jobs": rounded(one.jobs),
                "waited_hours": rounded(one.waited_hours),
                "share": rounded(one.share),
            }
            for one in causes(outcome)
        ],
        "unknown": list(found.unknown),
    }


def line_as_plain(line: Line) -> dict[str, Any]:
    """Return a line's figures as means with intervals."""
    return {name: as_estimate(getattr(line, name), bounds_of(name)) for name in FIGURES}


def as_estimate(values: Values, bounds: tuple[float, float] = ANY) -> dict[str, float | None] | None:
    """Return the mean of replications with its interval; null where it is not known."""
    found = estimate(values, bounds)
    if found is None:
        return None
    return {"mean": rounded(found.mean), "low": rounded(found.low), "high": rounded(found.high)}


def rounded(value: float | None) -> float | None:
    """Return a number with four digits after the point, as JSON shows it."""
    return None if value is None else round(float(value), _DIGITS)
