"""What a site's Slurm can do, asked once: nothing that it does not say is ever relied on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """Slurm's version, and what of it this site runs."""

    version: str
    cluster: str
    accounting: bool
    energy: bool
    array_size_max: int | None = None
    counted: frozenset[str] = frozenset()
    """What it counts of each job, as `cpu`, `gres/gpu`."""
    private: frozenset[str] = frozenset()
    """What it shows to its operators alone, as `jobs`, `reservations`."""


def version_number(version: str) -> tuple[int, int]:
    """Return year and month of a release: `22.05.8` is (22, 5); (0, 0) when it is none."""
    match = re.search(r"(\d+)\.(\d+)", version, re.ASCII)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def read_config(text: str) -> dict[str, str]:
    """Read what `scontrol show config` printed, by key."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def probe_of(config: Mapping[str, str], *, accounting: bool | None = None) -> Probe:
    """Return what a site's configuration says; `accounting` is the operator's own word."""
    storage = config.get("AccountingStorageType", "").lower()
    return Probe(
        version=config.get("SLURM_VERSION", ""),
        cluster=config.get("ClusterName", ""),
        accounting=storage not in ("", "(null)", "accounting_storage/none") if accounting is None else accounting,
        energy=config.get("AcctGatherEnergyType", "").lower() not in ("", "(null)", "acct_gather_energy/none"),
        array_size_max=_array_size_max(config),
        counted=frozenset(config.get("AccountingStorageTRES", "").lower().split(",")),
        private=frozenset(config.get("PrivateData", "").lower().split(",")),
    )


def _array_size_max(config: Mapping[str, str]) -> int | None:
    """Return the most tasks of one array whose first has the number 0."""
    most = _whole(config.get("MaxArraySize", ""))
    own = re.search(r"max_array_tasks=(\d+)", config.get("SchedulerParameters", ""), re.ASCII)
    return min(most, int(own[1])) if own and most is not None else most


def _whole(text: str) -> int | None:
    match = re.match(r"\d+", text, re.ASCII)
    return int(match[0]) if match else None
