"""The machine an agent stands on, as its records tell it."""

import os
import platform
from pathlib import Path
from typing import Any

_PROCESSORS = Path("/proc/cpuinfo")


def describe_machine() -> dict[str, Any]:
    """Return system, kernel, processor, cores and memory of this machine; null: the system does not tell."""
    return {
        "system": platform.system(),
        "kernel": platform.release(),
        "platform": platform.platform(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores_total": os.cpu_count(),
        "cores_usable": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    }


def _processor() -> str | None:
    """Return the processor's own name. Arm machines tell none there."""
    try:
        lines = _PROCESSORS.read_text(errors="replace").splitlines()
    except OSError:
        return None
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, None)
