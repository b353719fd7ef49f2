"""What one device must hold, part by part, and whether a layout fits.

Sources: activations: Korthikanti et al. 2022 (arXiv:2205.05198), section 4; states by ZeRO stage: Rajbhandari et al.
2020 (arXiv:1910.02054); micro-batches in flight under 1F1B and interleaving: Narayanan et al. 2021 (arXiv:2104.04473).
"""

from dataclasses import dataclass

import numpy as np

from fabrica.planning.training.columns import Column, DeviceColumns, LayoutColumns, ModelColumns, SoftwareColumns
from fabrica.planning.training.communication import gathers_again, replicas_of_experts, sharded_bytes
from fabrica.planning.training.operators import tokens_per_rank

OPTIMIZER_STATE_BYTES = 12.0  # 4-byte master weight and two moments
WEIGHT_BYTES = 2.0
LOGIT_BYTES = 8.0  # 4-byte logits and their gradient
FRAGMENTATION = 0.06  # of all that is held: blocks that the allocator cannot use
CHEAP_KEPT = 0.6  # of the activations, when norms and activation functions are computed again
CHEAP_KEPT_LATENT = 0.5  # the same where the projections up from latent ranks are computed again too
FULL_WORKING = 4.5  # layers' worth of activations while one is computed again: gradients, 32-bit copies; else 1
RUNTIME_BYTES = 3e9  # of driver, libraries and communication buffers


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on the fullest device, by part."""

    weights: Column
    gradients: Column
    optimizer: Column
    activations: Column
    buffers: Column

    @property
    def total(self) -> Column:
        held = self.weights + self.gradients + self.optimizer + self.activations + self.buffers
        return held * (1 + FRAGMENTATION) + RUNTIME_BYTES


def memory(model: ModelColumns, layout: LayoutColumns, software: SoftwareColumns, *, routed: bool = True) -> Memory:
    """Return what the first stage holds, which has most micro-batches in flight, and the logits where they are."""
    dense, experts = sharded_bytes(model, layout)
    ranks = layout.data * layout.context
    expert_ranks = replicas_of_experts(layout)

    def held(split: Column) -> Column:
        return np.where(split, dense / ranks + experts / expert_ranks, dense + experts)

    whole_layer = (dense + experts) * layout.pipeline / model.layers
    gathered = np.where(gathers_again(layout), 2 * WEIGHT_BYTES * whole_layer, 0.0)
    logits = LOGIT_BYTES * tokens_per_rank(model, layout) * model.vocab / layout.tensor
    return Memory(
        WEIGHT_BYTES * held(gathers_again(layout)),
        software.gradient_bytes * held(np.asarray(layout.zero >= 2)),
        OPTIMIZER_STATE_BYTES * held(np.asarray(layout.zero >= 1)),
        _activations(model, layout, software, routed=routed),
        gathered + logits,
    )


def _activations(model: ModelColumns, layout: LayoutColumns, software: SoftwareColumns, *, routed: bool) -> Column:
    """Return bytes kept from forward for backward: every layer's, for each micro-batch in flight."""
    rows, split = tokens_per_rank(model, layout), layout.tensor
    norm_split = np.where(software.sequence_parallel > 0, split, 1.0)
    attention = 2 * (model.query_width + model.key_value_width + model.output_width + model.down_width) / split
    scores = np.where(software.fused_attention > 0, 0.0, 5 * model.heads * model.seq_len / split)
    norms = 10 * model.hidden / norm_split
    width = 2 * (2 + model.gated)
    dense = rows * (norms + attention + width * model.ffn / split)
    kept = dense * (model.layers - model.expert_layers)
    if routed:
        inner = model.top_k * (2 * model.hidden + width * model.expert_ffn)
        inner = inner + model.shared_experts * width * model.expert_ffn
        kept = kept + rows * (norms + attention + inner / split) * model.expert_layers
    none = kept + rows * scores * model.layers
    full = (
        2 * rows * model.hidden / norm_split * model.layers
        + np.where(software.fused_attention > 0, FULL_WORKING, 1.0) * none / model.layers
    )
    some = np.where(
        software.fused_attention > 0, np.where(model.down_width > 0, CHEAP_KEPT_LATENT, CHEAP_KEPT) * none, kept
    )
    share = np.maximum(layout.recompute - 1, 0.0)
    each = np.where(layout.recompute > 0, share * full + (1 - share) * some, none)
    in_flight = np.minimum(layout.pipeline, layout.batch_sequences / (layout.data * layout.micro_batch))
    early = np.where(layout.interleave > 1, 1 + (layout.pipeline - 1) / (layout.pipeline * layout.interleave), 1.0)
    return each / layout.pipeline * np.maximum(in_flight, 1.0) * early


def fits(memory: Memory, device: DeviceColumns) -> Column:
    """Return the share of the device's memory that stays free; below zero it does not fit."""
    return 1 - memory.total / device.memory_bytes
