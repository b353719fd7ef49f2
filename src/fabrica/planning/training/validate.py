"""Hold the planner against published runs: every rate, and what it would have been without the run's group."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fabrica.planning.training.constants import load_priors
from fabrica.planning.training.fit import calibrate
from fabrica.planning.training.predict import Prediction, own_calibration, own_runs, predict_runs
from fabrica.planning.training.prepare import prepare
from fabrica.planning.training.runs import Run, RunFile
from fabrica.wire.training import LayoutImpossible


@dataclass(frozen=True, slots=True)
class Row:
    """One run. Rates are tokens a second and device; errors are (predicted - reported) / reported. `basis`: how the
    reported rate follows from what the source tells.

    `left_out_error` is the error when no run of the same group was calibrated on. `lost_time`: the reported rate counts
    stops and evaluation too, and so tests the goodput model.
    """

    id: str
    group: str
    kind: str
    precision: str
    predicted_tokens_per_s_per_gpu: float
    low: float
    high: float
    reported: float
    basis: str
    error: float
    left_out_error: float
    left_out_inside: bool
    lost_time: bool
    extrapolates: tuple[str, ...]

    @property
    def inside(self) -> bool:
        return self.low <= self.reported <= self.high


@dataclass(frozen=True, slots=True)
class Summary:
    """Errors of one class of rows, as shares without their sign; `inside` counts the intervals that held."""

    name: str
    rows: int
    mean_error: float
    worst_error: float
    inside: float
    left_out_mean_error: float
    left_out_worst_error: float
    left_out_inside: float


@dataclass(frozen=True, slots=True)
class Validation:
    """Rows with a rate and their classes; by id what lacks for a rate, and why a run cannot be predicted."""

    rows: tuple[Row, ...]
    summary: tuple[Summary, ...]
    without_rate: Mapping[str, str]
    not_predicted: Mapping[str, str]


def validate(file: RunFile) -> Validation:
    """Predict every run of a file that has a rate, with the package's constants and again without the run's own group.

    A group that the package's constants were not calibrated on is predicted once: it was left out already.
    """
    told, refused = _possible([run for run in file.runs if run.reported is not None])
    refused = {**file.refused, **refused}
    without = {run.id: run.lacks for run in file.runs if run.reported is None}
    shown = _predicted(told, own_runs()) if told else {}
    lost = [run.id for run in told if not math.isfinite(shown[run.id].rate)]
    refused |= dict.fromkeys(lost, "One of its figures is out of all proportion, so no rate can be worked out.")
    told = [run for run in told if run.id not in lost]
    if not told:
        return Validation((), (), without, refused)
    own_groups = {run.group for run in own_runs()}
    left_out = dict(shown)
    for group in dict.fromkeys(run.group for run in told):
        if group in own_groups:
            members = [run for run in told if run.group == group]
            left_out.update(_predicted(members, tuple(run for run in own_runs() if run.group != group)))
    rows = tuple(_row(run, shown[run.id], left_out[run.id]) for run in told)
    return Validation(rows, _summaries(rows), without, refused)


def _possible(runs: Sequence[Run]) -> tuple[list[Run], dict[str, str]]:
    """Return the runs that have a layout, and by id why others have none."""
    possible, refused = [], {}
    for run in runs:
        try:
            prepare([run], own_calibration().numbers)
            possible.append(run)
        except LayoutImpossible as problem:
            refused[run.id] = problem.detail
    return possible, refused


def as_plain(found: Validation) -> dict[str, Any]:
    """Return a validation as plain values for JSON."""
    rows = [{**asdict(row), "inside": row.inside} for row in found.rows]
    return {
        "rows": rows,
        "summary": [asdict(one) for one in found.summary],
        "without_rate": dict(found.without_rate),
        "not_predicted": dict(found.not_predicted),
        "constants": constants(),
    }


def constants() -> list[dict[str, Any]]:
    """Return each calibrated number with its prior: medians, and the factor that one standard deviation is worth."""
    calibration = own_calibration()
    deviations = np.sqrt(np.diag(calibration.covariance))
    return [
        {
            "name": prior.name,
            "of": list(prior.of),
            "why": prior.why,
            "prior_median": prior.median,
            "prior_factor": prior.factor,
            "median": float(np.exp(number)),
            "factor": float(np.exp(deviation)),
        }
        for prior, number, deviation in zip(load_priors(), calibration.numbers, deviations, strict=True)
    ]


def _predicted(runs: Sequence[Run], seen: tuple[Run, ...]) -> dict[str, Prediction]:
    calibration = own_calibration()
    if seen != own_runs():
        calibration = calibrate(seen, rounds=1, start=calibration.numbers)
    made = predict_runs(runs, calibration, seen)
    return {run.id: one for run, one in zip(runs, made, strict=True)}


def _row(run: Run, shown: Prediction, left_out: Prediction) -> Row:
    reported = run.reported or 0.0
    return Row(
        run.id,
        run.group,
        "MoE" if run.case.experts else "dense",
        run.precision,
        shown.rate,
        shown.low,
        shown.high,
        reported,
        run.basis,
        shown.rate / reported - 1,
        left_out.rate / reported - 1,
        left_out.low <= reported <= left_out.high,
        run.lost_time,
        shown.extrapolates,
    )


def _summaries(rows: Sequence[Row]) -> tuple[Summary, ...]:
    """Return the classes in order of their names, and all rows last."""
    classes: dict[str, list[Row]] = {}
    for row in rows:
        for name in _classes(row):
            classes.setdefault(name, []).append(row)
    return (*(_summary(name, classes[name]) for name in sorted(classes, key=str.casefold)), _summary("all", rows))


def _classes(row: Row) -> tuple[str, ...]:
    if row.lost_time:
        return (f"{row.kind}, with lost time",)
    return f"{row.kind}, steps", f"{row.kind}, steps, {row.precision}"


def _summary(name: str, rows: Sequence[Row]) -> Summary:
    count = len(rows)
    errors, left_out = [abs(row.error) for row in rows], [abs(row.left_out_error) for row in rows]
    return Summary(
        name,
        count,
        sum(errors) / count,
        max(errors),
        sum(row.inside for row in rows) / count,
        sum(left_out) / count,
        max(left_out),
        sum(row.left_out_inside for row in rows) / count,
    )
