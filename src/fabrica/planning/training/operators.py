"""The operators of one layer on one device, by roofline: time on the matrix units plus time on the memory.

Times add instead of taking the larger, which bends smoothly where both matter. Source: Williams, Waterman and Patterson
2009, Roofline; counts of FLOP and bytes: Narayanan et al. 2021 (arXiv:2104.04473), appendix; Korthikanti et al. 2022
(arXiv:2205.05198), section 4; attention without written scores: Dao 2023 (arXiv:2307.08691).
"""

from dataclasses import dataclass

import numpy as np

from fabrica.planning.training.columns import (
    Column,
    DeviceColumns,
    Efficiencies,
    LayoutColumns,
    ModelColumns,
    SoftwareColumns,
)

TILE = 128.0  # rows and columns of the blocks in which matrix units work
FULL_HEAD = 128.0  # no width of a head is asked for beyond this one
EXPONENTIALS = 3.9e12  # a second, of the scores: H100, and others within a quarter (Shah et al. 2024, arXiv:2407.08608)
FUSED_BACKWARD = 2.5  # five products instead of two: the scores are computed again
LINEAR_BACKWARD = 2.0  # one product for the inputs, one for the weights
UNFUSED_PASSES = 11 / 2  # times the scores are read or written: softmax, mask, dropout (Korthikanti et al., 5as/h)


@dataclass(frozen=True, slots=True)
class LayerTimes:
    """Seconds of one layer on one micro-batch: all but attention forward, attention forward, the same backward.

    `host`: what the host takes to route and to start the experts' kernels, both ways, in part while the device works.
    """

    forward: Column
    attention_forward: Column
    backward: Column
    attention_backward: Column
    elementwise_forward: Column
    host: Column


def tokens_per_rank(model: ModelColumns, layout: LayoutColumns) -> Column:
    """Return the tokens of a micro-batch that one device sees: its sequences, cut by context parallelism."""
    return layout.micro_batch * model.seq_len / layout.context


def product(
    rows: Column,
    width: Column,
    depth: Column,
    bytes_each: Column | float,
    peak: Column,
    bandwidth: Column,
) -> Column:
    """Return the seconds of a matrix product; rows and width are filled up to whole tiles."""
    tiled = np.ceil(rows / TILE) * np.ceil(width / TILE) * (TILE * TILE)
    moved = rows * depth + depth * width + rows * width
    return 2 * tiled * depth / peak + bytes_each * moved / bandwidth


def layer(
    model: ModelColumns,
    device: DeviceColumns,
    layout: LayoutColumns,
    software: SoftwareColumns,
    known: Efficiencies,
    *,
    expert: bool,
) -> LayerTimes:
    """Return the times of one layer: a dense one, or one with routed experts."""
    rows, peak = tokens_per_rank(model, layout), device.peak_linear * known.linear
    bandwidth = device.memory_bandwidth * known.memory
    projections = _projections(model, layout, software, rows, peak, bandwidth)
    if expert:
        mlp = _experts(model, layout, software, rows, peak * known.grouped, bandwidth)
    else:
        mlp = _mlp(rows, model.hidden, model.ffn / layout.tensor, model.gated, software, peak, bandwidth)
    elementwise = _elementwise(model, layout, software, rows, bandwidth, expert=expert) * known.elementwise
    if expert:
        elementwise = elementwise + _routing(model, layout, rows, bandwidth) * known.routing
    attention, attention_backward = _attention(model, device, layout, software, known, rows)
    launch = known.launch_seconds
    forward = projections + mlp + elementwise + launch / 3
    backward = LINEAR_BACKWARD * (projections + mlp) + 2 * elementwise + 2 * launch / 3
    host = _host(model, layout, known) if expert else np.zeros(())
    return LayerTimes(forward, attention, backward, attention_backward, elementwise, host)


def _host(model: ModelColumns, layout: LayoutColumns, known: Efficiencies) -> Column:
    """Return the seconds that the host takes for a layer of experts: routing, and the experts that live here."""
    local = np.maximum(model.experts / layout.expert, 1.0)
    return np.asarray(known.route_seconds + known.expert_launch_seconds * np.sqrt(local))


def _projections(
    model: ModelColumns,
    layout: LayoutColumns,
    software: SoftwareColumns,
    rows: Column,
    peak: Column,
    bandwidth: Column,
) -> Column:
    """Return the seconds of the attention's matrices, with the projection down to latent ranks where there is one."""
    each, split = software.linear_bytes, layout.tensor
    down = product(rows, model.down_width, model.hidden, each, peak, bandwidth) * (model.down_width > 0)
    query = product(rows, model.query_width / split, model.query_input, each, peak, bandwidth)
    key_value = product(rows, model.key_value_width / split, model.key_value_input, each, peak, bandwidth)
    return down + query + key_value + product(rows, model.hidden, model.output_width / split, each, peak, bandwidth)


def _mlp(
    rows: Column,
    hidden: Column,
    width: Column,
    gated: Column,
    software: SoftwareColumns,
    peak: Column,
    bandwidth: Column,
) -> Column:
    up = product(rows, width * (1 + gated), hidden, software.linear_bytes, peak, bandwidth)
    return up + product(rows, hidden, width, software.linear_bytes, peak, bandwidth)


def _experts(
    model: ModelColumns,
    layout: LayoutColumns,
    software: SoftwareColumns,
    rows: Column,
    peak: Column,
    bandwidth: Column,
) -> Column:
    """Return the seconds of the experts that live here, each on its even share of the tokens, and the shared ones.

    Where tensor ranks split an expert, each of them computes its part of the width for the tokens of all.
    """
    local = np.maximum(model.experts / layout.expert, 1.0)
    split = layout.expert_tensor
    each = rows * model.top_k / layout.tensor / local * split
    routed = local * _mlp(each, model.hidden, model.expert_ffn / split, model.gated, software, peak, bandwidth)
    width = model.expert_ffn * model.shared_experts / layout.tensor
    shared = _mlp(rows, model.hidden, np.maximum(width, 1.0), model.gated, software, peak, bandwidth)
    return routed + shared * (model.shared_experts > 0)


def _elementwise(
    model: ModelColumns,
    layout: LayoutColumns,
    software: SoftwareColumns,
    rows: Column,
    bandwidth: Column,
    *,
    expert: bool,
) -> Column:
    """Return the seconds of norms, residuals, rotation and activation: 16-bit elements read and written."""
    split = np.where(software.sequence_parallel > 0, layout.tensor, 1.0)
    width = model.top_k * model.expert_ffn + model.shared_experts * model.expert_ffn if expert else model.ffn
    inside = 2 * (model.query_width + model.key_value_width) + (2 + model.gated) * width
    return 2 * rows * (10 * model.hidden / split + inside / layout.tensor) / bandwidth


def _routing(model: ModelColumns, layout: LayoutColumns, rows: Column, bandwidth: Column) -> Column:
    """Return the seconds of sorting tokens by expert and back: each copy read and written twice."""
    return 2 * rows * 8 * model.top_k * model.hidden / layout.tensor / bandwidth


def _attention(
    model: ModelColumns,
    device: DeviceColumns,
    layout: LayoutColumns,
    software: SoftwareColumns,
    known: Efficiencies,
    rows: Column,
) -> tuple[Column, Column]:
    """Return the seconds of scores and values, forward and backward, in 16 bit whatever the matrices use.

    Fused attention skips what the causal mask hides; the older one computes it all and moves the scores. Heads too
    narrow to keep the matrix unit busy while one exponential is taken for each score cost as much as wide ones.
    """
    seen = model.seq_len * (1 - model.window_share) + 2 * np.minimum(model.window, model.seq_len) * model.window_share
    flop = 4 * rows * seen * model.attention_width / layout.tensor
    full = np.minimum(device.peak_16 / (4 * EXPONENTIALS), FULL_HEAD)  # 4 FLOP a score and element: scores, values
    narrow = np.minimum(model.attention_width / model.heads / full, 1.0)
    rate = device.peak_16 * known.attention
    fused = flop / 2 / (rate * narrow) * (1 + known.context_cost * np.log2(layout.context))
    scores = 2 * rows * model.seq_len * model.heads / layout.tensor
    unfused = flop / rate + UNFUSED_PASSES * scores / (device.memory_bandwidth * known.memory)
    is_fused = software.fused_attention > 0
    return np.where(is_fused, fused, unfused), np.where(is_fused, FUSED_BACKWARD * fused, 2 * unfused)


def output_layer(model: ModelColumns, device: DeviceColumns, layout: LayoutColumns, known: Efficiencies) -> Column:
    """Return the seconds of the logits and the loss, forward and backward, in 16 bit."""
    rows = tokens_per_rank(model, layout)
    bandwidth = device.memory_bandwidth * known.memory
    width = model.vocab / layout.tensor
    peak = device.peak_16 * known.linear
    return 3 * product(rows, width, model.hidden, 2.0, peak, bandwidth) + 12 * rows * width / bandwidth
