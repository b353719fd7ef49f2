"""Accelerators: figures as read, names that lead to them, and figures per device."""

import pytest

from fabrica.reference.accelerators import (
    accelerator_of,
    check_known_class,
    load_accelerators,
    resource_class_of,
)
from fabrica.values.quantities import check_resource_class

ACCELERATORS = load_accelerators()


def test_every_accelerator_has_a_source_and_says_how_it_was_checked() -> None:
    assert len(ACCELERATORS) >= 20
    assert all(item.source.addresses and item.checked for item in ACCELERATORS.values())


def test_a_class_that_nobody_knows_is_met_with_the_nearest() -> None:
    for known in ("cpu.core", "gpu.h100", "gpu.mi250x"):
        check_known_class(known)
    with pytest.raises(ValueError, match=r"class gpu\.h10\. Is gpu\.h100 meant\?"):
        check_known_class("gpu.h10")


def test_every_resource_class_is_well_formed() -> None:
    for item in ACCELERATORS.values():
        assert check_resource_class(item.resource_class)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("NVIDIA H100", "gpu.h100"),
        ("NVIDIA Hopper (H100) 64 GB", "gpu.h100"),
        ("AMD Instinct MI250X", "gpu.mi250x"),
        ("NVIDIA GH200, Hopper GPU 96 GB HBM3", "gpu.gh200"),
        ("NVIDIA A100 custom 64 GB", "gpu.a100"),
        ("NVIDIA RTX PRO 6000", "gpu.rtx-pro-6000"),
        ("Intel Data Center GPU Max 1550", "gpu.max-1550"),
        ("H200-141G-SXM", "gpu.h200"),
        ("  nvidia   h200 ", "gpu.h200"),
        ("Axelera", None),
        ("", None),
        (None, None),
    ],
)
def test_a_model_leads_to_its_resource_class(model: str | None, expected: str | None) -> None:
    assert resource_class_of(model) == expected


def test_no_name_means_two_accelerators() -> None:
    names = [name.casefold() for item in ACCELERATORS.values() for name in (item.key, *item.names)]
    assert len(set(names)) == len(names)


def test_one_resource_class_never_mixes_software_stacks() -> None:
    stacks: dict[str, set[str | None]] = {}
    for item in ACCELERATORS.values():
        stacks.setdefault(item.resource_class, set()).add(item.software_stack)
    assert all(len(of_class) == 1 for of_class in stacks.values())
    assert stacks["gpu.mi300x"] == {"rocm"}
    assert stacks["gpu.gb200"] == {"cuda-arm"}
    assert stacks["gpu.b200"] == {"cuda-x86"}
    assert stacks["gpu.gaudi3"] == {None}


def test_one_device_of_a_package_of_two_has_half_its_peak_and_power() -> None:
    module = accelerator_of("AMD Instinct MI250X")
    assert module is not None
    assert (module.bf16_teraflops, module.tdp_watts, module.idle_watts) == (383, 560, 88)
    assert module.peak_flops_per_device() == 191.5e12
    assert (module.tdp_watts_per_device, module.idle_watts_per_device) == (280, 44)


def test_an_unknown_peak_stays_unknown() -> None:
    planned = ACCELERATORS["MI430X"]
    assert planned.status == "planned"
    assert planned.peak_flops_per_device() is None
    assert planned.tdp_watts_per_device is None
    assert ACCELERATORS["H100-80G-SXM"].peak_flops_per_device("fp8") == 1978.9e12
    assert ACCELERATORS["H100-80G-SXM"].peak_flops_per_device("fp4") is None


def test_an_idle_accelerator_draws_less_than_its_limit() -> None:
    for item in ACCELERATORS.values():
        if item.idle_watts is not None and item.tdp_watts is not None:
            assert 0 < item.idle_watts < item.tdp_watts
