"""Communication of one layout: what must cross links, over which of them, and how much of it shows.

Sources: ring collectives move (n-1)/n of the data: Patarasuk and Yuan 2009; two all-reduces a layer each way for tensor
parallelism: Shoeybi et al. 2019 (arXiv:1909.08053); ring attention: Liu et al. 2023 (arXiv:2310.01889); sharded states:
Rajbhandari et al. 2020 (arXiv:1910.02054); node-limited routing: DeepSeek-AI 2024 (arXiv:2412.19437), section 2.1.2;
expert ranks folded into tensor, context and data ranks: Liu et al. 2025 (arXiv:2504.14960).
"""

import numpy as np

from fabrica.planning.training.columns import (
    Column,
    DeviceColumns,
    Efficiencies,
    LayoutColumns,
    ModelColumns,
    SoftwareColumns,
)
from fabrica.planning.training.operators import tokens_per_rank

WEIGHT_BYTES = 2.0
DOMAINS_PER_TOKEN = 4.0  # node-limited routing: a token's experts live in so many domains at most


def tensor_forward(model: ModelColumns, device: DeviceColumns, layout: LayoutColumns, known: Efficiencies) -> Column:
    """Return the seconds of one all-reduce of a layer forward that computing does not hide; backward is the same."""
    share = (layout.tensor - 1) / layout.tensor
    moved = 2 * share * 2 * tokens_per_rank(model, layout) * model.hidden
    inside = layout.tensor <= device.domain
    return known.tensor_exposed * moved / np.where(inside, *_links(device, known))


def splits_the_mlp(model: ModelColumns, layout: LayoutColumns) -> Column:
    """Return where tensor ranks split what follows attention in a layer of experts, and so reduce it: shared experts,
    and routed ones where there are too few expert ranks to hold them whole."""
    return np.asarray((model.shared_experts > 0) | (layout.expert * layout.expert_tensor < layout.tensor))


def context_forward(
    model: ModelColumns, device: DeviceColumns, layout: LayoutColumns, known: Efficiencies, attention: Column
) -> Column:
    """Return the seconds of one layer's ring of keys and values that last longer than the attention they feed."""
    moved = 2 * tokens_per_rank(model, layout) * (layout.context - 1) * model.key_value_width / layout.tensor
    inside = layout.tensor * layout.context <= device.domain
    return np.maximum(moved / np.where(inside, *_links(device, known)) - attention, 0.0)


def expert_forward(
    model: ModelColumns,
    device: DeviceColumns,
    layout: LayoutColumns,
    software: SoftwareColumns,
    known: Efficiencies,
) -> Column:
    """Return the seconds of one layer's dispatch and combine forward that show; backward is the same.

    Inside a domain every copy of a token crosses the scale-up links. Between domains it crosses once for each domain it
    is sent to where the software removes duplicates, else once for each expert; there the rate of messages
    bounds that of a wide link. Expert ranks are neighbours, for they are folded into the tensor ranks as well; those
    that split one expert gather their tokens and add up what comes out. A pipeline holds another micro-batch to compute
    meanwhile, so that less shows (DeepSeek-AI 2024, section 3.2.1).
    """
    near = np.clip(device.domain / layout.expert_tensor, 1.0, layout.expert)
    domains = layout.expert / near
    reached = domains * (1 - (1 - 1 / domains) ** model.top_k)
    reached = np.where(software.deduplicated > 0, np.minimum(reached, DOMAINS_PER_TOKEN), model.top_k)
    token = tokens_per_rank(model, layout) * model.hidden / layout.tensor * (software.token_bytes + 2)
    copies = layout.expert_tensor - 1 / near  # to other experts' devices, and to the others of the same expert
    up = token * model.top_k * copies / (device.scale_up * known.scale_up)
    link = np.minimum(device.scale_out * known.scale_out * known.expert_out, known.expert_rate)
    out = token * reached * (1 - 1 / domains) / link
    shows = np.where(layout.pipeline > 1, known.expert_behind, known.expert_exposed)
    return shows * (up + out) * (layout.expert * layout.expert_tensor > 1)


def pipeline_hop(
    model: ModelColumns, device: DeviceColumns, layout: LayoutColumns, software: SoftwareColumns, known: Efficiencies
) -> Column:
    """Return the seconds a micro-batch spends between stages, forward and backward, all its chunks, that show.

    A domain holds as many whole stages as fit, and of their hops only the last one leaves it.
    """
    split = np.where(software.sequence_parallel > 0, layout.tensor, 1.0)
    moved = 2 * 2 * tokens_per_rank(model, layout) * model.hidden / split * layout.interleave
    near = np.clip(np.floor(device.domain / (layout.tensor * layout.context * layout.data)), 1.0, layout.pipeline)
    leaving = np.where(near < layout.pipeline, 1 / near, 0.0)
    up, out = _links(device, known)
    return known.point_exposed * moved * ((1 - leaving) / up + leaving / out) * (layout.pipeline > 1)


def gather_rate(
    device: DeviceColumns, layout: LayoutColumns, software: SoftwareColumns, known: Efficiencies, ranks: Column
) -> Column:
    """Return the bytes a second at which each device gathers or scatters over the data ranks.

    The ranks of one domain share the links out of it: each piece comes in once and is passed on inside.
    """
    inner = layout.tensor * layout.context
    near = np.clip(device.domain / inner, 1.0, ranks)
    up, out = _links(device, known)
    shared = np.minimum(up, out * np.where(software.hierarchical > 0, near, 1.0))
    return np.where(ranks <= near, up, shared)


def gathers_again(layout: LayoutColumns) -> Column:
    """Return where weights are gathered anew for every micro-batch: ZeRO-3 without a pipeline."""
    return np.asarray((layout.zero >= 3) & (layout.pipeline == 1))


def sharded_bytes(model: ModelColumns, layout: LayoutColumns) -> tuple[Column, Column]:
    """Return a device's parameters before ZeRO: all but routed experts, and the routed experts it holds."""
    split = layout.tensor * layout.pipeline
    experts = model.expert_parameters / (layout.pipeline * _ranks_of_experts(layout))
    return (model.parameters - model.expert_parameters) / split, experts


def replicas_of_experts(layout: LayoutColumns) -> Column:
    """Return how many devices hold each part of an expert."""
    ranks = layout.data * layout.context * layout.tensor
    return np.maximum(ranks / _ranks_of_experts(layout), 1.0)


def _ranks_of_experts(layout: LayoutColumns) -> Column:
    """Return over how many devices all experts of a layer are spread."""
    return np.maximum(layout.expert * layout.expert_tensor, layout.tensor)


def data_step(
    model: ModelColumns, device: DeviceColumns, layout: LayoutColumns, software: SoftwareColumns, known: Efficiencies
) -> tuple[Column, Column]:
    """Return the seconds of gathering and of scattering all parameters once over the data ranks, not yet hidden.

    A ring passes every domain once for each layer, however little it carries.
    """
    dense, experts = sharded_bytes(model, layout)
    ranks = layout.data * layout.context
    expert_ranks = replicas_of_experts(layout)
    rate = gather_rate(device, layout, software, known, ranks)
    moved = dense * (ranks - 1) / ranks / rate + experts * (expert_ranks - 1) / expert_ranks / rate
    near = np.clip(device.domain / (layout.tensor * layout.context), 1.0, ranks)
    around = known.hop_seconds * (ranks / near - 1) * model.layers / layout.pipeline
    return WEIGHT_BYTES * moved + around, software.gradient_bytes * moved + around


def _links(device: DeviceColumns, known: Efficiencies) -> tuple[Column, Column]:
    return device.scale_up * known.scale_up, device.scale_out * known.scale_out
