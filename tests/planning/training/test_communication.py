"""Traffic counts what must cross, and no more."""

import numpy as np
import pytest

from fabrica.planning.training.columns import LayoutColumns, single
from fabrica.planning.training.communication import (
    gather_rate,
    pipeline_hop,
    replicas_of_experts,
    sharded_bytes,
    tensor_forward,
)
from fabrica.planning.training.devices import find_device
from fabrica.planning.training.software import software_of
from tests.planning.training.questions import make_mixture, make_model
from tests.planning.training.test_step import LAYOUT, plain


def layout(**changes: float) -> LayoutColumns:
    return single(LayoutColumns, **{**LAYOUT, **changes})


def test_one_rank_sends_nothing() -> None:
    device = find_device("H100-SXM").columns("bf16")
    assert tensor_forward(make_model().columns(), device, layout(tensor=1), plain()) == 0


def test_each_parameter_is_held_once_over_tensor_pipeline_and_expert_ranks() -> None:
    model = make_mixture()
    dense, experts = sharded_bytes(model.columns(), layout(tensor=2, pipeline=4, expert=8))
    assert dense * 8 + experts * 4 * 8 == pytest.approx(model.parameters)


def test_an_expert_is_held_once_over_the_ranks_that_split_it() -> None:
    model = make_mixture()
    made = layout(tensor=4, pipeline=2, data=8, expert=4, expert_tensor=4)
    dense, experts = sharded_bytes(model.columns(), made)
    assert dense * 8 + experts * 2 * 16 == pytest.approx(model.parameters)
    assert replicas_of_experts(made) == 2


def test_ranks_of_one_domain_share_the_links_out_of_it() -> None:
    device = find_device("H100-SXM").columns("bf16")
    ranks = np.asarray(64.0)

    def rate(year: float) -> float:
        return float(gather_rate(device, layout(tensor=1), software_of(year, "bf16"), plain(), ranks))

    assert rate(2025) == pytest.approx(min(8 * rate(2021), float(device.scale_up * plain().scale_up)))


def test_stages_of_one_domain_pass_on_over_its_links() -> None:
    device = find_device("GB200").columns("bf16")

    def hop(**changes: float) -> float:
        made = layout(tensor=4, data=4, **changes)
        return float(pipeline_hop(make_model().columns(), device, made, software_of(2025, "bf16"), plain()))

    inside, across = hop(pipeline=4), hop(pipeline=16)
    assert inside < across < inside * float(device.scale_up / device.scale_out)
    apart = float(
        pipeline_hop(make_model().columns(), device, layout(tensor=4, data=64), software_of(2025, "bf16"), plain())
    )
    assert apart > across
