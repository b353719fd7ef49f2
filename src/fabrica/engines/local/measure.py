"""What a kept run uses: processor, memory, folder, energy counters of the machine."""

import os
import resource
import time
from pathlib import Path

from fabrica.engines.local.nvml import GpuMeter, Nvml
from fabrica.engines.local.processes import (
    Identity,
    Stat,
    boot_id,
    descendants,
    living,
    memory_of,
    memory_peak_of,
)

_POWERCAP = Path("/sys/class/powercap")
_SEEN_MAX = 500  # processes remembered, so that they are found should the keeper die


class Meter:
    """Cumulative figures of one run; none of them ever falls."""

    def __init__(self, folder: Path, gpus: list[str]) -> None:
        self._folder = folder
        nvml = Nvml.open() if gpus else None
        self._gpus = GpuMeter(nvml, gpus) if nvml else None
        self._began = time.monotonic()
        self._walk_again_at = 0.0
        self._packages = PackageEnergy.find()
        self._stats: dict[int, Stat] = {}
        self.cpu_seconds = 0.0
        self.memory_bytes = 0
        self.memory_peak_bytes = 0
        self.disk_bytes = 0

    @property
    def elapsed_seconds(self) -> float:
        return time.monotonic() - self._began

    def look_at_processes(self) -> None:
        """Read memory and processor time of all descendants of this keeper."""
        self._stats = living(descendants(os.getpid()))
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = ended.ru_utime + ended.ru_stime + sum(stat.cpu_seconds for stat in self._stats.values())
        self.cpu_seconds = max(self.cpu_seconds, cpu)
        self.memory_bytes = memory_of(self._stats)
        peaks = (memory_peak_of(pid) for pid in self._stats)
        self.memory_peak_bytes = max(self.memory_peak_bytes, self.memory_bytes, _peak_of_ended(), *peaks)

    def look_at_gpus(self) -> None:
        """Read the counters of the cards that the run holds."""
        if self._gpus:
            self._gpus.look()

    def look_at_folder(self, *, now: bool = False) -> None:
        """Add up the folder, but spend no more than a twentieth of the time on it unless asked for `now`."""
        began = time.monotonic()
        if not now and began < self._walk_again_at:
            return
        self.disk_bytes = folder_bytes(self._folder)
        ended = time.monotonic()
        self._walk_again_at = ended + 20 * (ended - began)

    def close(self) -> None:
        """Take the last figures, after all processes have ended and been waited for."""
        self.look_at_processes()
        self.look_at_gpus()
        self.look_at_folder(now=True)
        if self.memory_peak_bytes == 0:  # too short to be looked at, and smaller than the keeper it was forked from
            self.memory_peak_bytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024

    def figures(self) -> dict[str, object]:
        """Return the figures as `usage.json` keeps them."""
        boot = boot_id()
        return {
            "elapsed_seconds": round(self.elapsed_seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
            "memory_peak_bytes": self.memory_peak_bytes,
            "disk_bytes": self.disk_bytes,
            "package_joules": self._packages.joules() if self._packages else None,
            "gpu_joules": self._gpus.joules if self._gpus else None,
            "gpu_utilisation": self._gpus.utilisation if self._gpus else None,
            "processes": [Identity(boot, pid, stat.started_ticks) for pid, stat in self._stats.items()][:_SEEN_MAX],
        }


def _peak_of_ended() -> int:
    """Return the kernel's own peak of the largest ended process, or 0 when it says nothing of the run.

    Before its exec a command is a fork of the keeper, whose memory the kernel counts as the command's peak. So the
    figure is the command's own only when it is larger than the keeper's.
    """
    ended = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    keeper = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(ended) * 1024 if ended > keeper else 0


def folder_bytes(folder: Path) -> int:
    """Return the disk space a folder's files occupy; links are not followed, a file of two names counts once."""
    total, waiting, seen = 0, [os.fspath(folder)], set()
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    stat = entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif stat.st_nlink == 1 or (stat.st_dev, stat.st_ino) not in seen:
                        seen.update([(stat.st_dev, stat.st_ino)] if stat.st_nlink > 1 else [])
                        total += stat.st_blocks * 512
        except OSError:
            continue  # removed, or closed to us, while we looked
    return total


class PackageEnergy:
    """Joules of all processor packages since this began, from the RAPL counters, which wrap around.

    Source: Linux kernel, Documentation/power/powercap: `energy_uj` counts microjoules up to `max_energy_range_uj`.
    """

    def __init__(self, counters: list[Path]) -> None:
        self._counters = [(path, int((path.parent / "max_energy_range_uj").read_text())) for path in counters]
        self._last = [int(path.read_text()) for path, _ in self._counters]
        self._microjoules = 0

    @classmethod
    def find(cls, powercap: Path = _POWERCAP) -> "PackageEnergy | None":
        """Return a reader; None where the machine has no counters or does not let us read them."""
        try:
            zones = sorted(powercap.glob("intel-rapl:[0-9]*"))
            counters = [zone / "energy_uj" for zone in zones if (zone / "name").read_text().startswith("package")]
            return cls(counters) if counters else None
        except (OSError, ValueError):
            return None

    def joules(self) -> float | None:
        """Return the joules since the beginning; call more often than the counters wrap (about a minute at worst)."""
        try:
            for place, (path, range_microjoules) in enumerate(self._counters):
                value = int(path.read_text())
                step = value - self._last[place]
                self._microjoules += step if step >= 0 else step + range_microjoules
                self._last[place] = value
        except (OSError, ValueError):
            return None
        return self._microjoules / 1e6
