"""Opens the engine over a test's cluster, makes orders for it, and waits for what it tells."""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fabrica.engines.contract import Handle, Observation, StartOrder
from fabrica.engines.slurm.engine import SlurmEngine
from fabrica.engines.slurm.opening import open_slurm
from fabrica.values.ids import AttemptId
from fabrica.wire.runs import Resources
from tests.services.slurm.cluster import SlurmCluster

_PATIENCE_SECONDS = 120.0


class SlurmSite:
    """One cluster with a folder for an engine. `open` may be called again at any time: that is a restart."""

    def __init__(self, cluster: SlurmCluster, folder: Path, **settings: Any) -> None:
        self.cluster = cluster
        self.folder = folder
        self.settings = {
            "slurm_conf": str(cluster.site.slurm_conf_path),
            "partitions": [
                {"name": "gpu", "resource_class": "gpu.h100", "accelerator": "H100-80G-SXM", "gres_type": "h100"},
                {"name": "cpu", "slurm": "gpu"},
            ],
            "grace_seconds": 1,
            "log_bytes_max": 2**20,
            "look_seconds": 0.1,
            "accounting_seconds": 0.2,
            "doubt_seconds": 2,
            "vanish_seconds": 3,
            "python": sys.executable,
        } | settings

    def open(self, **settings: Any) -> SlurmEngine:
        return open_slurm(self.folder / "engine", self.settings | settings)

    def order(
        self,
        *command: str,
        partition: str = "cpu",
        variables: dict[str, str] | None = None,
        site_account: str | None = None,
        **asked: Any,
    ) -> StartOrder:
        attempt = AttemptId.new()
        folder = self.folder / "attempts" / attempt
        for part in ("work", "data", "record", "tmp"):
            (folder / part).mkdir(parents=True)
        resource_class = "gpu.h100" if partition == "gpu" else "cpu.core"
        needs = {"memory_bytes": 64 * 2**20, "disk_bytes": 64 * 2**20, "time_limit_seconds": 60}
        return StartOrder(
            attempt=attempt,
            name="a run",
            partition=partition,
            command=command,
            folder=folder,
            variables={"PATH": "/usr/local/bin:/usr/bin:/bin"} | (variables or {}),
            resources=Resources(resource_class=resource_class, **(needs | asked)),
            site_account=site_account,
        )

    def wait(
        self,
        engine: SlurmEngine,
        handle: Handle,
        until: Callable[[Observation], bool],
        *,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> Observation:
        deadline = time.monotonic() + patience_seconds
        while True:
            seen = engine.observe([handle])[handle]
            if until(seen):
                return seen
            assert time.monotonic() < deadline, f"still {seen}"
            time.sleep(0.05)

    def wait_for(self, engine: SlurmEngine, handle: Handle, state: str) -> Observation:
        return self.wait(engine, handle, lambda seen: seen.state == state)

    def jobs(self, handle: Handle) -> list[str]:
        """Return the ids of all jobs of an attempt that the controller knows."""
        text = self.cluster.command("squeue", "--noheader", "--states=all", f"--name=fab-{handle}", "--format=%A")
        return sorted(text.split(), key=int)

    def accounted_milliseconds(self, handle: Handle, resource: str) -> int:
        """Return what Slurm's own rows of an attempt come to, read apart from the engine."""
        fields = ("sacct", "--duplicates", "--noheader", "--parsable2", "--allocations", "--starttime=now-1hour")
        text = self.cluster.command(*fields, f"--name=fab-{handle}", "--format=ElapsedRaw,AllocTRES")
        total = 0
        for line in text.splitlines():
            elapsed, _, held = line.partition("|")
            counts = dict(part.split("=") for part in held.split(",") if part)
            total += int(elapsed) * int(counts.get(resource, 0)) * 1000
        return total


def fake_commands(folder: Path, *, path: str | None = None, **scripts: str) -> Path:
    """Return a folder of Slurm's commands of which some are scripts; in a script `$REAL` is the real one.

    The real ones are found on `path`, a cluster's own PATH; None: this process's.
    """
    folder.mkdir()
    for name in ("sbatch", "scancel", "squeue", "sacct", "sacctmgr", "scontrol", "sinfo", "srun"):
        real = shutil.which(name, path=path) or f"/usr/bin/{name}"
        if name in scripts:
            (folder / name).write_text(f"#!/bin/sh\nREAL={real}\nHERE={folder}\n{scripts[name]}\n")
            (folder / name).chmod(0o755)
        else:
            (folder / name).symlink_to(real)
    return folder
