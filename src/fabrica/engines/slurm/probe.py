"""What a site's Slurm can do, asked once: nothing that it does not say is ever relied on."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Probe:
    """Slurm's version and what of it this site runs. `data_parser`: the shape of its JSON; empty: it prints none."""

    version: str
    cluster: str
    accounting: bool
    energy: bool
    json: bool = False
    data_parser: str = ""
    kill_wait_seconds: int | None = None
    min_job_age_seconds: int | None = None
    array_size_max: int | None = None
    preempt_mode: str = ""

    @property
    def number(self) -> tuple[int, int]:
        return version_number(self.version)


def version_number(version: str) -> tuple[int, int]:
    """Return year and month of a release: `22.05.8` is (22, 5); (0, 0) when it is none."""
    match = re.search(r"(\d+)\.(\d+)", version, re.ASCII)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def read_config(text: str) -> dict[str, str]:
    """Read what `scontrol show config` printed, by key."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, _, value in pairs}


def probe_of(config: Mapping[str, str], *, json_text: str = "", accounting: bool | None = None) -> Probe:
    """Return what a site's configuration and a piece of its JSON say; `accounting` is the operator's own word."""
    storage = config.get("AccountingStorageType", "").lower()
    return Probe(
        version=config.get("SLURM_VERSION", ""),
        cluster=config.get("ClusterName", ""),
        accounting=storage not in ("", "(null)", "accounting_storage/none") if accounting is None else accounting,
        energy=config.get("AcctGatherEnergyType", "").lower() not in ("", "(null)", "acct_gather_energy/none"),
        json=bool(json_text),
        data_parser=data_parser_of(json_text),
        kill_wait_seconds=_seconds(config.get("KillWait", "")),
        min_job_age_seconds=_seconds(config.get("MinJobAge", "")),
        array_size_max=_array_size_max(config),
        preempt_mode=config.get("PreemptMode", ""),
    )


def _array_size_max(config: Mapping[str, str]) -> int | None:
    """Return the most tasks of one array whose first has the number 0."""
    most = _seconds(config.get("MaxArraySize", ""))
    own = re.search(r"max_array_tasks=(\d+)", config.get("SchedulerParameters", ""), re.ASCII)
    return min(most, int(own[1])) if own and most is not None else most


def data_parser_of(json_text: str) -> str:
    """Return the name of the shape of a JSON answer: `data_parser/v0.0.41`, or `openapi/v0.0.38` of older ones."""
    try:
        answer: Any = json.loads(json_text)
    except ValueError:
        return ""
    meta = answer.get("meta") if isinstance(answer, dict) else None
    plugin = meta.get("plugin") if isinstance(meta, dict) else None
    if not isinstance(plugin, dict):
        return ""
    return str(plugin.get("data_parser") or plugin.get("type") or "")


def _seconds(text: str) -> int | None:
    match = re.match(r"\d+", text, re.ASCII)
    return int(match[0]) if match else None
