"""Cards by the names their driver gives them: known exactly, or not at all."""

import pytest

from fabrica.reference.cards import accelerator_of_card


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("NVIDIA H100 80GB HBM3", "H100-80G-SXM"),
        ("NVIDIA A100-SXM4-40GB", "A100-40G-SXM"),
        ("NVIDIA A100-SXM-64GB", "A100-64G-SXM"),
        ("NVIDIA GH200 480GB", "GH200-96G"),
        ("NVIDIA H200", "H200-141G-SXM"),
        ("Tesla V100-SXM2-16GB", "V100-16G-SXM2"),
        ("NVIDIA  L40S ", "L40S-48G"),
        ("NVIDIA GB200", "GB200"),
    ],
)
def test_a_card_is_the_accelerator_its_driver_names(name: str, key: str) -> None:
    found = accelerator_of_card(name)
    assert found is not None
    assert found.key == key


@pytest.mark.parametrize(
    "name",
    [
        "",
        "NVIDIA",
        "NVIDIA H100 PCIe",
        "NVIDIA H100 NVL",
        "NVIDIA H200 NVL",
        "NVIDIA A100-PCIE-40GB",
        "NVIDIA H100 80GB HBM3 MIG 1g.10gb",
        "NVIDIA GH200 144G HBM3e",
        "NVIDIA A4000",
        "NVIDIA GeForce RTX 4090",
    ],
)
def test_a_card_with_another_peak_is_not_taken_for_a_known_one(name: str) -> None:
    assert accelerator_of_card(name) is None
