"""This machine: its usable cores, memory and GPUs, and what their use means in joules and FLOP."""

import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fabrica.engines import containers, energy
from fabrica.engines.local.nvml import Card, Nvml
from fabrica.reference.accelerators import Accelerator
from fabrica.reference.cards import accelerator_of_card
from fabrica.values.quantities import CPU_CORE
from fabrica.wire.agents import PartitionInventory
from fabrica.wire.runs import Energy, Flop

_MEMORY_SHARE_FOR_RUNS = 0.9  # the rest is for the system, the agent and the keepers
_CGROUP_MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True, slots=True)
class Machine:
    """What runs may have here. `gpus` are the cards that the reference knows, by the vendor's own id.

    `apptainer`: its version; None: this machine runs no images.
    """

    cores: tuple[int, ...]
    memory_bytes: int
    gpus: Mapping[str, Accelerator] = field(default_factory=dict)
    name: str = "local"
    apptainer: str | None = None

    @classmethod
    def find(cls, name: str = "local") -> "Machine":
        """Look at this machine; `name` begins the names of its partitions."""
        cores = tuple(sorted(os.sched_getaffinity(0)))
        nvml = Nvml.open()
        gpus = known_gpus(nvml.cards()) if nvml else {}
        memory_bytes = int(_memory_total_bytes() * _MEMORY_SHARE_FOR_RUNS)
        return cls(cores, memory_bytes, gpus, name, containers.version_of(containers.PROGRAM))

    def settings(self) -> dict[str, Any]:
        """Return the machine as keepers read it; each card with the partition it belongs to."""
        gpus = {uuid: self._gpu_partition(accelerator) for uuid, accelerator in self.gpus.items()}
        return {"cores": list(self.cores), "memory_bytes": self.memory_bytes, "gpus": gpus}

    def _gpu_partition(self, accelerator: Accelerator) -> str:
        return f"{self.name}-{accelerator.key.lower()}"

    def partitions(
        self, *, cores_held: int, gpus_held: Collection[str], folder: Path
    ) -> tuple[PartitionInventory, ...]:
        """Return a partition of cores, and one for each model of GPU."""
        disk_free_bytes = shutil.disk_usage(folder).free
        found = [self._partition(self.name, None, len(self.cores), cores_held, disk_free_bytes)]
        for name, accelerator in self._models().items():
            cards = [uuid for uuid, model in self.gpus.items() if model == accelerator]
            held = sum(1 for uuid in cards if uuid in gpus_held)
            found.append(self._partition(name, accelerator, len(cards), held, disk_free_bytes))
        return tuple(found)

    def _models(self) -> dict[str, Accelerator]:
        """Return the models of GPU by the name of their partition."""
        return {self._gpu_partition(accelerator): accelerator for accelerator in self.gpus.values()}

    def _partition(
        self, name: str, accelerator: Accelerator | None, devices: int, held: int, disk_free_bytes: int
    ) -> PartitionInventory:
        return PartitionInventory(
            name=name,
            resource_class=accelerator.resource_class if accelerator else CPU_CORE,
            accelerator=accelerator.key if accelerator else None,
            software_stack=accelerator.software_stack if accelerator else "cpu",
            nodes=1,
            devices_per_node=devices,
            devices_total=devices,
            devices_free=max(0, devices - held),
            memory_bytes_per_node=self.memory_bytes,
            disk_free_bytes=disk_free_bytes,
            nodes_per_run_max=1,
            containers=self.apptainer is not None,
            apptainer=self.apptainer,
        )

    def energy_of(self, record: dict[str, Any], figures: dict[str, Any]) -> tuple[Energy, ...]:
        """Return the energy of one attempt: from counters where the machine has them, else estimated."""
        elapsed, devices = float(figures["elapsed_seconds"]), int(record["devices"])
        if record["resource_class"] != CPU_CORE:
            return (energy.of_gpus(figures.get("gpu_joules"), gpus=devices, elapsed_seconds=elapsed),)
        package_joules = figures.get("package_joules")
        if package_joules is not None:
            return (energy.share_of_packages(package_joules, cores=devices, cores_total=os.cpu_count() or devices),)
        return (energy.estimate_of_cores(cores=devices, elapsed_seconds=elapsed),)

    def flop_of(self, record: dict[str, Any], figures: dict[str, Any]) -> Flop:
        """Return the hardware-based FLOP of one attempt, each input shown; null where an input is unknown."""
        elapsed, devices = float(figures["elapsed_seconds"]), int(record["devices"])
        if record["resource_class"] == CPU_CORE:
            return energy.flop_of_cores(
                cores=devices, elapsed_seconds=elapsed, cpu_seconds=figures.get("cpu_seconds") or 0.0
            )
        accelerator = self._models().get(record.get("partition", ""))  # none: the card was taken away since
        peak = accelerator.peak_flops_per_device() if accelerator else None
        model = accelerator.key if accelerator else "unknown card"
        return energy.flop_of_gpus(
            gpus=devices, model=model, peak_flops=peak, utilisation=figures.get("gpu_utilisation"), seconds=elapsed
        )


def _memory_total_bytes() -> int:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _CGROUP_MEMORY_LIMITS:
        try:
            total = min(total, int(path.read_text()))
        except (OSError, ValueError):
            continue  # no such control group, or no limit in it
    return total


def known_gpus(cards: Iterable[Card]) -> dict[str, Accelerator]:
    """Return the cards that the reference knows; runs get no other, since nobody could say what they are."""
    named = {card.uuid: accelerator_of_card(card.name) for card in cards}
    return {uuid: accelerator for uuid, accelerator in named.items() if accelerator}
