"""The calibrated constants: a linear model of their logarithms by class, with priors; never by single runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fabrica.planning.training.columns import Column, Efficiencies
from fabrica.planning.training.devices import FOLDER, load_devices
from fabrica.reference.reading import read_file

NEUTRAL_YEAR = 2024.0
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """What decides the constants of a training: its class, nothing of its own."""

    precision: str
    device: str
    family: str
    year: float
    experts: bool = False
    campaign: bool = False
    programme: bool = False
    framework: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """The classes an effect is for, and the year before which its software is; null: any."""

    precision: tuple[str, ...] | None = None
    device: tuple[str, ...] | None = None
    family: tuple[str, ...] | None = None
    campaign: tuple[bool, ...] | None = None
    programme: tuple[bool, ...] | None = None
    framework: tuple[bool, ...] | None = None
    experts: tuple[bool, ...] | None = None
    before: float | None = None

    def holds(self, case: Case) -> bool:
        if self.before is not None and case.year >= self.before:
            return False
        wanted = ((one.name, getattr(self, one.name)) for one in fields(self) if one.name != "before")
        return all(allowed is None or getattr(case, name) in allowed for name, allowed in wanted)


@dataclass(frozen=True, slots=True)
class Prior:
    """One number to calibrate: the constants it multiplies, its median, and the factor of one standard deviation."""

    name: str
    of: tuple[str, ...]
    median: float
    factor: float
    why: str
    when: When = field(default_factory=When)
    per: str | None = None

    def weight(self, case: Case) -> float:
        """Return how often the number multiplies the constant of a case: 0, 1, or the years since the neutral one."""
        if not self.when.holds(case):
            return 0.0
        return case.year - NEUTRAL_YEAR if self.per == "year" else 1.0


@dataclass(frozen=True, slots=True)
class Noise:
    """Standard deviations of what the model cannot know, as factors: of a run in its group, of the group as runs are
    weighted, and of a group that was not calibrated on."""

    run: float
    group: float
    unseen: float


@dataclass(frozen=True, slots=True)
class _Spread:
    factor: float
    of: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class _PriorFile:
    constants: tuple[Prior, ...]
    effects: tuple[Prior, ...]
    devices: _Spread
    device_precisions: _Spread
    noise: Mapping[str, Noise]


@cache
def load_priors() -> tuple[Prior, ...]:
    """Return every number to calibrate, in the order of the calibration's vector.

    Raises:
        ReferenceMalformed: the data file has a mistake.
    """
    file = _file()
    found = [*file.constants, *file.effects]
    for key, device in load_devices().items():
        own, narrow = file.devices, file.device_precisions
        found.append(Prior(f"device {key}", own.of, 1.0, own.factor, own.why, When(device=(key,))))
        for group, names in PRECISIONS.items():
            if any(device.peak(name) for name in names):
                when = When(device=(key,), precision=names)
                found.append(Prior(f"device {key} in {group}", narrow.of, 1.0, narrow.factor, narrow.why, when))
    return tuple(found)


PRECISIONS: Mapping[str, tuple[str, ...]] = {
    "16 bit": ("bf16", "fp16"),
    "8 bit": ("fp8", "mxfp8"),
    "4 bit": ("nvfp4", "fp4"),
}


@cache
def _file() -> _PriorFile:
    return read_file(_PriorFile, FOLDER / "priors.yaml")


def noise(case: Case) -> Noise:
    """Return the standard deviations of a class."""
    kind = f"{'expert' if case.experts else 'dense'}_{'campaign' if case.campaign else 'benchmark'}"
    return _file().noise["programme" if case.programme else kind]


def prior_means() -> Column:
    return np.log([one.median for one in load_priors()])


def prior_deviations() -> Column:
    return np.log([one.factor for one in load_priors()])


def weights(cases: Sequence[Case]) -> Mapping[str, Matrix]:
    """Return for each constant a matrix, shape (cases, numbers): its logarithm is the matrix times the numbers."""
    rows = np.array([_weights_of(case) for case in cases]).reshape(len(cases), -1)
    return {one.name: np.where(_moves(one.name), rows, 0.0) for one in fields(Efficiencies)}


@cache
def _weights_of(case: Case) -> Column:
    return np.array([prior.weight(case) for prior in load_priors()])


@cache
def _moves(constant: str) -> NDArray[np.bool_]:
    return np.array([constant in prior.of for prior in load_priors()])


def efficiencies(numbers: Column, matrices: Mapping[str, Matrix]) -> Efficiencies:
    """Return the constants of each case, shape (cases,), or (sets, cases) for several sets of numbers."""
    made: dict[str, Any] = {name: np.exp(numbers @ matrix.T) for name, matrix in matrices.items()}
    return Efficiencies(**made)
