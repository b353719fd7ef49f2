"""A real Slurm and an agent over it, for benchmarks: a cluster that starts no job, and a server that only gives orders.

The cluster's partition is down, so it takes jobs and starts none: a site's jobs run on other machines than the agent.
"""

import getpass
import io
import resource
import shutil
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from fabrica.agent.folders import SiteFolder
from fabrica.agent.journal import Journal
from fabrica.agent.settings import AgentSettings
from fabrica.values.ids import AttemptId, RunId, SiteId
from fabrica.wire.agents import Event, SyncAnswer, SyncRequest, WorkOrder, email_sha256
from fabrica.wire.environments import Environment
from fabrica.wire.runs import Resources
from tests.services.slurm.cluster import SlurmCluster

PERSON = f"{getpass.getuser()}@localhost"
MIB = 2**20


@contextmanager
def slurm_cluster(name: str, *, starts_jobs: bool = False, **options: Any) -> Iterator[SlurmCluster]:
    """Yield a started cluster with accounting, in a folder of its own that goes at the end."""
    folder = Path(tempfile.mkdtemp(prefix="fabrica-bench-"))
    try:
        with SlurmCluster(folder, name=name, accounting=True, **options) as cluster:
            if not starts_jobs:
                cluster.command("scontrol", "update", "partitionname=gpu", "state=down")
            yield cluster
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def jobs_known(cluster: SlurmCluster) -> int:
    """Return how many jobs the controller knows."""
    return len(cluster.command("squeue", "--noheader", "--states=all", "--format=%A").split())


def _make_bundle() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("hello.txt")
        member.size = 6
        archive.addfile(member, io.BytesIO(b"hello\n"))
    return packed.getvalue()


BUNDLE = _make_bundle()


def make_order() -> WorkOrder:
    """Return the order of a run of `true` on one core, with a source of one small file."""
    return WorkOrder(
        attempt=AttemptId.new(),
        run=RunId.new(),
        fence=1,
        number=1,
        name="true",
        partition="cpu",
        purpose="exploratory",
        command=("true",),
        bundle_sha256=sha256(BUNDLE).hexdigest(),
        environment=Environment(),
        resources=Resources(memory_bytes=64 * MIB, disk_bytes=16 * MIB, time_limit_seconds=60),
        datasets=(),
        outputs=(),
        person_email_sha256=email_sha256(PERSON),
        accept_before=datetime.now(UTC) + timedelta(days=1),
    )


def agent_settings(place: Path, cluster: SlurmCluster, **changes: Any) -> AgentSettings:
    """Return an agent's settings over a cluster, its files at a place: what is not named is the default."""
    return AgentSettings(
        **{
            "server": "http://127.0.0.1:9",
            "key_file": place / "agent.key",
            "folder": place / "agent",
            "engine": "slurm",
            "engine_settings": engine_settings(cluster),
            "site_accounts": "own",
            "person": PERSON,
            **changes,
        }
    )


def engine_settings(cluster: SlurmCluster) -> dict[str, Any]:
    """Return the engine's settings over a cluster."""
    return {
        "slurm_conf": str(cluster.site.slurm_conf_path),
        "partitions": [{"name": "cpu", "slurm": "gpu"}],
        "python": sys.executable,
    }


def staged_journal(site: SiteFolder, count: int) -> Journal:
    """Return a journal of staged orders, whose acceptance the server has confirmed; their folders are there."""
    site.prepare()
    journal = Journal(site.journal)
    for _ in range(count):
        order = make_order()
        journal.accept(order, datetime.now(UTC))
        site.attempt(order.attempt).prepare()
        journal.stage(order.attempt, {"PATH": "/usr/bin:/bin"}, {}, datetime.now(UTC))
    journal.acknowledge(journal.news(events_max=2 * count, bytes_max=2**30)[-1].sequence)
    return journal


class OrderServer:
    """What an agent speaks with: gives orders as far as the agent has room, and notes when it was told what."""

    def __init__(self, orders: Sequence[WorkOrder] = ()) -> None:
        self._news = threading.Condition()
        self._offers = {order.attempt: order for order in orders}
        self._acknowledged = 0
        self.told_at: dict[tuple[AttemptId, str], float] = {}

    def offer(self, order: WorkOrder) -> None:
        with self._news:
            self._offers[order.attempt] = order
            self._news.notify_all()

    def count(self, kind: str) -> int:
        """Return how many attempts were told to be at `kind`, an event's."""
        with self._news:
            return sum(1 for _, told in self.told_at if told == kind)

    def wait_for(self, kind: str, attempts: Sequence[AttemptId], seconds_max: float = 600) -> None:
        """Wait until an event of this kind was told of each attempt."""
        with self._news:
            done = self._news.wait_for(lambda: all((one, kind) in self.told_at for one in attempts), seconds_max)
        assert done, f"{self.count(kind)} attempts were told as {kind} after {seconds_max} s"

    def sync(self, request: SyncRequest) -> SyncAnswer:
        with self._news:
            self._note(request.events)
            if request.wait_seconds:
                self._news.wait_for(lambda: bool(self._offers), request.wait_seconds)
            return SyncAnswer(
                site=SiteId("here"),
                acknowledged=self._acknowledged,
                leases=tuple(self._offers.values())[: request.capacity],
                server_time=datetime.now(UTC),
            )

    def _note(self, events: Sequence[Event]) -> None:
        now = time.perf_counter()
        for event in events:
            self._acknowledged = max(self._acknowledged, event.sequence)
            self._offers.pop(event.attempt, None)
            self.told_at.setdefault((event.attempt, event.kind), now)
        self._news.notify_all()

    def fetch_bundle(self, sha256: str, target: Path, *, bytes_max: int) -> str:
        target.write_bytes(BUNDLE)
        return sha256

    def upload_blob(self, sha256: str, source: Path) -> None:
        """Take nothing: no run ends here."""

    def upload_blobs(self, files: Mapping[str, Path]) -> None:
        """Take nothing: no run ends here."""


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its ended children."""
    return sum(
        one.ru_utime + one.ru_stime
        for one in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )
