"""NVIDIA's management library (NVML), called by ctypes: a keeper has no installed packages.

Source: NVIDIA, NVML API Reference Guide: device queries, energy in millijoules, utilisation in percent.
"""

import ctypes
from typing import Any, NamedTuple

_LIBRARY = "libnvidia-ml.so.1"
_TEXT_BYTES = 96


class Card(NamedTuple):
    """One card: the vendor's own id, and its name."""

    uuid: str
    name: str


class _Utilisation(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class Nvml:
    """The driver's figures of the cards of this machine. What it does not tell is None, never zero."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._handles: dict[str, ctypes.c_void_p] = {}

    @classmethod
    def open(cls) -> "Nvml | None":
        """Load and start the library; None on a machine without NVIDIA's driver."""
        try:
            library = ctypes.CDLL(_LIBRARY)
            return cls(library) if library.nvmlInit_v2() == 0 else None
        except (OSError, AttributeError):
            return None

    def cards(self) -> list[Card]:
        """Return the cards, in the driver's order."""
        count = ctypes.c_uint()
        if self._library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
            return []
        found = []
        for index in range(count.value):
            handle = ctypes.c_void_p()
            if self._library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(handle)) == 0:
                uuid = self._text(self._library.nvmlDeviceGetUUID, handle)
                name = self._text(self._library.nvmlDeviceGetName, handle)
                if uuid and name:
                    found.append(Card(uuid, name))
        return found

    def _text(self, ask: Any, handle: ctypes.c_void_p) -> str | None:
        buffer = ctypes.create_string_buffer(_TEXT_BYTES)
        return buffer.value.decode(errors="replace") if ask(handle, buffer, ctypes.c_uint(_TEXT_BYTES)) == 0 else None

    def joules(self, uuid: str) -> float | None:
        """Return the energy a card has used since its driver was loaded."""
        handle, millijoules = self._handle(uuid), ctypes.c_ulonglong()
        if handle is None or self._library.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(millijoules)) != 0:
            return None
        return millijoules.value / 1000

    def busy_share(self, uuid: str) -> float | None:
        """Return the share of the driver's last sampling time in which a kernel ran on a card."""
        handle, told = self._handle(uuid), _Utilisation()
        if handle is None or self._library.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(told)) != 0:
            return None
        return float(told.gpu) / 100

    def _handle(self, uuid: str) -> ctypes.c_void_p | None:
        if uuid not in self._handles:
            handle = ctypes.c_void_p()
            if self._library.nvmlDeviceGetHandleByUUID(uuid.encode(), ctypes.byref(handle)) != 0:
                return None
            self._handles[uuid] = handle
        return self._handles[uuid]


class GpuMeter:
    """Energy and utilisation of the cards that one run holds, from its start on."""

    def __init__(self, nvml: Nvml, uuids: list[str]) -> None:
        self._nvml = nvml
        self._first = {uuid: nvml.joules(uuid) for uuid in uuids}
        self._last = dict(self._first)
        self._busy_shares = 0.0
        self._looks = 0

    def look(self) -> None:
        """Read the counters once; call at even intervals, since utilisation is the mean of the looks."""
        self._last = {uuid: self._nvml.joules(uuid) for uuid in self._first}
        shares = [self._nvml.busy_share(uuid) for uuid in self._first]
        told = [share for share in shares if share is not None]
        if told and len(told) == len(shares):
            self._busy_shares += sum(told) / len(told)
            self._looks += 1

    @property
    def joules(self) -> float | None:
        """Return the energy of all cards; None when one did not tell it, or its driver began to count anew."""
        total = 0.0
        for uuid, first in self._first.items():
            last = self._last[uuid]
            if first is None or last is None or last < first:
                return None
            total += last - first
        return total

    @property
    def utilisation(self) -> float | None:
        """Return the mean share of time in which the cards were busy; None before the first look."""
        return self._busy_shares / self._looks if self._looks else None
