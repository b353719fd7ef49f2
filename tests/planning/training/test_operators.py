"""Operators take longer for more work, and never less than their roofline."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.training.columns import LayoutColumns, single
from fabrica.planning.training.devices import find_device
from fabrica.planning.training.operators import layer, product
from fabrica.planning.training.software import software_of
from tests.planning.training.questions import make_model
from tests.planning.training.test_step import LAYOUT, plain

SIZES = st.integers(1, 20_000).map(np.float64)


@given(SIZES, SIZES, SIZES)
def test_a_product_takes_at_least_its_roofline(rows: np.float64, width: np.float64, depth: np.float64) -> None:
    peak, bandwidth = np.float64(1e15), np.float64(3e12)
    seconds = product(
        np.asarray(rows), np.asarray(width), np.asarray(depth), 2.0, np.asarray(peak), np.asarray(bandwidth)
    )
    moved = 2 * (rows * depth + depth * width + rows * width)
    assert seconds >= max(2 * rows * width * depth / peak, moved / bandwidth) * (1 - 1e-12)


def test_rows_are_filled_up_to_whole_tiles() -> None:
    def seconds(rows: float) -> float:
        width = depth = np.asarray(4096.0)
        return float(product(np.asarray(rows), width, depth, 2.0, np.asarray(1e15), np.asarray(1e18)))

    assert seconds(1) > 0.99 * seconds(128)
    assert seconds(129) > 1.9 * seconds(128)


def attention_seconds(device: str, heads: int) -> float:
    """Return the seconds of one layer's attention forward, of a model with so many heads of its width."""
    model = make_model(heads=heads, key_value_heads=8).columns()
    layout, software = single(LayoutColumns, **LAYOUT), software_of(2025.0, "bf16")
    times = layer(model, find_device(device).columns("bf16"), layout, software, plain(), expert=False)
    return float(times.attention_forward)


def test_narrow_heads_cost_more_only_where_exponentials_bound_them() -> None:
    wide, narrow = 32, 64  # heads of 128 and of 64
    assert attention_seconds("A100-80G", narrow) == attention_seconds("A100-80G", wide)
    assert attention_seconds("H100-SXM", narrow) == attention_seconds("H100-SXM", wide)
    assert attention_seconds("GB200", narrow) > 1.5 * attention_seconds("GB200", wide)
