"""Runs as columns, with what their sources leave open in a layout chosen as the planner would choose it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from fabrica.planning.training.columns import (
    Column,
    DeviceColumns,
    Efficiencies,
    LayoutColumns,
    ModelColumns,
    SoftwareColumns,
    stack,
)
from fabrica.planning.training.constants import efficiencies, weights
from fabrica.planning.training.layouts import enumerate_layouts, join, select
from fabrica.planning.training.memory import fits, memory
from fabrica.planning.training.runs import Run
from fabrica.planning.training.software import software_of
from fabrica.planning.training.step import Step, step
from fabrica.wire.training import LayoutImpossible

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prepared:
    """Several runs, each with one layout: columns of shape (runs,)."""

    runs: tuple[Run, ...]
    model: ModelColumns
    device: DeviceColumns
    layout: LayoutColumns
    software: SoftwareColumns

    def step(self, known: Efficiencies) -> Step:
        return step(self.model, self.device, self.layout, self.software, known)

    def memory_free(self) -> Column:
        """Return the share of a device's memory that stays free; below zero it does not fit."""
        return fits(memory(self.model, self.layout, self.software), self.device)

    def rate(self, known: Efficiencies) -> Column:
        """Return tokens a second and device; shape (runs,) or (sets, runs)."""
        return self.step(known).tokens_per_second_per_device(self.model, self.layout)


def prepare(runs: Sequence[Run], numbers: Column) -> Prepared:
    """Return the runs with, of the layouts their sources allow, the fastest that fits its memory."""
    candidates = [_candidates(run) for run in runs]
    counts = [len(one.tensor) for one in candidates]
    owner = np.repeat(np.arange(len(runs)), counts)
    all_of = columns_of(runs, join(candidates))
    wide = Prepared(
        all_of.runs, _at(all_of.model, owner), _at(all_of.device, owner), all_of.layout, _at(all_of.software, owner)
    )
    known = efficiencies(numbers, weights([run.case for run in runs]))
    rate = wide.rate(_at(known, owner))
    free = wide.memory_free()
    best = [_best(rate, free, owner == row) for row in range(len(runs))]
    return replace(all_of, layout=select(all_of.layout, np.array(best)))


def columns_of(runs: Sequence[Run], layouts: LayoutColumns) -> Prepared:
    """Return the runs as columns, with these layouts."""
    return Prepared(
        tuple(runs),
        stack(ModelColumns, [run.model.columns() for run in runs]),
        stack(DeviceColumns, [run.device.columns(run.precision) for run in runs]),
        layouts,
        stack(SoftwareColumns, [software_of(run.case.year, run.precision) for run in runs]),
    )


def _candidates(run: Run) -> LayoutColumns:
    """Return the layouts that a run's source allows; where what it tells does not agree, with less of it fixed.

    Raises:
        LayoutImpossible: the model divides over these devices in no way.
    """
    pooled = replace(run.fixed, data=None, micro_batch=None)
    looser = (
        run.fixed,
        replace(run.fixed, expert=None, expert_tensor=1.0),
        replace(run.fixed, data=None),
        pooled,
        replace(pooled, tensor=None, pipeline=None, expert=None, expert_tensor=1.0, interleave=None),
    )
    for fixed in looser:
        found = enumerate_layouts(run.model, run.devices, run.batch_sequences, run.device.domain, fixed)
        if len(found.tensor):
            return found
    raise LayoutImpossible(
        f"{run.model.name} divides over {run.devices:,} x {run.device.key} in no way.",
        remedy="Correct the layout, the number of devices or the batch.",
    )


def _best(rate: Column, free: Column, own: Any) -> int:
    """Return the fastest of a run's layouts that fits; where none does, the one that lacks least."""
    places = np.flatnonzero(own)
    fitting = places[free[places] >= 0]
    if len(fitting):
        return int(fitting[np.argmax(rate[fitting])])
    return int(places[np.argmax(free[places])])


def _at(columns: T, places: Any) -> T:
    taken: dict[str, Any] = {one.name: getattr(columns, one.name)[places] for one in fields(columns)}  # type: ignore[arg-type]
    return type(columns)(**taken)
