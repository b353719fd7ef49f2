"""Operators take longer for more work, and never less than their roofline."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.training.operators import product

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
