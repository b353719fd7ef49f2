"""Energy and FLOP formulas, and what they say of their inputs."""

import pytest

from fabrica.engines import energy


def test_estimate_says_that_it_is_none_of_a_measurement_and_names_its_inputs() -> None:
    told = energy.estimate_of_cores(cores=2, elapsed_seconds=10.0)
    assert told.basis == "estimated"
    assert told.joules == pytest.approx(2 * 10 * energy.WATTS_PER_CORE_ASSUMED)
    assert "not measured" in told.method
    assert "2 cores" in told.method
    assert "assumption" in told.method


def test_packages_energy_is_measured_only_for_a_run_that_held_every_core() -> None:
    alone = energy.share_of_packages(100.0, cores=4, cores_total=4)
    shared = energy.share_of_packages(100.0, cores=1, cores_total=4)
    assert (alone.basis, alone.joules) == ("measured", 100.0)
    assert (shared.basis, shared.joules) == ("allocated", 25.0)


def test_unread_gpu_counters_give_no_figure() -> None:
    assert energy.of_gpus(None, gpus=1, elapsed_seconds=1.0).joules is None
    assert energy.of_gpus(5.0, gpus=1, elapsed_seconds=1.0).basis == "measured"


def test_flop_of_cores_is_unknown_but_shows_its_utilisation() -> None:
    told = energy.flop_of_cores(cores=2, elapsed_seconds=10.0, cpu_seconds=5.0)
    assert told.flop is None
    assert told.peak_flops is None
    assert told.utilisation == 0.25


def test_flop_of_gpus_is_the_product_of_its_inputs_or_unknown() -> None:
    told = energy.flop_of_gpus(gpus=2, model="H100", peak_flops=1e15, utilisation=0.5, seconds=10.0)
    assert told.flop == 2 * 1e15 * 0.5 * 10
    unknown = energy.flop_of_gpus(gpus=2, model="H100", peak_flops=1e15, utilisation=None, seconds=10.0)
    assert unknown.flop is None
    assert unknown.peak_flops == 1e15
