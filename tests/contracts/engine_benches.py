"""One bench per engine: opens it over a folder, makes orders for it, lets its time pass."""

import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from fabrica.engines.contract import Engine, Handle, Observation, StartOrder
from fabrica.engines.local.engine import LocalEngine
from fabrica.engines.local.machine import Machine
from fabrica.engines.registry import open_engine
from fabrica.engines.simulated.engine import SimulatedEngine
from fabrica.values.files import write_private
from fabrica.values.ids import AttemptId
from fabrica.values.states import EndReason
from fabrica.wire.agents import PartitionInventory
from fabrica.wire.runs import Resources
from tests.services.slurm.cluster import SlurmCluster
from tests.services.slurm.fixtures import every_release

MEBIBYTE = 2**20
_PATIENCE_SECONDS = 120.0


class Bench(ABC):
    """What the contract suite needs of an engine. `open` may be called again at any time: that is a restart."""

    name: str
    partition: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def open(self) -> Engine:
        """Open the engine over the bench's folder."""

    @abstractmethod
    def pass_time(self) -> None:
        """Let a little of the engine's time pass."""

    def order(self, *command: str, variables: dict[str, str] | None = None, **asked: int) -> StartOrder:
        """Make a valid order over a fresh attempt folder."""
        attempt = AttemptId.new()
        folder = self.folder / "attempts" / attempt
        for part in ("work", "data", "record", "tmp"):
            (folder / part).mkdir(parents=True)
        asked = {"memory_bytes": 64 * MEBIBYTE, "disk_bytes": 64 * MEBIBYTE, "time_limit_seconds": 60} | asked
        return StartOrder(
            attempt=attempt,
            name="a run",
            partition=self.partition,
            command=command,
            folder=folder,
            variables={"PATH": "/usr/local/bin:/usr/bin:/bin"} | (variables or {}),
            resources=Resources(**asked),
        )

    def wait(self, engine: Engine, handle: Handle, until: Callable[[Observation], bool]) -> Observation:
        """Observe until `until` holds; fail after a bounded patience."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            seen = engine.observe([handle])[handle]
            if until(seen):
                return seen
            assert time.monotonic() < deadline, f"still {seen}"
            self.pass_time()

    def wait_for(self, engine: Engine, handle: Handle, state: str) -> Observation:
        """Observe until the attempt is in `state`."""
        return self.wait(engine, handle, lambda seen: seen.state == state)

    @contextmanager
    def opened(self) -> Iterator[Engine]:
        """Open the engine and, at the end of a test, stop and await whatever still runs."""
        engine = self.open()
        try:
            yield engine
        finally:
            handles = [Handle(folder.name) for folder in (self.folder / "attempts").glob("att_*")]
            for handle in handles:
                engine.stop(handle, EndReason.CANCELLED_AT_SITE)
            for handle in handles:
                self.wait(engine, handle, lambda seen: seen.state in ("ended", "unknown"))


class LocalBench(Bench):
    """The local engine with two cores and a short grace."""

    name = "local"
    partition = "local"

    def open(self) -> LocalEngine:
        machine = Machine(cores=(0, 1), memory_bytes=2048 * MEBIBYTE)
        return LocalEngine(self.folder / "engine", machine=machine, grace_seconds=1.0, log_bytes_max=MEBIBYTE)

    def pass_time(self) -> None:
        time.sleep(0.02)


class SimulatedBench(Bench):
    """The simulated engine with one node of two cores; its clock is a file, so that other processes share it."""

    name = "simulated"
    partition = "pretended"

    def open(self) -> SimulatedEngine:
        partition = PartitionInventory(
            name=self.partition,
            resource_class="cpu.core",
            nodes=1,
            devices_per_node=2,
            devices_total=2,
            devices_free=2,
            memory_bytes_per_node=2048 * MEBIBYTE,
        )
        return SimulatedEngine(self.folder / "engine", partitions=[partition], clock=self._read_clock)

    def pass_time(self) -> None:
        self._clock_file.write_text(json.dumps(self._read_clock() + 0.5))

    def _read_clock(self) -> float:
        return float(json.loads(self._clock_file.read_text())) if self._clock_file.exists() else 1_800_000_000.0

    @property
    def _clock_file(self) -> Path:
        return self.folder / "clock.json"


class SlurmBench(Bench):
    """The Slurm engine over one node of two cores of a real Slurm, asked often and with a short grace."""

    name = "slurm"
    partition = "batch"
    accounting = False
    """Whether the cluster has to keep accounting."""

    def __init__(self, folder: Path, cluster: SlurmCluster) -> None:
        super().__init__(folder)
        self.way = self.way_to(cluster)  # values alone, which another process can be given

    def way_to(self, cluster: SlurmCluster) -> dict[str, Any]:
        """Return the engine's settings that say where a cluster is and how it is asked."""
        way = {"slurm_conf": str(cluster.site.slurm_conf_path), "python": sys.executable}
        if cluster.root is not None:  # jobs are inside it as well
            way |= {"command_folder": str(cluster.folder / "bin"), "python": "/usr/bin/python3"}
        return way

    def open(self) -> Engine:
        return open_engine(
            "slurm",
            self.folder / "engine",
            partitions=[{"name": self.partition}],
            grace_seconds=1,
            log_bytes_max=MEBIBYTE,
            look_seconds=0.1,
            accounting_seconds=0.2,
            doubt_seconds=5,
            vanish_seconds=10,
            **self.way,
        )

    def pass_time(self) -> None:
        time.sleep(0.05)


class AccountedSlurmBench(SlurmBench):
    """The same over a Slurm that keeps accounting."""

    accounting = True


class RestSlurmBench(AccountedSlurmBench):
    """The same by slurmrestd."""

    def way_to(self, cluster: SlurmCluster) -> dict[str, Any]:
        token = cluster.folder / "etc" / "token"
        write_private(token, cluster.token(cluster.site.user))
        rest = {"form": "rest", "rest_url": cluster.rest_url, "rest_token_file": str(token)}
        return super().way_to(cluster) | rest


SLURM_BENCHES: tuple[type[SlurmBench], ...] = (SlurmBench, AccountedSlurmBench, RestSlurmBench)


def slurm_params() -> list[ParameterSet]:
    """Return each Slurm bench with each release of Slurm: this machine's own, and those that are asked for."""
    return [
        pytest.param(
            (kind, release),
            id=kind.__name__.lower() + (f"-{release}" if release else ""),
            marks=pytest.mark.slurm,
        )
        for release in every_release()
        for kind in SLURM_BENCHES
    ]


def start_in_this_process(bench: Bench, order: StartOrder) -> str:
    """Open an engine of a bench's own and start an order: what a second agent process would do."""
    return bench.open().start(order)
