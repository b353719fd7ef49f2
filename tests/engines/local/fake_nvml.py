"""A management library of two models of card, as ctypes sees the real one."""

import ctypes
from dataclasses import dataclass, field
from typing import Any

_OK, _NOT_SUPPORTED, _NOT_FOUND = 0, 3, 6


@dataclass
class FakeLibrary:
    """Answers like NVML: a status, and the value in the place it was given. Figures are set by the test."""

    names: dict[str, str] = field(
        default_factory=lambda: {"GPU-a": "NVIDIA H200", "GPU-b": "NVIDIA H200", "GPU-c": "NVIDIA A100-SXM4-40GB"}
    )
    millijoules: dict[str, int] = field(default_factory=lambda: {"GPU-a": 1000, "GPU-b": 5000, "GPU-c": 0})
    percent: dict[str, int] = field(default_factory=dict)

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:  # noqa: N802
        count._obj.value = len(self.names)
        return _OK

    def nvmlDeviceGetHandleByIndex_v2(self, index: ctypes.c_uint, handle: Any) -> int:  # noqa: N802
        handle._obj.value = index.value + 1
        return _OK

    def nvmlDeviceGetHandleByUUID(self, uuid: bytes, handle: Any) -> int:  # noqa: N802
        if uuid.decode() not in self.names:
            return _NOT_FOUND
        handle._obj.value = list(self.names).index(uuid.decode()) + 1
        return _OK

    def nvmlDeviceGetUUID(self, handle: ctypes.c_void_p, text: Any, _length: ctypes.c_uint) -> int:  # noqa: N802
        text.value = self._uuid(handle).encode()
        return _OK

    def nvmlDeviceGetName(self, handle: ctypes.c_void_p, text: Any, _length: ctypes.c_uint) -> int:  # noqa: N802
        text.value = self.names[self._uuid(handle)].encode()
        return _OK

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: ctypes.c_void_p, told: Any) -> int:  # noqa: N802
        if self._uuid(handle) not in self.millijoules:
            return _NOT_SUPPORTED
        told._obj.value = self.millijoules[self._uuid(handle)]
        return _OK

    def nvmlDeviceGetUtilizationRates(self, handle: ctypes.c_void_p, told: Any) -> int:  # noqa: N802
        if self._uuid(handle) not in self.percent:
            return _NOT_SUPPORTED
        told._obj.gpu = self.percent[self._uuid(handle)]
        return _OK

    def _uuid(self, handle: ctypes.c_void_p) -> str:
        return list(self.names)[(handle.value or 0) - 1]
