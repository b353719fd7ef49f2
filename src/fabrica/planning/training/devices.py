"""Devices to train on: the package's accelerators, and those that only appear in published runs."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fabrica.planning.training.columns import DeviceColumns, single
from fabrica.reference.accelerators import Accelerator, load_accelerators
from fabrica.reference.reading import read_file
from fabrica.wire.training import DeviceUnknown, PrecisionUnknown

_NO_DEVICES = {
    *("nvidia", "amd", "intel", "google", "huawei", "instinct", "tesla"),  # makers and their brands
    *("gcd", "tile", "gpu", "gpus", "tensor", "core", "oam", "nvl72"),  # halves of a package, and forms of one
    *("hbm2", "hbm2e", "hbm3", "hbm3e"),
}
_MEMORY = re.compile(r"(\d+)g")
MEMORY_ALIKE = 0.1  # makers, clouds and papers round the memory of one part otherwise
FOLDER = Path(__file__).parent / "data"
DOMAIN_OF_A_HOST = 8
PRECISION_NAMES = ("bf16", "fp16", "fp8", "mxfp8", "nvfp4")
_LINEAR_BYTES: Mapping[str, float] = {"fp8": 1.0, "mxfp8": 1.03, "nvfp4": 0.56, "fp4": 0.56}


@dataclass(frozen=True, slots=True)
class Device:
    """One device as software sees it. Memory in GB (10^9), bandwidths one way; null: not offered or not known.

    `accelerator`: the reference key where it has one; prices, names and watts per package stand there.
    """

    key: str
    family: str
    bf16_teraflops: float | None
    fp8_teraflops: float | None
    fp4_teraflops: float | None
    memory_gigabytes: float
    memory_gigabytes_per_second: float
    scale_up_gigabytes_per_second: float
    scale_out_gigabits_per_second: float
    domain: int
    tdp_watts: float | None
    source: str
    checked: str
    idle_watts: float | None = None
    accelerator: str | None = None

    def peak(self, precision: str) -> float | None:
        """Return the dense peak in FLOP/s of matrices in this precision; null when the device does not offer it.

        `bf16_teraflops` is the 16-bit peak; of the kinds of 16 bit, Volta has fp16 alone.
        """
        if precision == "bf16" and self.family == "volta":
            return None
        narrow = {1.0: self.fp8_teraflops, 1.03: self.fp8_teraflops, 0.56: self.fp4_teraflops}
        found = narrow[_LINEAR_BYTES[precision]] if precision in _LINEAR_BYTES else self.bf16_teraflops
        return None if found is None else found * 1e12

    def columns(self, precision: str) -> DeviceColumns:
        """Return the device as numbers of shape ().

        Raises:
            PrecisionUnknown: it has no such precision, or its peak is not published.
        """
        peak, plain = self.peak(precision), self.peak("fp16")
        if peak is None or plain is None:
            raise PrecisionUnknown(
                f"No peak of {self.key} in {precision} is known.",
                remedy=self._offered(),
            )
        return single(
            DeviceColumns,
            peak_16=plain,
            peak_linear=peak,
            memory_bytes=self.memory_gigabytes * 1e9,
            memory_bandwidth=self.memory_gigabytes_per_second * 1e9,
            scale_up=self.scale_up_gigabytes_per_second * 1e9,
            scale_out=self.scale_out_gigabits_per_second / 8 * 1e9,
            domain=self.domain,
        )

    def _offered(self) -> str:
        known = self.precisions()
        return f"Take one that it offers as precision: {', '.join(known)}." if known else "Take another accelerator."

    def precisions(self) -> tuple[str, ...]:
        """Return the precisions that it offers."""
        sixteen = "fp16" if self.family == "volta" else "bf16"
        return tuple(one for one in (sixteen, "fp8", "nvfp4") if self.peak(one) is not None)


def linear_bytes(precision: str) -> float:
    """Return the bytes of an element of a matrix, with the scales of blocks."""
    return _LINEAR_BYTES.get(precision, 2.0)


def find_device(name: str) -> Device:
    """Return the device of a key, a product name, or a shorter name that fits: `H100-SXM` is `H100-80G-SXM`.

    A size of memory need not be the package's own: `B200-192G` is `B200-180G-SXM`.

    Raises:
        DeviceUnknown: no device has such a name.
    """
    known = _by_plain_name()
    plain = _plain(name)
    if plain in known:
        return known[plain]
    for fits in (_has_all_words, _has_like_memory, _is_squeezed):
        for device in load_devices().values():
            if plain and fits(device, _words(name)):
                return device
    shorts = {device.key.casefold(): device.key for device in load_devices().values()}
    near = difflib.get_close_matches(name.casefold(), shorts, n=1, cutoff=0.5)
    meant = f"Did you mean {shorts[near[0]]!r}? " if near else ""
    raise DeviceUnknown(f"There is no accelerator {name!r}.", remedy=f"{meant}Known are {', '.join(load_devices())}.")


def _has_all_words(device: Device, words: list[str]) -> bool:
    return set(words) <= set(_words(device.key))


def _has_like_memory(device: Device, words: list[str]) -> bool:
    sizes = [float(found[1]) for word in words if (found := _MEMORY.fullmatch(word))]
    rest = {word for word in words if not _MEMORY.fullmatch(word)}
    if not sizes or not rest or not rest <= set(_words(device.key)):
        return False
    return abs(device.memory_gigabytes / max(sizes[0], 1.0) - 1) <= MEMORY_ALIKE


def _is_squeezed(device: Device, words: list[str]) -> bool:
    """Return whether only the marks between the words differ, as in `TPU-v4`."""
    return "".join(words) == "".join(_words(device.key))


def _words(name: str) -> list[str]:
    """Return the words of a name in one spelling: `NVIDIA A100-SXM4-80GB` gives a100, sxm, 80g."""
    words = (re.sub(r"^(\d+g)b$|^(sxm)\d$", r"\1\2", word) for word in re.split(r"[-\s_]+", name.casefold()))
    return [word for word in words if word and word not in _NO_DEVICES]


def _plain(name: str) -> str:
    return "-".join(_words(name))


@cache
def _by_plain_name() -> Mapping[str, Device]:
    """Return devices by every full name; the first in the file keeps a name that two share."""
    found: dict[str, Device] = {}
    for device in load_devices().values():
        names = load_accelerators()[device.accelerator].names if device.accelerator else ()
        for name in (device.key, *names):
            found.setdefault(_plain(name), device)
    return found


@dataclass(frozen=True, slots=True)
class _Prefix:
    prefix: str
    family: str


@dataclass(frozen=True, slots=True)
class _DeviceFile:
    devices: tuple[Device, ...]
    families: tuple[_Prefix, ...]


@cache
def load_devices() -> Mapping[str, Device]:
    """Return every device by its key: the reference's first, then those of published runs.

    Raises:
        ReferenceMalformed: a data file has a mistake.
    """
    file = read_file(_DeviceFile, FOLDER / "devices.yaml")
    known = [_device(one, file.families) for one in load_accelerators().values()]
    return {device.key: device for device in (*known, *file.devices)}


def _device(one: Accelerator, families: tuple[_Prefix, ...]) -> Device:
    parts = one.devices_per_package
    family = next((row.family for row in families if one.key.startswith(row.prefix)), one.vendor.casefold())

    def teraflops(peak: float | None) -> float | None:
        return None if peak is None else peak / parts

    hosted = (one.packages_per_node or DOMAIN_OF_A_HOST) * parts
    return Device(
        one.key,
        family,
        teraflops(one.bf16_teraflops or one.fp16_teraflops),
        teraflops(one.fp8_teraflops),
        teraflops(one.fp4_teraflops),
        one.memory_gigabytes / parts,
        one.memory_gigabytes_per_second / parts,
        one.scale_up_gigabytes_per_second / parts,
        one.scale_out_gigabits_per_second / parts,
        one.scale_up_domain or hosted,
        one.tdp_watts_per_device,
        "; ".join(one.source.addresses),
        one.checked,
        one.idle_watts_per_device,
        one.key,
    )
