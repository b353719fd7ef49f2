"""The time of a step obeys the laws it must: parts add up, more work takes longer, better software is not slower."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.planning.training.columns import Efficiencies, LayoutColumns, single
from fabrica.planning.training.constants import Case, efficiencies, prior_means, weights
from fabrica.planning.training.devices import find_device
from fabrica.planning.training.model import Experts, Model
from fabrica.planning.training.software import software_of
from fabrica.planning.training.step import Step, step
from tests.planning.training.questions import make_mixture, make_model

LAYOUT = {
    "tensor": 2,
    "pipeline": 4,
    "data": 8,
    "context": 1,
    "expert": 1,
    "expert_tensor": 1,
    "interleave": 1,
    "micro_batch": 1,
    "zero": 1,
    "recompute": 0,
    "zero_bubble": 0,
    "batch_sequences": 256,
}
PARTS = ("compute", "tensor", "context", "expert", "bubble", "hops", "data", "optimizer", "fixed")


def timed(model: Model | None = None, known: Efficiencies | None = None, **changes: float) -> Step:
    layout = single(LayoutColumns, **{**LAYOUT, **changes})
    device = find_device("H100-SXM")
    return step(
        (model or make_model()).columns(), device.columns("bf16"), layout, software_of(2025.0, "bf16"), known or plain()
    )


def plain() -> Efficiencies:
    device = find_device("H100-SXM")
    found = efficiencies(prior_means(), weights([Case("bf16", device.key, device.family, 2025.0)]))
    return Efficiencies(**{one.name: getattr(found, one.name)[0] for one in fields(found)})


@settings(max_examples=40)
@given(
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from([1, 2, 4, 8]),
    st.sampled_from([1, 2, 4]),
    st.sampled_from([0, 1, 1.5, 2]),
)
def test_parts_add_up_and_none_is_negative(tensor: int, pipeline: int, micro: int, recompute: float) -> None:
    made = timed(make_mixture(), tensor=tensor, pipeline=pipeline, micro_batch=micro, recompute=recompute, expert=8)
    parts = [float(getattr(made, name)) for name in PARTS]
    assert min(parts) >= 0
    assert float(made.seconds) == pytest.approx(sum(parts) * float(made.slowdown))


def test_recompute_takes_longer() -> None:
    none, cheap, half, full = (float(timed(recompute=mode).seconds) for mode in (0, 1, 1.5, 2))
    assert none < cheap < half < full < 1.4 * none


def test_interleaving_and_zero_bubble_shrink_the_bubble() -> None:
    whole = float(timed().bubble)
    assert float(timed(interleave=2).bubble) == pytest.approx(whole / 2, rel=0.05)
    assert float(timed(zero_bubble=1).bubble) == pytest.approx(whole / 3)
    assert float(timed(pipeline=1, data=32).bubble) == 0


def test_a_step_of_twice_the_batch_takes_less_than_twice_as_long() -> None:
    once, twice = float(timed().seconds), float(timed(batch_sequences=512).seconds)
    assert once < twice < 2 * once


def test_tensor_ranks_beyond_the_domain_cost_more() -> None:
    near, far = timed(tensor=8, data=2), timed(tensor=16, data=1)
    assert float(far.tensor) > 3 * float(near.tensor)


def test_experts_beyond_the_domain_cost_more() -> None:
    inside, outside = (
        float(timed(make_mixture(), tensor=1, pipeline=1, data=64, expert=count).expert) for count in (8, 64)
    )
    assert outside > 2 * inside > 0


def test_whole_experts_need_one_all_reduce_of_two_and_split_or_shared_ones_both() -> None:
    whole, split = (timed(make_mixture(), tensor=2, expert=count) for count in (8, 1))
    shared = timed(make_mixture(experts=Experts(128, 8, 768, shared=1)), tensor=2, expert=8)
    assert float(split.tensor) == float(shared.tensor) == pytest.approx(2 * float(whole.tensor))


def test_expert_ranks_are_neighbours_whatever_the_tensor_ranks() -> None:
    alone, beside = (timed(make_mixture(), tensor=ranks, data=16 // ranks, expert=8) for ranks in (1, 2))
    assert float(beside.expert) == pytest.approx(float(alone.expert))  # twice the micro-batches, each half on a rank


def test_experts_that_are_split_gather_their_tokens_and_compute_as_much() -> None:
    whole, split = (
        timed(make_mixture(), tensor=4, expert=2, expert_tensor=ranks, data=8, pipeline=1) for ranks in (2, 4)
    )
    assert float(split.expert) > float(whole.expert)
    assert float(split.compute) == pytest.approx(float(whole.compute), rel=0.2)


@settings(max_examples=30)
@given(st.sampled_from([1, 2, 4, 8, 16]), st.floats(0, 0.1))
def test_a_host_slows_a_mixture_by_its_own_time_at_most_and_less_the_more_there_is_to_do(
    micro: int, seconds: float
) -> None:
    known, layers = plain(), make_mixture().expert_layers

    def shown(size: int) -> float:
        laid = {"tensor": 1, "pipeline": 1, "data": 8, "expert": 8, "micro_batch": size, "batch_sequences": 8 * size}
        with_host, without = (
            replace(known, route_seconds=np.array(host), expert_launch_seconds=np.array(0.0)) for host in (seconds, 0.0)
        )
        return float(timed(make_mixture(), with_host, **laid).compute - timed(make_mixture(), without, **laid).compute)

    assert -1e-9 <= shown(2 * micro) <= shown(micro) + 1e-9 <= layers * seconds + 2e-9


def test_sharded_weights_hide_behind_enough_computing() -> None:
    small, large = (timed(tensor=1, pipeline=1, data=64, zero=3, micro_batch=size) for size in (1, 4))
    assert float(large.data) < float(small.data)


def test_under_a_pipeline_weights_stay_gathered() -> None:
    assert float(timed(zero=3).data) == float(timed(zero=2).data)
    assert float(timed(zero=3, pipeline=1, data=32).data) != float(timed(zero=2, pipeline=1, data=32).data)


def test_a_faster_matrix_unit_never_slows_a_step() -> None:
    known = plain()
    faster = replace(known, linear=known.linear * 1.2)
    assert float(timed(known=faster).seconds) < float(timed(known=known).seconds)


def test_columns_give_what_single_layouts_give() -> None:
    several = LayoutColumns(**{name: np.array([value, value], dtype=float) for name, value in {**LAYOUT}.items()})
    several = replace(several, tensor=np.array([2.0, 4.0]), data=np.array([8.0, 4.0]))
    device = find_device("H100-SXM").columns("bf16")
    made = step(make_model().columns(), device, several, software_of(2025.0, "bf16"), plain())
    assert made.seconds[0] == pytest.approx(float(timed().seconds))
    assert made.seconds[1] == pytest.approx(float(timed(tensor=4, data=4).seconds))
