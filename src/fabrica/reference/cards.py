"""Which accelerator a graphics card is, by the name that its own driver gives it."""

import re

from fabrica.reference.accelerators import Accelerator, load_accelerators

_CARDS = (
    (r"V100-SXM2-16GB", "V100-16G-SXM2"),
    (r"A100-SXM4?-40GB", "A100-40G-SXM"),
    (r"A100-SXM4?-64GB", "A100-64G-SXM"),
    (r"A100-SXM4?-80GB", "A100-80G-SXM"),
    (r"H100 80GB HBM3", "H100-80G-SXM"),
    (r"H100 64GB( HBM\d\w?)?", "H100-64G-SXM"),
    (r"GH200 (120|480)GB", "GH200-96G"),  # the size is of the host's memory; the GPU beside it has 96 GB
    (r"H200", "H200-141G-SXM"),
    (r"B200", "B200-180G-SXM"),
    (r"GB200", "GB200"),
    (r"B300 SXM6( AC)?", "B300-270G-SXM"),
    (r"GB300", "GB300"),
    (r"L40S", "L40S-48G"),
    (r"A40", "A40-48G"),
    (r"RTX PRO 6000 Blackwell Server Edition", "RTX-PRO-6000-96G"),
)
"""Whole names without the vendor's word. PCIe and NVL forms have other peaks and are not the SXM part: unknown."""


def accelerator_of_card(name: str) -> Accelerator | None:
    """Return the accelerator that NVML means by a card's name, such as `NVIDIA H100 80GB HBM3`; null: not known.

    The whole name must match: a form, a slice (MIG) or a memory size that the reference does not hold has another
    peak, and a wrong peak would make every FLOP figure wrong.
    """
    plain = re.sub(r"^(NVIDIA|Tesla)\s+", "", " ".join(name.split()))
    for pattern, key in _CARDS:
        if re.fullmatch(pattern, plain):
            return load_accelerators().get(key)
    return None
