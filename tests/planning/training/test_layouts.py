"""Every layout divides what must divide, and what is fixed stays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.planning.training.layouts import Fixed, enumerate_layouts
from tests.planning.training.questions import make_mixture, make_model


@given(st.integers(1, 3000), st.sampled_from([4, 8, 72]), st.integers(1, 4096))
def test_a_layout_never_takes_more_than_the_pool_and_the_batch(devices: int, domain: int, batch: int) -> None:
    model = make_model()
    found = enumerate_layouts(model, devices, float(batch), domain, Fixed())
    assert np.all(found.tensor * found.pipeline * found.data * found.context <= devices)
    assert np.all(found.tensor <= max(domain, 1))
    assert np.all(model.heads % found.tensor == 0)
    assert np.all(found.data <= batch)
    assert np.all(model.layers % (found.pipeline * found.interleave) == 0)
    assert np.all((found.interleave == 1) | (found.pipeline > 1))


def test_experts_divide_by_their_ranks() -> None:
    found = enumerate_layouts(make_mixture(), 256, 1024.0, 8, Fixed())
    assert set(found.expert) == {1, 2, 4, 8, 16, 32, 64, 128}
    assert np.all(found.expert <= found.data * found.context * found.tensor)


@settings(max_examples=25)
@given(st.integers(1, 20_000))
def test_groups_of_experts_fill_the_ranks_of_a_pool_of_any_size(devices: int) -> None:
    found = enumerate_layouts(make_mixture(), devices, 8192.0, 8, Fixed())
    assert np.all(found.data * found.context * found.tensor % found.expert == 0)
    assert np.all(found.tensor * found.pipeline * found.data * found.context <= devices)
    assert len(found.data)


def test_what_is_fixed_stays() -> None:
    found = enumerate_layouts(
        make_model(), 64, 512.0, 8, Fixed(tensor=4, pipeline=2, data=8, micro_batch=2, recompute=2)
    )
    assert len(found.tensor)
    assert {*found.tensor, *found.pipeline, *found.data, *found.micro_batch, *found.recompute} == {4, 2, 8}


@pytest.mark.parametrize("devices", [1, 7, 100_000])
def test_a_pool_of_any_size_has_a_layout(devices: int) -> None:
    assert len(enumerate_layouts(make_model(), devices, 4096.0, 8, Fixed()).tensor)
