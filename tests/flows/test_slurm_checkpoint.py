"""A run that saves checkpoints on a real Slurm: whatever takes its nodes away, the next attempt goes on from there."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fabrica.agent.loop import Agent
from fabrica.engines.slurm.opening import open_slurm
from fabrica.values.ids import AttemptId
from fabrica.values.states import EndReason
from fabrica.wire.agents import WorkOrder
from fabrica.wire.runs import Artifact, Resources
from tests.agent.builders import MemoryServer, make_bundle, make_order, make_settings, sha256
from tests.engines.slurm.bench import SlurmSite
from tests.services.slurm.cluster import ACCOUNT, SlurmCluster

pytestmark = pytest.mark.slurm

_PATIENCE_SECONDS = 180.0
_SCRIPT = """
import os, pathlib, time
saved = pathlib.Path(os.environ["FABRICA_CHECKPOINT"]) / "step"
step = int(saved.read_text()) if saved.exists() else 0
print("goes on from step", step, flush=True)
while not (pathlib.Path.cwd() / "enough").exists():
    step += 1
    part = saved.with_name("part")
    part.write_text(str(step))
    part.replace(saved)
    if step >= 1_000_000 or int(os.environ["WANTED"]) <= step and os.environ["WANTED"] != "0":
        break
    time.sleep(0.05)
"""


class House:
    """One agent over a real Slurm, with a server in memory."""

    def __init__(self, cluster: SlurmCluster, folder: Path) -> None:
        site = SlurmSite(cluster, folder, settle_seconds=2)
        self.cluster = cluster
        self.bundle = make_bundle({"train.py": _SCRIPT})
        self.server = MemoryServer(bundles={sha256(self.bundle): self.bundle}, now=datetime.now(UTC))
        engine = open_slurm(folder / "engine", site.settings)
        settings = make_settings(folder, usage_seconds=1)
        self.agent = Agent(settings, self.server, engine, clock=lambda: datetime.now(UTC))

    def order(self, number: int, *, wanted: int, before: WorkOrder | None = None) -> WorkOrder:
        """Offer an attempt; one that follows another is given what that one saved, as the server does."""
        changes = {} if before is None else {"run": before.run, "continues_from": self.saved(before.attempt)}
        if before is not None:
            self.server.bundles |= self.server.blobs
        return self.server.offer(
            make_order(
                number=number,
                fence=number,
                partition="cpu",
                bundle_sha256=sha256(self.bundle),
                command=("env", f"WANTED={wanted}", "python", "train.py"),
                checkpoint="saved",
                accept_before=datetime.now(UTC) + timedelta(hours=1),
                resources=Resources(memory_bytes=64 * 2**20, disk_bytes=64 * 2**20, devices=8),
                **changes,
            )
        )

    def saved(self, attempt: AttemptId) -> tuple[Artifact, ...]:
        """Return the checkpoint's files as the agent has told of them."""
        told = [one for event in self.server.events if event.attempt == attempt for one in event.artifacts]
        return tuple(one for one in told if one.kind == "checkpoint")

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not done():
            assert time.monotonic() < deadline, [event for event in self.server.events if event.kind != "usage"][-3:]
            self.agent.conversation.exchange(0, tells=True)
            self.agent.tick()
            time.sleep(0.05)

    def step(self, order: WorkOrder) -> int:
        """Return the last step that an attempt has saved, read from its folder."""
        saved = self.agent.site.attempt(order.attempt).work / "saved" / "step"
        return int(saved.read_text() or 0) if saved.exists() else 0

    def log(self, order: WorkOrder) -> str:
        return "".join(event.log_text or "" for event in self.server.events if event.attempt == order.attempt)


@pytest.fixture
def house(slurm_full: SlurmCluster, tmp_path: Path) -> Iterator[House]:
    one = House(slurm_full, tmp_path)
    yield one
    one.agent.close()


def test_a_run_preempted_by_qos_goes_on_from_its_checkpoint(house: House) -> None:
    cluster = house.cluster
    cluster.command("sacctmgr", "--immediate", "add", "qos", "urgent", "Priority=1000", "Preempt=normal")
    cluster.command(
        *("sacctmgr", "--immediate", "modify", "user", "where", f"name={cluster.site.user}", f"account={ACCOUNT}"),
        *("set", "qos=normal,urgent", "defaultqos=normal"),
    )
    first = house.order(1, wanted=0)
    house.until(lambda: house.step(first) >= 5)
    urgent = (f"--account={ACCOUNT}", "--qos=urgent", "--nodes=2", "--ntasks-per-node=8", "--mem=64M")
    cluster.command("sbatch", *urgent, "--output=/dev/null", stdin="#!/bin/sh\nsleep 2\n")
    house.until(lambda: "ended" in house.server.kinds(first.attempt))
    ended = house.server.ended(first.attempt)
    assert ended.reason is EndReason.PREEMPTED
    assert ended.usage is not None
    assert ended.usage.elapsed_seconds > 0
    (step,) = [one for one in house.saved(first.attempt) if one.path == "saved/step"]
    last = int(house.server.blobs[step.sha256])
    assert last >= 5

    second = house.order(2, wanted=last + 3, before=first)
    house.until(lambda: "ended" in house.server.kinds(second.attempt))
    assert house.server.ended(second.attempt).reason is EndReason.COMPLETED
    assert f"goes on from step {last}" in house.log(second)
