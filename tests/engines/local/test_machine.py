"""A machine's partitions, and the FLOP and energy of what ran in them."""

from pathlib import Path

import pytest

from fabrica.engines.local.machine import Machine, known_gpus
from fabrica.engines.local.nvml import Card, Nvml
from tests.engines.local.fake_nvml import FakeLibrary


@pytest.fixture
def machine() -> Machine:
    return Machine(cores=(0, 1), memory_bytes=2**30, gpus=known_gpus(Nvml(FakeLibrary()).cards()))


def test_each_model_of_card_is_a_partition_of_its_own(machine: Machine, tmp_path: Path) -> None:
    found = machine.partitions(cores_held=1, gpus_held={"GPU-a"}, folder=tmp_path)
    told = [(one.name, one.resource_class, one.devices_total, one.devices_free) for one in found]
    assert told == [
        ("local", "cpu.core", 2, 1),
        ("local-h200-141g-sxm", "gpu.h200", 2, 1),
        ("local-a100-40g-sxm", "gpu.a100", 1, 1),
    ]


def test_cards_that_the_reference_does_not_know_are_given_to_no_run() -> None:
    assert known_gpus([Card("GPU-x", "NVIDIA GeForce GT 710")]) == {}


def test_flop_of_cards_takes_the_peak_of_the_partition_it_ran_in(machine: Machine) -> None:
    record = {"partition": "local-a100-40g-sxm", "resource_class": "gpu.a100", "devices": 1}
    told = machine.flop_of(record, {"elapsed_seconds": 10.0, "gpu_utilisation": 0.5})
    assert told.flop == pytest.approx(312e12 * 0.5 * 10)
    assert "bf16" in told.peak_source
    assert machine.energy_of(record, {"elapsed_seconds": 10.0, "gpu_joules": 7.0})[0].joules == 7.0


def test_flop_is_unknown_when_the_card_is_gone(machine: Machine) -> None:
    record = {"partition": "local-b200", "resource_class": "gpu.b200", "devices": 1}
    assert machine.flop_of(record, {"elapsed_seconds": 10.0, "gpu_utilisation": 0.5}).flop is None
