"""Every layout of a model on a pool, and which of them fit; part of a layout may be fixed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from fabrica.planning.training.columns import Column, LayoutColumns
from fabrica.planning.training.model import Model

NONE, SELECTIVE, HALF, FULL = 0.0, 1.0, 1.5, 2.0
TENSOR_MAX, CONTEXT_MAX, PIPELINE_MAX, EXPERT_MAX = 16, 16, 64, 128
CHUNKS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 12.0)
MICRO_BATCHES = (1.0, 2.0, 4.0, 8.0, 16.0)
UNEVEN_MAX = 1.1  # layers of the fullest stage, against an even share
CONTEXT_TOKENS_MIN = 4096.0  # shorter pieces of a sequence are not cut


@dataclass(frozen=True, slots=True)
class Fixed:
    """What of a layout is given; null: to be found."""

    tensor: float | None = None
    pipeline: float | None = None
    data: float | None = None
    context: float | None = None
    expert: float | None = None
    expert_tensor: float = 1.0
    interleave: float | None = None
    micro_batch: float | None = None
    zero: float | None = None
    recompute: float | None = None
    zero_bubble: float | None = None


def enumerate_layouts(model: Model, devices: int, batch_sequences: float, domain: int, fixed: Fixed) -> LayoutColumns:
    """Return the layouts that a pool allows, shape (layouts,); memory is not looked at.

    What does not divide is left out: heads by tensor ranks, experts by their ranks, layers by stages where they would
    be more than a tenth uneven. A rest of the pool may stay idle, where data ranks do not fill it, or expert ranks do
    not fill the data ranks.
    """
    outer = _grid(
        tensor=_tensor(model, domain, fixed),
        pipeline=_pipeline(model, devices, fixed),
        context=_context(model, fixed),
    )
    inner = outer["tensor"] * outer["pipeline"] * outer["context"]
    outer["data"] = np.full_like(inner, fixed.data) if fixed.data else np.floor(devices / inner)
    outer = _kept(outer, (outer["data"] >= 1) & (inner * outer["data"] <= devices) & (outer["data"] <= batch_sequences))
    whole = _with(
        outer,
        expert=_expert(model, fixed),
        interleave=_interleave(model, fixed),
        micro_batch=_one_or(fixed.micro_batch, MICRO_BATCHES),
        zero=_one_or(fixed.zero, (1.0, 2.0, 3.0)),
        recompute=_one_or(fixed.recompute, (NONE, SELECTIVE, HALF, FULL)),
        zero_bubble=_one_or(fixed.zero_bubble, (0.0, 1.0)),
    )
    if fixed.expert is None and fixed.data is None:
        whole["data"] = _filled_by_experts(whole, fixed)
    whole = _kept(whole, _sensible(model, whole, batch_sequences, fixed))
    alike = {"batch_sequences": batch_sequences, "expert_tensor": fixed.expert_tensor}
    return LayoutColumns(**whole, **{name: np.full_like(whole["tensor"], one) for name, one in alike.items()})


def select(layouts: LayoutColumns, chosen: Any) -> LayoutColumns:
    """Return the layouts at these places, or where a mask is true."""
    taken: dict[str, Any] = {one.name: getattr(layouts, one.name)[chosen] for one in fields(LayoutColumns)}
    return LayoutColumns(**taken)


def join(parts: list[LayoutColumns]) -> LayoutColumns:
    """Return several sets of layouts as one."""
    names = [one.name for one in fields(LayoutColumns)]
    joined: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return LayoutColumns(**joined)


def _one_or(given: float | None, several: tuple[float, ...]) -> Column:
    return np.array(several if given is None else (given,), dtype=np.float64)


def _tensor(model: Model, domain: int, fixed: Fixed) -> Column:
    widest = min(TENSOR_MAX, max(domain, 1))
    powers = [float(2**power) for power in range(8) if 2**power <= widest and model.heads % 2**power == 0]
    return _one_or(fixed.tensor, tuple(powers))


def _pipeline(model: Model, devices: int, fixed: Fixed) -> Column:
    """Return the counts of stages that divide the layers; with an odd count of layers, the powers of two as well."""
    most = min(PIPELINE_MAX, model.layers, devices)
    even = {count for count in range(1, most + 1) if model.layers % count == 0}
    if len(even) < 4:
        even |= {2**power for power in range(7) if 2**power <= most}
    return _one_or(fixed.pipeline, tuple(float(count) for count in sorted(even)))


def _context(model: Model, fixed: Fixed) -> Column:
    powers = [2.0**power for power in range(5) if power == 0 or model.seq_len / 2**power >= CONTEXT_TOKENS_MIN]
    return _one_or(fixed.context, tuple(powers))


def _expert(model: Model, fixed: Fixed) -> Column:
    if model.experts is None:
        return np.array([1.0])
    powers = [2.0**power for power in range(8) if model.experts.count % 2**power == 0 and 2**power <= EXPERT_MAX]
    return _one_or(fixed.expert, tuple(powers))


def _interleave(model: Model, fixed: Fixed) -> Column:
    return _one_or(fixed.interleave, tuple(count for count in CHUNKS if count <= model.layers))


def _filled_by_experts(whole: Mapping[str, Column], fixed: Fixed) -> Column:
    """Return as many data ranks as whole groups of expert ranks fill; all but data are powers of two here."""
    unit = np.maximum(whole["expert"] * fixed.expert_tensor / (whole["tensor"] * whole["context"]), 1.0)
    return np.asarray(np.floor(whole["data"] / unit) * unit)


def _sensible(model: Model, whole: Mapping[str, Column], batch: float, fixed: Fixed) -> Any:
    """Return where chunks divide a stage, a micro-batch fits the batch, and groups of experts fill the ranks."""
    stages = whole["pipeline"] * whole["interleave"]
    ok = whole["data"] * whole["micro_batch"] <= batch * 1.02
    if fixed.interleave is None:
        fullest = np.ceil(model.layers / stages) * stages / model.layers
        ok &= (fullest <= UNEVEN_MAX) | (whole["interleave"] == 1)
        ok &= (whole["pipeline"] > 1) | (whole["interleave"] == 1)
    if fixed.zero is None:
        ok &= (whole["zero"] < 2) | (whole["pipeline"] == 1)
    if fixed.zero_bubble is None:
        ok &= (whole["zero_bubble"] == 0) | ((whole["pipeline"] > 1) & (whole["interleave"] == 1))
    ranks = whole["data"] * whole["context"] * whole["tensor"]
    ok &= (ranks >= 1) & (ranks % (whole["expert"] * fixed.expert_tensor) == 0)
    return ok


def _grid(**axes: Column) -> dict[str, Column]:
    meshed = np.meshgrid(*axes.values(), indexing="ij")
    return {name: part.ravel() for name, part in zip(axes, meshed, strict=True)}


def _with(rows: Mapping[str, Column], **axes: Column) -> dict[str, Column]:
    """Return every row with every combination of the axes."""
    added = _grid(**axes)
    times = len(next(iter(added.values())))
    count = len(next(iter(rows.values())))
    repeated = {name: np.repeat(column, times) for name, column in rows.items()}
    return {**repeated, **{name: np.tile(column, count) for name, column in added.items()}}


def _kept(rows: Mapping[str, Column], mask: Any) -> dict[str, Column]:
    return {name: column[mask] for name, column in rows.items()}
