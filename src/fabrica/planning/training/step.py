"""The time of one training step: layers, pipeline, data parallelism, optimizer, and what grows with the machine.

Sources: bubble of 1F1B and of interleaving: Narayanan et al. 2021 (arXiv:2104.04473), section 2.2; zero-bubble: Qi et
al. 2023 (arXiv:2401.10241); recompute: Korthikanti et al. 2022 (arXiv:2205.05198). Stragglers grow with the logarithm
of the number of domains, fitted on the published scaling rows.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from fabrica.planning.training import communication as links
from fabrica.planning.training import operators
from fabrica.planning.training.columns import (
    Column,
    DeviceColumns,
    Efficiencies,
    LayoutColumns,
    ModelColumns,
    SoftwareColumns,
)

ALL_REDUCES = 2.0  # of a layer with tensor ranks, each way: attention's and the MLP's
NODE = 8.0  # stragglers are counted per host of eight, whatever the scale-up domain
SMALL = 1e-9
ROUNDED = 0.05  # of a micro-batch: published batches are rounded
OPTIMIZER_BYTES = 28.0  # read and written for each parameter: 4-byte master, two moments, gradient; 2-byte weight
ZERO_BUBBLE_LEFT = 1 / 3  # of the bubble, without memory beyond 1F1B's


@dataclass(frozen=True, slots=True)
class Step:
    """Seconds of one step and its parts; the parts add up to the whole before `slowdown`."""

    seconds: Column
    compute: Column
    tensor: Column
    context: Column
    expert: Column
    bubble: Column
    hops: Column
    data: Column
    optimizer: Column
    fixed: Column
    slowdown: Column

    def at(self, places: Any) -> "Step":
        """Return the steps at these places."""
        shape = np.shape(self.seconds)
        return Step(*(np.broadcast_to(getattr(self, one.name), shape)[places] for one in fields(self)))

    def tokens_per_second_per_device(self, model: ModelColumns, layout: LayoutColumns) -> Column:
        devices = layout.tensor * layout.pipeline * layout.data * layout.context
        return layout.batch_sequences * model.seq_len / devices / self.seconds


def step(
    model: ModelColumns,
    device: DeviceColumns,
    layout: LayoutColumns,
    software: SoftwareColumns,
    known: Efficiencies,
    *,
    routed: bool = True,
) -> Step:
    """Return the time of a step. `routed` false leaves out the work on expert layers, where no model has any."""
    per_stage = fullest_stage(model, layout)
    compute, tensor, context, expert = _stage(model, device, layout, software, known, routed=routed)
    logits = operators.output_layer(model, device, layout, known)
    even = 1 / layout.pipeline
    slack = compute * (per_stage - even) * layout.pipeline  # where layers are uneven, the last stage holds fewer
    beyond = np.maximum(logits * (1 - even) * known.imbalance - slack, 0.0)
    compute = compute * per_stage + logits * even + beyond
    hops = links.pipeline_hop(model, device, layout, software, known)
    tensor, context, expert = tensor * per_stage, context * per_stage, expert * per_stage
    micro_batches = np.ceil(layout.batch_sequences / (layout.data * layout.micro_batch) - ROUNDED)
    one = compute + tensor + context + expert + hops
    left = np.where(layout.zero_bubble > 0, ZERO_BUBBLE_LEFT, 1.0)
    bubble = (layout.pipeline - 1) / layout.interleave * left * one
    data = _data(model, device, layout, software, known, micro_batches, one)
    optimizer = _optimizer(model, device, layout, known)
    devices = layout.tensor * layout.pipeline * layout.data * layout.context
    slowdown = (1 + known.straggler * np.log2(np.maximum(devices / NODE, 1.0))) * known.total
    whole = micro_batches * one + bubble + data + optimizer + known.step_seconds
    return Step(
        whole * slowdown,
        micro_batches * compute,
        micro_batches * tensor,
        micro_batches * context,
        micro_batches * expert,
        bubble,
        micro_batches * hops,
        data,
        optimizer,
        known.step_seconds,
        slowdown,
    )


def fullest_stage(model: ModelColumns, layout: LayoutColumns) -> Column:
    """Return the share of the layers on the fullest stage: its chunks each hold whole layers."""
    chunks = layout.pipeline * layout.interleave
    return np.ceil(model.layers / chunks - SMALL) * layout.interleave / model.layers


def _stage(
    model: ModelColumns,
    device: DeviceColumns,
    layout: LayoutColumns,
    software: SoftwareColumns,
    known: Efficiencies,
    *,
    routed: bool,
) -> tuple[Column, Column, Column, Column]:
    """Return the seconds of all layers on one micro-batch: computing, and what shows of TP, CP and EP."""
    full, some = np.maximum(layout.recompute - 1, 0.0), np.minimum(layout.recompute, 2 - layout.recompute)
    passes = 2 + full
    reduced = passes * links.tensor_forward(model, device, layout, known)
    dense = operators.layer(model, device, layout, software, known, expert=False)
    compute = _with_recompute(dense, software, full, some) * (model.layers - model.expert_layers)
    tensor = ALL_REDUCES * reduced * (model.layers - model.expert_layers)
    expert = np.zeros_like(compute)
    if routed:
        mixed = operators.layer(model, device, layout, software, known, expert=True)
        busy = _with_recompute(mixed, software, full, some)
        mixed_reduced = reduced * np.where(links.splits_the_mlp(model, layout), ALL_REDUCES, 1.0)
        exchanged = passes * links.expert_forward(model, device, layout, software, known)
        idle = _idle(busy + mixed_reduced + exchanged, mixed.host * (1 + full / 3))
        compute = compute + (busy + idle) * model.expert_layers
        tensor = tensor + mixed_reduced * model.expert_layers
        expert = exchanged * model.expert_layers
    ring = links.context_forward(model, device, layout, known, dense.attention_forward)
    return compute, tensor, passes * ring * model.layers, expert


def _idle(device: Column, host: Column) -> Column:
    """Return the seconds that a device waits for its host, which starts kernels while earlier ones still run.

    What shows is little where the device has enough to do, and nearly all where its work is short: the smooth larger of
    both. Source: host overhead of mixtures, Yan et al. 2026 (arXiv:2603.07685).
    """
    return np.asarray(np.hypot(device, host) - device)


def _with_recompute(times: operators.LayerTimes, software: SoftwareColumns, full: Column, some: Column) -> Column:
    """Return forward, backward and what is computed again, for the share of the layers that computes it again.

    Full: all of forward. Selective: unfused attention, so that its scores need not be kept; where attention is fused,
    norms and activation functions, which are cheap for what they keep.
    """
    forward = times.forward + times.attention_forward
    cheap = np.where(software.fused_attention > 0, times.elementwise_forward, times.attention_forward)
    return forward + times.backward + times.attention_backward + full * forward + some * cheap


def _data(
    model: ModelColumns,
    device: DeviceColumns,
    layout: LayoutColumns,
    software: SoftwareColumns,
    known: Efficiencies,
    micro_batches: Column,
    one: Column,
) -> Column:
    """Return what shows of data parallelism.

    Up to ZeRO-2 gradients are scattered and weights gathered once a step. With ZeRO-3 weights are gathered for every
    micro-batch forward and backward and gradients scattered, beside the computing: the smooth larger of both shows.
    Under a pipeline weights stay gathered from one micro-batch to the next (Llama Team 2024, arXiv:2407.21783, section
    3.3.2), so that ZeRO-3 moves no more than ZeRO-2 there.
    """
    gather, scatter = links.data_step(model, device, layout, software, known)
    once = known.data_exposed * (gather + scatter)
    moving = 2 * gather + scatter
    power = known.overlap_power
    longest = np.maximum(one, moving)
    both = longest * ((one / longest) ** power + (moving / longest) ** power) ** (1 / power)
    return np.where(links.gathers_again(layout), micro_batches * (both - one), once)


def _optimizer(model: ModelColumns, device: DeviceColumns, layout: LayoutColumns, known: Efficiencies) -> Column:
    dense, experts = links.sharded_bytes(model, layout)
    ranks = np.where(layout.zero >= 1, layout.data * layout.context, 1.0)
    expert_ranks = np.where(layout.zero >= 1, links.replicas_of_experts(layout), 1.0)
    held = dense / ranks + experts / expert_ranks
    return OPTIMIZER_BYTES * held / (device.memory_bandwidth * known.memory)
