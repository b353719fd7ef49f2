"""Devices are found by the names people use."""

import pytest

from fabrica.planning.training.devices import find_device, load_devices
from fabrica.wire.training import DeviceUnknown, PrecisionUnknown


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("H100-SXM", "H100-80G-SXM"),
        ("NVIDIA H100", "H100-80G-SXM"),
        ("h100-64g", "H100-64G-SXM"),
        ("A100-80G", "A100-80G-SXM"),
        ("NVIDIA A100-SXM4-80GB", "A100-80G-SXM"),
        ("MI250X-GCD", "MI250X"),
        ("NVIDIA GH200", "GH200-96G"),
        ("GB300", "GB300"),
        ("H800", "H800"),
        ("B200-192G", "B200-180G-SXM"),
        ("GB200-NVL72", "GB200"),
        ("NVIDIA H100 80GB HBM3", "H100-80G-SXM"),
        ("V100-32G", "V100-32G-SXM"),
        ("Tesla V100-SXM2-16GB", "V100-16G-SXM2"),
        ("TPU v4", "TPUv4"),
        ("Ascend 910B", "Ascend-910B"),
        ("MI300X-192G", "MI300X"),
    ],
)
def test_a_device_is_found_by_its_names(name: str, key: str) -> None:
    assert find_device(name).key == key


def test_half_a_package_has_half_its_peak_and_memory() -> None:
    half = find_device("MI250X")
    assert (half.bf16_teraflops, half.memory_gigabytes, half.domain) == (191.5, 64, 8)


@pytest.mark.parametrize("name", ["Abacus-1", "", "-", "H100-999G"])
def test_an_unknown_device_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(DeviceUnknown) as refused:
        find_device(name)
    assert "H100-80G-SXM" in refused.value.remedy


def test_a_precision_that_is_not_offered_is_refused() -> None:
    with pytest.raises(PrecisionUnknown, match="fp8") as refused:
        find_device("A100-80G").columns("fp8")
    assert "bf16" in refused.value.remedy


def test_volta_has_16_bit_but_no_bf16() -> None:
    device = find_device("V100-32G")
    assert device.peak("bf16") is None
    assert device.peak("fp16") == 125e12
    assert device.precisions() == ("fp16",)
    with pytest.raises(PrecisionUnknown) as refused:
        device.columns("bf16")
    assert "fp16" in refused.value.remedy


def test_every_device_with_a_peak_has_a_family_and_a_source() -> None:
    for device in load_devices().values():
        assert device.family
        assert device.source
        assert device.domain >= 1
