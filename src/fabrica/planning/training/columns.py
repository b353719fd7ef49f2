"""Columns of numbers: one formula serves one layout, a million layouts, and the fit of the constants."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
"""Numbers whose shapes broadcast against each other; a single number has the shape ()."""


@dataclass(frozen=True, slots=True)
class ModelColumns:
    """A transformer, as its operators see it. Widths are outputs of matrices, in elements; counts are per model.

    `query_input` and `key_value_input` are the hidden size, or the ranks of latent attention, whose projection down to
    them is `down_width` wide (0 without). `attention_width` is the mean of the query-key and the value widths of all
    heads. `expert_layers` is 0 in a dense model; `window_share` of the layers see only `window` tokens.
    """

    layers: Column
    hidden: Column
    ffn: Column
    gated: Column
    heads: Column
    vocab: Column
    seq_len: Column
    query_width: Column
    key_value_width: Column
    query_input: Column
    key_value_input: Column
    down_width: Column
    attention_width: Column
    output_width: Column
    expert_layers: Column
    experts: Column
    top_k: Column
    shared_experts: Column
    expert_ffn: Column
    window: Column
    window_share: Column
    parameters: Column
    expert_parameters: Column


@dataclass(frozen=True, slots=True)
class DeviceColumns:
    """A device and how it is wired. Peaks in FLOP/s, memory in bytes, bandwidths in bytes/s one way, per device."""

    peak_16: Column
    peak_linear: Column
    memory_bytes: Column
    memory_bandwidth: Column
    scale_up: Column
    scale_out: Column
    domain: Column


@dataclass(frozen=True, slots=True)
class LayoutColumns:
    """How a model is laid out. Expert ranks are folded in: tensor × pipeline × data × context = devices.

    `expert_tensor`: the ranks that split each expert; 1 where they are whole.
    `zero`: the ZeRO stage, 0 to 3. `recompute`: 0 none, 1 selective, 2 full,
    1.5 full in half of the layers and selective in the others. `zero_bubble`: 0 or 1.
    """

    tensor: Column
    pipeline: Column
    data: Column
    context: Column
    expert: Column
    expert_tensor: Column
    interleave: Column
    micro_batch: Column
    zero: Column
    recompute: Column
    zero_bubble: Column
    batch_sequences: Column


@dataclass(frozen=True, slots=True)
class SoftwareColumns:
    """What the software of a time does. Truths are 0 or 1.

    `fused_attention`: attention never writes its scores to memory. `sequence_parallel`: norms are split over the tensor
    ranks. `hierarchical`: collectives cross to another domain once per domain. `deduplicated`: a token goes to a domain
    once, however many of its experts live there. `token_bytes`: of a dispatched activation, per element.
    """

    fused_attention: Column
    sequence_parallel: Column
    hierarchical: Column
    deduplicated: Column
    token_bytes: Column
    gradient_bytes: Column
    linear_bytes: Column


@dataclass(frozen=True, slots=True)
class Efficiencies:
    """The calibrated constants of one class, as plain factors (not logarithms). Their meaning stands in priors.yaml."""

    linear: Column
    attention: Column
    memory: Column
    elementwise: Column
    scale_up: Column
    scale_out: Column
    expert_out: Column
    expert_rate: Column
    tensor_exposed: Column
    data_exposed: Column
    expert_exposed: Column
    expert_behind: Column
    point_exposed: Column
    overlap_power: Column
    hop_seconds: Column
    context_cost: Column
    grouped: Column
    routing: Column
    launch_seconds: Column
    route_seconds: Column
    expert_launch_seconds: Column
    step_seconds: Column
    imbalance: Column
    straggler: Column
    total: Column


T = TypeVar("T")


def stack(kind: type[T], rows: Sequence[T]) -> T:
    """Return one set of columns from several of the same kind, each a single number: shape (rows,)."""
    names = [one.name for one in fields(cast(Any, kind))]
    named: dict[str, Any] = {name: np.array([float(getattr(row, name)) for row in rows]) for name in names}
    return kind(**named)


def single(kind: type[T], **numbers: float) -> T:
    """Return columns of shape () from plain numbers."""
    named: dict[str, Any] = {name: np.float64(number) for name, number in numbers.items()}
    return kind(**named)
