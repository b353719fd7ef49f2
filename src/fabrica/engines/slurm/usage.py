"""What an attempt has used: the sum over every start that Slurm made of it, from what was allocated."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fabrica.engines import energy
from fabrica.engines.slurm.jobs import Row, devices_of
from fabrica.reference.accelerators import load_accelerators
from fabrica.wire.runs import Energy, Flop, Usage


@dataclass(frozen=True, slots=True)
class Charged:
    """What a device is in Slurm's words: one of a gres, or a core of `threads_per_core` CPUs when `gres` is null.

    `asked`: devices that a job asked for. A site whose Slurm does not count the gres gives them and says nothing of it.
    """

    gres: str | None
    threads_per_core: int = 1
    accelerator: str | None = None
    asked: int = 0

    def devices(self, row: Row) -> int:
        """Return the devices one start held; part of a core counts whole."""
        counted = devices_of(row.allocated, gres=self.gres)
        if self.gres is None:
            return -(-counted // self.threads_per_core)
        return counted or (self.asked if row.allocated else 0)


def usage_of(
    rows: Sequence[Row], charged: Charged, *, asked_devices: int, disk_bytes: int | None = None, energy_counted: bool
) -> Usage:
    """Return the usage of all starts together. Device-milliseconds are exact: they are Slurm's own seconds.

    `energy_counted`: the site's plugin measures joules.
    """
    started = [row for row in distinct(rows) if row.started_at is not None and row.allocated]
    if not started:
        return Usage(devices=asked_devices)
    devices = charged.devices(started[-1])
    elapsed = sum(row.elapsed_seconds for row in started)
    milliseconds = device_milliseconds(started, charged)
    cpu_seconds = _sum_of(row.cpu_seconds for row in started)
    return Usage(
        elapsed_seconds=elapsed,
        devices=devices,
        device_milliseconds=milliseconds,
        cpu_seconds=cpu_seconds,
        memory_peak_bytes=max((row.memory_peak_bytes for row in started if row.memory_peak_bytes), default=None),
        disk_bytes=disk_bytes,
        energy=_energy(started, charged, milliseconds, counted=energy_counted),
        flop=_flop(charged, devices, elapsed, cpu_seconds, milliseconds),
    )


def distinct(rows: Iterable[Row]) -> list[Row]:
    """Return the starts in their order, each once: the same key told again replaces what was told before."""
    by_key = {row.key: row for row in rows}
    return sorted(by_key.values(), key=lambda row: (row.started_at is None, row.started_at or 0))


def device_milliseconds(rows: Iterable[Row], charged: Charged) -> int:
    """Return the sum over starts of allocated devices times elapsed time."""
    return sum(charged.devices(row) * row.elapsed_seconds * 1000 for row in rows)


def _sum_of(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _energy(rows: Sequence[Row], charged: Charged, milliseconds: int, *, counted: bool) -> tuple[Energy, ...]:
    joules = _sum_of(row.joules for row in rows)
    if counted and joules:
        method = (
            f"Slurm's ConsumedEnergy, {joules:.0f} J over {len(rows)} starts: counted by the site's energy plugin for "
            "the whole nodes that the run held a part of or all of."
        )
        return (Energy(boundary="node", basis="allocated", joules=joules, method=method),)
    elapsed, devices = sum(row.elapsed_seconds for row in rows), charged.devices(rows[-1])
    if charged.gres is None:
        seconds = milliseconds / 1000 / devices if devices else 0
        return (energy.estimate_of_cores(cores=devices, elapsed_seconds=seconds),)
    return (energy.of_gpus(None, gpus=devices, elapsed_seconds=elapsed),)


def _flop(charged: Charged, devices: int, elapsed: float, cpu_seconds: float | None, milliseconds: int) -> Flop | None:
    if charged.gres is None:
        if cpu_seconds is None or not devices:
            return None
        seconds = milliseconds / 1000 / devices
        return energy.flop_of_cores(cores=devices, elapsed_seconds=seconds, cpu_seconds=cpu_seconds)
    known = load_accelerators().get(charged.accelerator or "")
    peak = known.peak_flops_per_device() if known else None
    model = known.key if known else "unknown card"
    return energy.flop_of_gpus(gpus=devices, model=model, peak_flops=peak, utilisation=None, seconds=elapsed)


def row_as_kept(row: Row, charged: Charged) -> dict[str, Any]:
    """Return one start as a line of `slurm_rows.jsonl` in the run's record: Slurm's row and what it costs."""
    return asdict(row) | {
        "allocated": dict(row.allocated),
        "devices": charged.devices(row),
        "device_milliseconds": device_milliseconds([row], charged),
    }
