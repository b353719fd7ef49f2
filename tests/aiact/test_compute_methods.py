"""The two methods: exact, with every input written out."""

import pytest

from fabrica.aiact.compute_methods import (
    architecture_formula,
    ceiling_flop,
    hardware_flop,
    hardware_formula,
)
from fabrica.wire.accounts import Architecture
from fabrica.wire.problems import Malformed
from tests.aiact.samples import make_hardware


def test_periods_of_other_hardware_are_summed() -> None:
    periods = [make_hardware(), make_hardware(devices=2, utilisation=0.25)]
    assert hardware_flop(periods) == pytest.approx(2 * 3600 * 3e14 * 0.5)


def test_a_formula_names_every_input_and_its_source() -> None:
    words = hardware_formula(make_hardware())
    for told in ("1 devices", "3,600.0 s", "3.000 × 10¹⁴ FLOP/s", "bf16", "dense", "data sheet", "0.5", "model flop"):
        assert told in words
    tokens = Architecture(parameters_active=3.8e9, training_tokens=3.3e12)
    assert architecture_formula(tokens) == "6 × 3.800 × 10⁹ parameters × 3.300 × 10¹² tokens"
    assert "2.000 × 10⁹ FLOP in one full pass" in architecture_formula(Architecture(operations_per_pass=2e9, passes=7))


def test_an_allocation_is_counted_at_its_full_peak() -> None:
    assert ceiling_flop("gpu.h100", 50_000) == pytest.approx(50_000 * 3600 * 9.894e14, rel=0.01)
    with pytest.raises(Malformed, match="known peak"):
        ceiling_flop("gpu.no-such", 1)
