"""All layouts of a model on a pool: which fit, how fast they are, and those that nothing else beats in every way."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fabrica.planning.training.columns import Column, LayoutColumns
from fabrica.planning.training.constants import Case, efficiencies, weights
from fabrica.planning.training.devices import Device
from fabrica.planning.training.layouts import Fixed, enumerate_layouts, select
from fabrica.planning.training.memory import Memory, fits, memory
from fabrica.planning.training.model import Model
from fabrica.planning.training.power import device_watts
from fabrica.planning.training.software import software_of
from fabrica.planning.training.step import Step, step
from fabrica.wire.training import LayoutImpossible

POOL_MAX = 4_000_000
HOST = 8  # devices that pools grow by, where the nearest that would do is looked for


@dataclass(frozen=True, slots=True)
class Question:
    """A model to train on so many devices of a kind, in steps of so many sequences."""

    model: Model
    device: Device
    devices: int
    batch_sequences: float
    case: Case
    fixed: Fixed = field(default_factory=Fixed)


@dataclass(frozen=True, slots=True)
class Found:
    """Layouts that fit, shape (layouts,), the fastest first: seconds a step, watts a device, share of memory free.

    `looked_at` counts all layouts, those that do not fit too.
    """

    layouts: LayoutColumns
    step: Step
    rate: Column
    watts: Column | None
    memory_free: Column
    looked_at: int

    def joules_per_token(self) -> Column | None:
        return None if self.watts is None else self.watts / self.rate


def search(question: Question, numbers: Column) -> Found:
    """Return every layout that fits the pool, the fastest first; `numbers` are those of a calibration.

    Raises:
        LayoutImpossible: none fits; says what lacks and on how many devices one would.
    """
    layouts = enumerate_layouts(
        question.model, question.devices, question.batch_sequences, question.device.domain, question.fixed
    )
    count = len(layouts.tensor)
    if count == 0:
        raise _impossible(question, None)
    routed = question.model.experts is not None
    model, device = question.model.columns(), question.device.columns(question.case.precision)
    software = software_of(question.case.year, question.case.precision)
    free = fits(memory(model, layouts, software, routed=routed), device)
    fitting = np.flatnonzero(free >= 0)
    if len(fitting) == 0:
        raise _impossible(question, float(-free.max() * question.device.memory_gigabytes))
    layouts, free = select(layouts, fitting), free[fitting]
    known = _scalars(efficiencies(numbers, weights([question.case])))
    made = step(model, device, layouts, software, known, routed=routed)
    used = layouts.tensor * layouts.pipeline * layouts.data * layouts.context
    rate = made.tokens_per_second_per_device(model, layouts) * used / question.devices
    order = np.argsort(-rate, kind="stable")
    watts = device_watts(question.device, made)
    return Found(
        select(layouts, order),
        made.at(order),
        rate[order],
        None if watts is None else watts[order],
        free[order],
        count,
    )


def _scalars(known: Any) -> Any:
    """Return the constants of the only case as numbers of shape ()."""
    return replace(known, **{name: getattr(known, name)[0] for name in known.__slots__})


def memory_parts(question: Question, layouts: LayoutColumns) -> Memory:
    """Return what each layout's fullest device holds, by part."""
    software = software_of(question.case.year, question.case.precision)
    return memory(question.model.columns(), layouts, software, routed=question.model.experts is not None)


def pareto(found: Found) -> Any:
    """Return the places of the layouts that no other beats in rate, energy for a token and free memory at once."""
    energy = found.joules_per_token()
    costs = np.stack([-found.rate, -found.memory_free, *([] if energy is None else [energy])], axis=1)
    left = np.lexsort(costs.T[::-1])  # the first of the order is never beaten, so it stays and drops what it beats
    kept: list[int] = []
    while len(left):
        kept.append(int(left[0]))
        left = left[~np.all(costs[left[0]] <= costs[left], axis=1)]
    return np.array(kept)


def _impossible(question: Question, lacking_gigabytes: float | None) -> LayoutImpossible:
    above = _nearest(question, 2.0)
    below = None if above or lacking_gigabytes is not None else _nearest(question, 0.5)
    lacks = (
        f"; the nearest layout lacks {_memory_words(lacking_gigabytes)} on each device"
        if lacking_gigabytes is not None
        else f"; no layout divides the heads, the layers and a batch of {question.batch_sequences:,.0f} sequences so"
    )
    name, key = question.model.name, question.device.key
    remedy = "Take a larger device, a smaller model or batch, or shorter sequences."
    if above:
        remedy = f"On {above:,} devices one fits."
    elif below:
        remedy = f"On {below:,} devices one fits; or give a larger global_batch_tokens."
    return LayoutImpossible(
        f"No layout of {name} fits {question.devices:,} x {key}{lacks}.",
        remedy=remedy,
        devices=question.devices,
        devices_needed=above or below,
    )


def _memory_words(gigabytes: float) -> str:
    return f"{gigabytes:,.0f} GB" if gigabytes >= 10 else f"{gigabytes:.1f} GB" if gigabytes >= 0.1 else "under 0.1 GB"


def _nearest(question: Question, factor: float) -> int | None:
    """Return the nearest larger, or smaller, pool on which a layout fits: a factor away each, then between the last."""
    before, devices = question.devices, int(question.devices * factor)
    while 1 <= devices <= POOL_MAX:
        if _fits_somehow(replace(question, devices=devices)):
            return _between(question, before, devices)
        before, devices = devices, int(devices * factor)
    return None


def _between(question: Question, misses: int, fits: int) -> int:
    """Return the pool that fits nearest to one that does not, in whole hosts."""
    while abs(fits - misses) > HOST:
        middle = (fits + misses) // 2 // HOST * HOST
        if middle in (fits, misses):
            break
        if _fits_somehow(replace(question, devices=middle)):
            fits = middle
        else:
            misses = middle
    return fits


def _fits_somehow(question: Question) -> bool:
    domain, fixed = question.device.domain, question.fixed
    layouts = enumerate_layouts(question.model, question.devices, question.batch_sequences, domain, fixed)
    if not len(layouts.tensor):
        return False
    software = software_of(question.case.year, question.case.precision)
    held = memory(question.model.columns(), layouts, software, routed=question.model.experts is not None)
    return bool(np.any(fits(held, question.device.columns(question.case.precision)) >= 0))
