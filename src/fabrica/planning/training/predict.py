"""Rates of training with an interval, and in which ways they reach beyond the runs they were calibrated on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from fabrica.planning.training.constants import PRECISIONS, noise, weights
from fabrica.planning.training.fit import Calibration, calibrate, sensitivity
from fabrica.planning.training.prepare import Prepared, prepare
from fabrica.planning.training.runs import OWN_FILE, Run, read_runs
from fabrica.planning.training.software import NEWEST

DEVIATIONS_OF_90_PERCENT = 1.645
NO_MIXTURE = 0.15  # where no mixture ran on a family of devices
PER_YEAR = 0.3  # of software newer than that of any run: mixtures sped up by up to two fifths within four months
PER_DOUBLING = 0.03  # of the standard deviation, for each doubling of a size beyond the largest seen
GUESSED_SHAPES, GUESSED_POOL = 0.4, 0.05
MEMORY_ERROR = 0.25  # of a device: so far counted and published peaks of memory lie apart
LACKS_MEMORY = 0.15


@dataclass(frozen=True, slots=True)
class Prediction:
    """Tokens a second and device, the interval in which 9 of 10 should lie, and where it leaves known ground."""

    rate: float
    low: float
    high: float
    extrapolates: tuple[str, ...]


@cache
def own_runs() -> tuple[Run, ...]:
    """Return the published runs that come with the package."""
    return read_runs(OWN_FILE).runs


@cache
def own_calibration() -> Calibration:
    """Return the constants as calibrated on the package's runs; takes a fraction of a second, once."""
    return calibrate(own_runs())


def predict(prepared: Prepared, calibration: Calibration, seen: Sequence[Run]) -> tuple[Prediction, ...]:
    """Return the predictions of several runs, each with its one layout; `seen` are those of the calibration."""
    matrices = weights([run.case for run in prepared.runs])
    logarithms, slopes = sensitivity(prepared, matrices, calibration.numbers)
    known = np.einsum("ij,jk,ik->i", slopes, calibration.covariance, slopes)
    ground = _Ground(seen)
    found = []
    for run, value, variance, free in zip(prepared.runs, logarithms, known, prepared.memory_free(), strict=True):
        reasons, beyond = ground.beyond(run)
        if free < -MEMORY_ERROR:
            reasons, beyond = (*reasons, _lacks(free)), (*beyond, LACKS_MEMORY)
        own = noise(run.case)
        added = (np.log(own.run), np.log(own.unseen), *beyond)
        deviation = float(np.sqrt(variance + sum(one**2 for one in added)))
        found.append(_interval(float(value), deviation * DEVIATIONS_OF_90_PERCENT, reasons))
    return tuple(found)


def _lacks(free: float) -> str:
    return f"by the planner's count no layout fits in memory: {-free:.0%} more would be needed"


def predict_runs(runs: Sequence[Run], calibration: Calibration, seen: Sequence[Run]) -> tuple[Prediction, ...]:
    """Return the predictions of published runs, each with the layout that its source tells or allows.

    Where a source tells the stages and is silent about chunks, there may have been none: the interval reaches down to
    what it would have been then.
    """
    made = predict(prepare(runs, calibration.numbers), calibration, seen)
    silent = [replace(run, fixed=replace(run.fixed, interleave=1.0)) for run in runs if _leaves_chunks_open(run)]
    if not silent:
        return made
    without = predict(prepare(silent, calibration.numbers), calibration, seen)
    lows = {run.id: one.low for run, one in zip(silent, without, strict=True)}
    return tuple(replace(one, low=min(one.low, lows.get(run.id, one.low))) for run, one in zip(runs, made, strict=True))


def _leaves_chunks_open(run: Run) -> bool:
    return run.fixed.interleave is None and (run.fixed.pipeline or 1.0) > 1


def _interval(value: float, reach: float, reasons: tuple[str, ...]) -> Prediction:
    low, rate, high = np.exp([value - reach, value, value + reach])
    return Prediction(float(rate), float(low), float(high), reasons)


class _Ground:
    """What the runs of a calibration cover."""

    def __init__(self, seen: Sequence[Run]) -> None:
        told = [run for run in seen if run.reported is not None]
        self.devices = {run.device.key for run in told}
        self.families = {run.device.family for run in told}
        self.precisions = {(run.device.family, _group(run.precision)) for run in told}
        self.families_of_mixtures = {run.device.family for run in told if run.case.experts}
        self.newest = max((run.case.year for run in told), default=NEWEST)
        self.most_devices = _largest({(run.device.family, float(run.devices)) for run in told})
        self.longest = max((run.model.seq_len for run in told), default=1)
        self.most_experts = max((run.model.experts.count for run in told if run.model.experts), default=1)

    def beyond(self, run: Run) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """Return the reasons in words, and standard deviations to add to that of the constants."""
        reasons, added = [], []
        family = run.device.family
        if family not in self.families:
            reasons.append(f"no run on any {family} device was calibrated on")
        elif run.device.key not in self.devices:
            reasons.append(f"no run on {run.device.key} was calibrated on; others of {family} stand in")
        if family in self.families and (family, _group(run.precision)) not in self.precisions:
            reasons.append(f"no {_group(run.precision)} run on {family} was calibrated on")
        if run.case.experts and family in self.families - self.families_of_mixtures:
            reasons.append(f"no mixture of experts on {family} was calibrated on")
            added.append(NO_MIXTURE)
        if run.case.year > self.newest:
            reasons.append(f"its software is newer than that of any run, by {run.case.year - self.newest:.1f} years")
            added.append(PER_YEAR * (run.case.year - self.newest))
        sizes = (
            ("devices", float(run.devices), self.most_devices.get(family, 1024.0)),
            ("tokens in a sequence", float(run.model.seq_len), float(self.longest)),
            ("experts", float(run.model.experts.count if run.model.experts else 1), float(self.most_experts)),
        )
        for name, size, most in sizes:
            if size > most:
                reasons.append(f"{size:,.0f} {name} are more than the {most:,.0f} of the runs")
                added.append(PER_DOUBLING * float(np.log2(size / most)))
        if "shapes" in run.guessed:
            reasons.append("the model's shapes are not published, or do not make up its parameters")
            added.append(GUESSED_SHAPES)
        if {"devices", "batch", "widths", "precision", "sequence"} & set(run.guessed):
            reasons.append("devices, batch, precision, sequence or some widths are not published and were guessed")
            added.append(GUESSED_POOL)
        return tuple(reasons), tuple(added)


def _largest(pairs: set[tuple[str, float]]) -> dict[str, float]:
    return {family: max(size for name, size in pairs if name == family) for family, _ in pairs}


def _group(precision: str) -> str:
    return next(name for name, members in PRECISIONS.items() if precision in members)
