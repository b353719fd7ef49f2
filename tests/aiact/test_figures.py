"""Figures are rounded to so many significant digits and stay what they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact.figures import magnitude, power, significant

PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def _read(text: str) -> float:
    mantissa, _, exponent = text.replace(",", "").partition(" × 10")
    return float(mantissa) * 10.0 ** int((exponent or "⁰").translate(PLAIN))


@given(st.floats(1e-30, 1e30), st.integers(1, 6))
def test_a_figure_is_off_by_less_than_its_last_digit(value: float, digits: int) -> None:
    assert _read(significant(value, digits)) == pytest.approx(value, rel=0.5001 * 10.0 ** (1 - digits))


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0, 2, "0"),
        (0.00213, 2, "0.0021"),
        (999_999, 2, "1.0 × 10⁶"),
        (6_712_832, 2, "6.7 × 10⁶"),
        (3.1e-7, 2, "3.1 × 10⁻⁷"),
        (1234.5, 2, "1,200"),
        (7.524e22, 2, "7.5 × 10²²"),
    ],
)
def test_figures_read_as_people_write_them(value: float, digits: int, shown: str) -> None:
    assert significant(value, digits) == shown


def test_the_order_of_magnitude_is_the_power_under_the_figure() -> None:
    assert magnitude(9.9e22) == "10²²"
    assert magnitude(0) == "0"
    assert power(-12) == "⁻¹²"
