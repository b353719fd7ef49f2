"""Accelerators: peak, memory, power, and which resource class and software stack a model belongs to."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from fabrica.reference.reading import FOLDER, read_file
from fabrica.reference.sources import FactGroup, Source
from fabrica.values.quantities import CPU_CORE

SoftwareStack = Literal["cuda-x86", "cuda-arm", "rocm", "cpu"]
Precision = Literal["bf16", "fp16", "fp8", "fp4"]

_ARM_SUPERCHIP = re.compile(r"^(GH|GB|VR)\d")  # Grace Hopper, Grace Blackwell, Vera Rubin: the host CPU is Arm
_MEMORY_AND_FORM = re.compile(r"-\d+G(-.*)?$")


@dataclass(frozen=True, slots=True)
class Price:
    """A market price of one accelerator-hour, from a provider's catalogue. Not the cost of a EuroHPC grant."""

    provider: str
    source: str
    eur_per_hour: float
    usd_per_hour: float | None = None
    spot_usd_per_hour: float | None = None
    region: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One accelerator package. Peaks are dense, without sparsity; memory and links as marketed (GB is 10^9 bytes).

    `devices_per_package` is how many devices software and schedulers see in one package. `checked` says whether the
    figures were read in a source, recalled from the vendor's sheet, or both. Null: unknown or not offered.
    """

    key: str
    names: tuple[str, ...]
    vendor: str
    bf16_teraflops: float | None
    fp8_teraflops: float | None
    fp4_teraflops: float | None
    memory_gigabytes: float
    memory_gigabytes_per_second: float
    scale_up_gigabytes_per_second: float
    scale_up: str
    scale_out_gigabits_per_second: float
    packages_per_node: int | None
    tdp_watts: float | None
    idle_watts: float | None
    checked: Literal["read", "recalled", "mixed"]
    source: Source
    fp16_teraflops: float | None = None
    devices_per_package: int = 1
    scale_up_domain: int | None = None
    status: Literal["planned"] | None = None
    seen: str | None = None
    note: str | None = None
    prices: tuple[Price, ...] = ()

    @property
    def resource_class(self) -> str:
        """The class a run asks for: the key without memory size and form, in lower case (`gpu.a100`)."""
        return f"gpu.{_MEMORY_AND_FORM.sub('', self.key).lower()}"

    @property
    def software_stack(self) -> SoftwareStack | None:
        """AMD runs ROCm; NVIDIA superchips run CUDA on Arm, its other parts CUDA on x86; the rest is unknown."""
        if self.vendor == "AMD":
            return "rocm"
        if self.vendor == "NVIDIA":
            return "cuda-arm" if _ARM_SUPERCHIP.match(self.key) else "cuda-x86"
        return None

    def peak_flops_per_device(self, precision: Precision = "bf16") -> float | None:
        """Return the dense peak of one device, in FLOP per second; null when it is unknown."""
        peaks = {
            "bf16": self.bf16_teraflops,
            "fp16": self.fp16_teraflops,
            "fp8": self.fp8_teraflops,
            "fp4": self.fp4_teraflops,
        }
        peak = peaks[precision]
        return None if peak is None else peak * 1e12 / self.devices_per_package

    @property
    def idle_watts_per_device(self) -> float | None:
        return None if self.idle_watts is None else self.idle_watts / self.devices_per_package

    @property
    def tdp_watts_per_device(self) -> float | None:
        return None if self.tdp_watts is None else self.tdp_watts / self.devices_per_package


@dataclass(frozen=True, slots=True)
class _AcceleratorFile:
    about: FactGroup
    accelerators: tuple[Accelerator, ...]


@cache
def load_accelerators() -> Mapping[str, Accelerator]:
    """Return every accelerator by its key, such as `H100-80G-SXM`.

    Raises:
        ReferenceMalformed: the data file has a mistake.
    """
    found = read_file(_AcceleratorFile, FOLDER / "accelerators.yaml").accelerators
    return MappingProxyType({item.key: item for item in found})


def resource_classes() -> tuple[str, ...]:
    """Return the classes of a core and of the accelerators of the package, by name."""
    return tuple(sorted({CPU_CORE, *(one.resource_class for one in load_accelerators().values())}))


def check_known_class(resource_class: str) -> None:
    """Accept one of `resource_classes`.

    Raises:
        ValueError: it is another one; names the nearest.
    """
    known = resource_classes()
    if resource_class not in known:
        near = difflib.get_close_matches(resource_class, known, n=1)
        meant = f" Is {near[0]} meant?" if near else ""
        raise ValueError(f"No accelerator that is known here is of the class {resource_class}.{meant}")


def accelerator_of(model: str | None) -> Accelerator | None:
    """Return the accelerator a model's key or one of its names means, whatever the case; null when it is not known."""
    return None if model is None else _by_name().get(_plain(model))


@cache
def _by_name() -> Mapping[str, Accelerator]:
    return {_plain(name): item for item in load_accelerators().values() for name in (item.key, *item.names)}


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def resource_class_of(accelerator_model: str | None) -> str | None:
    """Return the resource class of a model, such as `gpu.gh200` for `NVIDIA GH200`; null when it is not known."""
    accelerator = accelerator_of(accelerator_model)
    return accelerator.resource_class if accelerator else None
