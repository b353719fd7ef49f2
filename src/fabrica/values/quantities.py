"""Quantities: integers with a unit. Device time is counted in device-milliseconds of a resource class."""

import functools
import re
from dataclasses import dataclass
from fractions import Fraction

_BYTES = {"": 1, "b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_BYTES |= {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_RESOURCE_CLASS = re.compile(r"cpu\.core|gpu\.[a-z0-9][a-z0-9-]{0,30}")

CPU_CORE = "cpu.core"


class ClassesMixed(ValueError):
    """Two amounts of different resource classes met in one sum."""


@dataclass(frozen=True, slots=True, order=False)
class DeviceTime:
    """An amount of device time: `milliseconds` of one device of `resource_class` (`cpu.core`, `gpu.h100`)."""

    milliseconds: int
    resource_class: str

    def __add__(self, other: "DeviceTime") -> "DeviceTime":
        return DeviceTime(self.milliseconds + self._same_class(other), self.resource_class)

    def __sub__(self, other: "DeviceTime") -> "DeviceTime":
        return DeviceTime(self.milliseconds - self._same_class(other), self.resource_class)

    def __lt__(self, other: "DeviceTime") -> bool:
        return self.milliseconds < self._same_class(other)

    def __le__(self, other: "DeviceTime") -> bool:
        return self.milliseconds <= self._same_class(other)

    def _same_class(self, other: "DeviceTime") -> int:
        if other.resource_class != self.resource_class:
            raise ClassesMixed(f"{self.resource_class} and {other.resource_class} cannot be added or compared")
        return other.milliseconds

    def __str__(self) -> str:
        """Return the amount as people read it: `1,911 h100-hours`, and below an hour `164.8 core-seconds`."""
        device = "core" if self.resource_class == CPU_CORE else self.resource_class.removeprefix("gpu.")
        seconds = 0 < abs(self.milliseconds) < 3_600_000
        amount = self.milliseconds / (1000 if seconds else 3_600_000)
        figure = f"{amount:,.3f}".rstrip("0").rstrip(".")
        return f"{figure} {device}-{'seconds' if seconds else 'hours'}"


def check_resource_class(text: str) -> str:
    """Return a resource class as given.

    Raises:
        ValueError: not `cpu.core` or `gpu.` and a model.
    """
    if not _RESOURCE_CLASS.fullmatch(text):
        raise ValueError(f"{text!r} is not a resource class; write 'cpu.core' or for example 'gpu.h100'")
    return text


def parse_bytes(text: str) -> int:
    """Return the bytes of `2 GiB`, `500 MB`, `1024`.

    Raises:
        ValueError: the text is no such size.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip().lower(), re.ASCII)
    if not match or match[2] not in _BYTES:
        raise ValueError(f"{text!r} is not a size; write for example '2 GiB' or '500 MB'")
    return int(Fraction(match[1]) * _BYTES[match[2]])


@functools.lru_cache(maxsize=4096)  # placement shows the same sizes for every candidate
def show_bytes(count: int) -> str:
    """Return a size as people read it: `812 B`, `1.5 MiB`."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
