"""The golden messages between agent and server: one of each kind, with every field set, as this version writes them.

Usage: python -m tests.contracts.golden        (writes those of the protocol spoken now; older ones stay as they are)
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from fabrica.values.ids import AttemptId, ProjectId, RunId, SiteId, UserId
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire.agents import (
    PROTOCOL,
    AttemptSeen,
    Cancel,
    Event,
    Inventory,
    Maintenance,
    PartitionInventory,
    SyncAnswer,
    SyncRequest,
    WaitForecast,
    WorkOrder,
    email_sha256,
)
from fabrica.wire.bodies import Body
from fabrica.wire.environments import Environment
from fabrica.wire.runs import Artifact, Dataset, MetricSeries, Resources, Usage

FOLDER = Path(__file__).with_name("messages")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ATTEMPT = AttemptId("att_01jd0000000000000000000000")
RUN = RunId("run_01jd0000000000000000000000")
PERSON = UserId("usr_01jd0000000000000000000000")
PROJECT = ProjectId("prj_01jd0000000000000000000000")
_SHA256 = "ab" * 32


def sync_request() -> SyncRequest:
    """Return what an agent says, with one event of each kind."""
    return SyncRequest(
        agent_version="0.1.0",
        epoch="journal-1",
        inventory=_inventory(),
        attempts=(AttemptSeen(attempt=ATTEMPT, fence=3, state=AttemptState.RUNNING),),
        events=_events(),
        wait_seconds=20,
        capacity=7,
        sent_at=NOON,
    )


def _inventory() -> Inventory:
    wait = WaitForecast(
        devices_max=8, limit_seconds_max=3600, of_all_limits=False, q50_seconds=60, q90_seconds=600,
        q50_bound_seconds=90, q90_bound_seconds=900, samples=40, newest_at=NOON, changed_at=NOON,
    )  # fmt: skip
    partition = PartitionInventory(
        name="gpu", resource_class="gpu.h100", accelerator="H100-80G-SXM", software_stack="cuda-x86", nodes=2,
        devices_per_node=4, devices_total=8, devices_free=3, memory_bytes_per_node=2**39, disk_free_bytes=2**40,
        time_limit_seconds_max=172_800, nodes_per_run_max=2, waits=(wait,), containers=True,
        maintenance=Maintenance(starts_at=NOON, ends_at=NOON + timedelta(hours=6), name="upgrade"),
    )  # fmt: skip
    return Inventory(
        engine="slurm",
        engine_version="22.05.8",
        simulated=False,
        country="FI",
        partitions=(partition,),
        people=(PERSON, email_sha256("ada@example.eu")),
        support="support@site.example",
        personal=False,
        interactive=True,
        silent_since=NOON,
        taken_at=NOON,
    )


def _events() -> tuple[Event, ...]:
    usage = Usage(elapsed_seconds=12.5, devices=4, cpu_seconds=40.0, memory_peak_bytes=2**30)
    artifact = Artifact(path="model.bin", sha256=_SHA256, bytes=10, kind="output")
    series = MetricSeries(name="loss", points=((1, 0.5),))
    said: tuple[tuple[str, dict[str, object]], ...] = (
        ("accepted", {}),
        ("staging", {}),
        ("queued", {"handle": "4711"}),
        ("running", {"handle": "4711", "started_at": NOON}),
        ("usage", {"usage": usage}),
        ("log", {"log_offset": 0, "log_text": "hello é\n"}),
        ("metrics", {"metrics": (series,)}),
        ("artifacts", {"artifacts": (artifact,)}),
        (
            "ended",
            {"reason": EndReason.COMPLETED, "words": "It ended.", "exit_code": 0, "started_at": NOON, "usage": usage}
            | {"log_dropped_bytes": 2**20},
        ),
        ("declined", {"reason": EndReason.SITE_DECLINED, "words": "The site has no room."}),
    )
    return tuple(
        Event.model_validate({"sequence": number, "attempt": ATTEMPT, "fence": 3, "kind": kind, "at": NOON} | fields)
        for number, (kind, fields) in enumerate(said, start=1)
    )


def sync_answer() -> SyncAnswer:
    """Return what the server says, with a work order, a cancel and something to forget."""
    order = WorkOrder(
        attempt=ATTEMPT,
        run=RUN,
        fence=3,
        number=1,
        name="ride-demand",
        partition="gpu",
        purpose="pretraining",
        command=("python", "train.py"),
        bundle_sha256=_SHA256,
        environment=Environment(),
        resources=Resources(resource_class="gpu.h100", devices=4, time_limit_seconds=3600),
        datasets=(Dataset(name="rides", source="https://data.example.eu/rides.csv", file="rides.csv", sha256=_SHA256),),
        outputs=("model.bin",),
        person=PERSON,
        project=PROJECT,
        person_email_sha256=email_sha256("ada@example.eu"),
        accept_before=NOON + timedelta(minutes=1),
    )
    return SyncAnswer(
        site=SiteId("own-site"),
        acknowledged=10,
        leases=(order,),
        cancels=(Cancel(attempt=ATTEMPT, reason=EndReason.CANCELLED_BY_USER),),
        forget=(ATTEMPT,),
        server_time=NOON,
    )


MESSAGES = {"sync-request": sync_request, "sync-answer": sync_answer}


def written(message: Body) -> str:
    """Return a message as its golden file has it."""
    return message.model_dump_json(indent=1) + "\n"


def file(name: str, protocol: int = PROTOCOL) -> Path:
    """Return where a golden message of a protocol lies."""
    return FOLDER / f"protocol-{protocol}" / f"{name}.json"


if __name__ == "__main__":
    for name, make in MESSAGES.items():
        file(name).parent.mkdir(parents=True, exist_ok=True)
        file(name).write_text(written(make()), encoding="utf-8")
