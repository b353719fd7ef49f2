"""Work orders, a server in memory and an engine in memory for tests of the agent: valid by default."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from fabrica.agent.settings import AgentSettings
from fabrica.engines.contract import Handle, Observation, StartOrder
from fabrica.values.ids import AttemptId, RunId, SiteId
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire.agents import Cancel, Event, Inventory, SyncAnswer, SyncRequest, WorkOrder
from fabrica.wire.environments import Environment
from fabrica.wire.problems import NotFound, ServerUnreachable
from fabrica.wire.runs import Resources, Usage

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def make_bundle(files: Mapping[str, str] | None = None) -> bytes:
    """Return a source bundle."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in (files or {"train.py": "print('hello')\n"}).items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def make_order(**changes: Any) -> WorkOrder:
    """Return a work order for the default bundle."""
    defaults: dict[str, Any] = {
        "attempt": AttemptId.new(),
        "run": RunId.new(),
        "fence": 1,
        "number": 1,
        "name": "hello",
        "partition": "local",
        "purpose": "exploratory",
        "command": ("python", "train.py"),
        "bundle_sha256": sha256(make_bundle()),
        "environment": Environment(),
        "resources": Resources(),
        "datasets": (),
        "outputs": (),
        "accept_before": NOON + timedelta(hours=1),
    }
    return WorkOrder(**defaults | changes)


def make_settings(folder: Path, **changes: Any) -> AgentSettings:
    """Return the settings of an agent that waits for nothing."""
    defaults: dict[str, Any] = {
        "server": "http://127.0.0.1:9",
        "key_file": folder / "agent.key",
        "folder": folder / "agent",
        "usage_seconds": 0.001,
        "tick_seconds": 0.02,
        "wait_seconds": 0,
    }
    return AgentSettings(**defaults | changes)


@dataclass
class MemoryServer:
    """What a server does with agents' words, in memory; it keeps the effects, not the messages."""

    bundles: dict[str, bytes] = field(default_factory=lambda: {sha256(make_bundle()): make_bundle()})
    offers: dict[AttemptId, WorkOrder] = field(default_factory=dict)
    withdrawn: dict[AttemptId, EndReason] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    away: bool = False
    blobs_away: bool = False
    now: datetime = NOON
    requests: list[SyncRequest] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def offer(self, order: WorkOrder) -> WorkOrder:
        self.offers[order.attempt] = order
        return order

    def cancel(self, attempt: AttemptId, reason: EndReason = EndReason.CANCELLED_BY_USER) -> None:
        self.withdrawn[attempt] = reason

    def sync(self, request: SyncRequest) -> SyncAnswer:
        with self._lock:
            if self.away:
                raise ServerUnreachable("the server is away.")
            self.requests.append(request)
            for event in request.events:
                if event.sequence == len(self.events) + 1:
                    self.events.append(event)
            accepted = {event.attempt for event in self.events}
            ended = {event.attempt for event in self.events if event.kind in ("ended", "declined")}
            seen = {one.attempt: one.state for one in request.attempts}
            return SyncAnswer(
                site=SiteId("here"),
                acknowledged=len(self.events),
                leases=tuple(order for attempt, order in self.offers.items() if attempt not in accepted),
                cancels=tuple(
                    Cancel(attempt=attempt, reason=reason)
                    for attempt, reason in self.withdrawn.items()
                    if attempt in seen and seen[attempt] is not AttemptState.ENDED
                ),
                forget=tuple(one for one, state in seen.items() if one in ended and state is AttemptState.ENDED),
                server_time=self.now,
            )

    def told_inventory(self) -> Inventory:
        """Return what the agent told last of its site."""
        return next(one.inventory for one in reversed(self.requests) if one.inventory is not None)

    def fetch_bundle(self, sha256: str, target: Path, *, bytes_max: int) -> str:
        if self.away:
            raise ServerUnreachable("the server is away.")
        if sha256 not in self.bundles:
            raise NotFound("No run of this site has that bundle.")
        target.write_bytes(self.bundles[sha256])
        return hashlib.sha256(self.bundles[sha256]).hexdigest()

    def upload_blob(self, sha256: str, source: Path) -> None:
        if self.away or self.blobs_away:
            raise ServerUnreachable("the server is away.")
        self.blobs[sha256] = source.read_bytes()

    def upload_blobs(self, files: Mapping[str, Path]) -> None:
        for sha256, source in files.items():
            self.upload_blob(sha256, source)

    def kinds(self, attempt: AttemptId) -> list[str]:
        return [event.kind for event in self.events if event.attempt == attempt]

    def ended(self, attempt: AttemptId) -> Event:
        (event,) = [one for one in self.events if one.attempt == attempt and one.kind == "ended"]
        return event


@dataclass
class MemoryEngine:
    """An engine whose runs end when a test says so."""

    name: Literal["local"] = "local"
    starts: list[StartOrder] = field(default_factory=list)
    stops: list[tuple[Handle, EndReason]] = field(default_factory=list)
    seen: dict[Handle, Observation] = field(default_factory=dict)

    def capacity(self) -> Inventory:
        return Inventory(engine="local", engine_version="1", partitions=(), taken_at=NOON)

    def start(self, order: StartOrder) -> Handle:
        handle = Handle(f"job-{order.attempt}")
        if handle not in self.seen:
            self.starts.append(order)
            usage = Usage(elapsed_seconds=1.0, devices=1)
            self.seen[handle] = Observation("running", started_at=NOON, usage=usage)
        return handle

    def observe(self, handles: Iterable[Handle]) -> dict[Handle, Observation]:
        return {handle: self.seen.get(handle, Observation("unknown")) for handle in handles}

    def stop(self, handle: Handle, reason: EndReason) -> None:
        self.stops.append((handle, reason))
        self._end(handle, reason, None)

    def usage(self, handle: Handle) -> Usage:
        return self.seen[handle].usage

    def finish(self, attempt: AttemptId, reason: EndReason = EndReason.COMPLETED) -> None:
        self._end(Handle(f"job-{attempt}"), reason, 0 if reason is EndReason.COMPLETED else 1)

    def _end(self, handle: Handle, reason: EndReason, exit_code: int | None) -> None:
        self.seen[handle] = Observation(
            "ended",
            reason=reason,
            exit_code=exit_code,
            started_at=NOON,
            ended_at=NOON + timedelta(seconds=2),
            usage=Usage(elapsed_seconds=2.0, devices=1),
            log_bytes_dropped=7,
        )
