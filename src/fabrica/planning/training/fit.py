"""Calibrate the constants on published runs: the most probable numbers given the priors, and how sure they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from fabrica.planning.training.columns import Column, Efficiencies
from fabrica.planning.training.constants import (
    Matrix,
    efficiencies,
    noise,
    prior_deviations,
    prior_means,
    weights,
)
from fabrica.planning.training.goodput import useful_share_of_run
from fabrica.planning.training.prepare import Prepared, prepare
from fabrica.planning.training.runs import Run

ROUNDS, STEPS = 3, 12
SMALL = 1e-4
ENOUGH = 1e-3
OUTLIER = 2.0  # deviations beyond which a run pulls no harder: a source may have erred


@dataclass(frozen=True, slots=True)
class Calibration:
    """The numbers, in the order of the priors, as logarithms, and their covariance after the runs were seen."""

    numbers: Column
    covariance: Matrix


def calibrate(runs: Sequence[Run], *, rounds: int = ROUNDS, start: Column | None = None) -> Calibration:
    """Return the numbers that explain the reported rates best, held by their priors.

    Gauss-Newton with outliers weighted down (Huber 1964); between rounds, the layouts that sources leave open are
    chosen again. Runs without a rate, and those whose shapes had to be guessed, are left out.
    """
    told = [run for run in runs if run.reported is not None and "shapes" not in run.guessed]
    numbers = prior_means() if start is None else start
    found = Calibration(numbers, np.diag(prior_deviations() ** 2))
    if not told:
        return found
    matrices = weights([run.case for run in told])
    for _ in range(rounds):
        prepared = prepare(told, found.numbers)
        found = _fit(prepared, matrices, found.numbers)
    return found


def sensitivity(prepared: Prepared, matrices: Mapping[str, Matrix], numbers: Column) -> tuple[Column, Matrix]:
    """Return the logarithms of the rates as their sources count them, and how each moves with each number.

    Shapes (runs,) and (runs, numbers). Each constant is moved once; the numbers follow by the chain rule.
    """
    known = efficiencies(numbers, matrices)
    moved: dict[str, Any] = {}
    for place, one in enumerate(fields(Efficiencies), start=1):
        column = np.tile(getattr(known, one.name), (len(matrices) + 1, 1))
        column[place] *= np.exp(SMALL)
        moved[one.name] = column
    rates = np.log(prepared.rate(Efficiencies(**moved)))
    slopes = (rates[1:] - rates[0]) / SMALL
    by_number = sum(
        slope[:, None] * matrices[one.name] for slope, one in zip(slopes, fields(Efficiencies), strict=True)
    )
    return rates[0] + np.log([useful_share_of_run(run) for run in prepared.runs]), np.asarray(by_number)


def _fit(prepared: Prepared, matrices: Mapping[str, Matrix], numbers: Column) -> Calibration:
    """Return the most probable numbers for one choice of layouts. What no run tells of keeps its prior."""
    means, deviations = prior_means(), prior_deviations()
    told = np.any([np.any(matrix != 0, axis=0) for matrix in matrices.values()], axis=0)
    precision = np.diag(1 / deviations[told] ** 2)
    seen = np.log([run.reported or 1.0 for run in prepared.runs])
    noises = _Noises(prepared.runs)
    hessian, numbers = precision, numbers.copy()
    for _ in range(STEPS):
        rates, slopes = sensitivity(prepared, matrices, numbers)
        weighted = noises.weigh(slopes[:, told], np.abs(seen - rates))
        hessian = slopes[:, told].T @ weighted + precision
        pull = weighted.T @ (seen - rates) + precision @ (means - numbers)[told]
        change = np.linalg.solve(hessian, pull)
        numbers[told] += np.clip(change, -0.5, 0.5)
        if np.abs(change).max() < ENOUGH:
            break
    covariance = np.diag(deviations**2)
    covariance[np.ix_(told, told)] = np.linalg.inv(hessian)
    return Calibration(numbers, covariance)


class _Noises:
    """What the model cannot know of several runs: each has its own part, and shares one with its group."""

    def __init__(self, runs: Sequence[Run]) -> None:
        known = [noise(run.case) for run in runs]
        self.own, self.shared = np.log([[one.run for one in known], [one.group for one in known]])
        names = np.array([run.group for run in runs])
        self.groups = [np.flatnonzero(names == name) for name in dict.fromkeys(names)]

    def weigh(self, slopes: Matrix, off: Column) -> Matrix:
        """Return the inverse of the noise's covariance times the slopes, with outliers trusted less.

        A group's block is a diagonal and one outer product, so Sherman and Morrison 1950 give its inverse.
        """
        distrust = np.maximum(off / np.hypot(self.own, self.shared) / OUTLIER, 1.0)
        diagonal = 1 / (self.own**2 * distrust)
        weighted: Matrix = diagonal[:, None] * slopes
        for rows in self.groups:
            common = self.shared[rows] * np.sqrt(distrust[rows])
            part = diagonal[rows] * common
            weighted[rows] -= np.outer(part, common @ weighted[rows]) / (1 + common @ part)
        return weighted
