"""Runs: submit, plan, list, follow, cancel, fetch the record."""

import json
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from fabrica.bundles.limits import SOURCE
from fabrica.bundles.pack import Bundle, pack_source
from fabrica.sdk.client import Client
from fabrica.sdk.ids import parsed
from fabrica.sdk.manifest import Manifest
from fabrica.values.ids import AttemptId, ProjectId, RunId
from fabrica.values.states import RunState
from fabrica.wire.evidence import EvidenceRecord
from fabrica.wire.placement import KeptDecision, Placement
from fabrica.wire.problems import NotFound, PathRefused, ServerUnreachable
from fabrica.wire.runs import DeclareLost, DryRun, LogSlice, Loss, MetricSeries, RecordNotReady, Run, RunList

_RECONNECT_SECONDS_MAX = 30
_PERSIST_SECONDS_MAX = 15
_ID_LENGTH = 30
T = TypeVar("T")


def submit(client: Client, manifest: Manifest, *, project: ProjectId | None = None) -> Run:
    """Upload the source of a manifest's folder and submit its run.

    Raises:
        BundleRefused: the folder cannot be packed.
        NoAllocation, InsufficientBalance, Unsatisfiable: the run cannot be taken; each says what to do.
    """
    with tempfile.TemporaryDirectory(prefix="fabrica-") as folder:
        file = Path(folder) / "source.tar"
        bundle = pack_source(manifest.folder, file, SOURCE)
        _persist(lambda: _upload(client, bundle))
    spec, key = manifest.spec(bundle.sha256, project), secrets.token_hex(16)
    return _persist(lambda: Run.model_validate(client.post("/runs", spec, idempotency_key=key)))


def _persist(act: Callable[[], T]) -> T:
    """Do what is safe to do twice, and again when no answer came: an upload has its hash, a submission its key."""
    pause = 0.5
    while True:
        try:
            return act()
        except ServerUnreachable:
            if pause > _PERSIST_SECONDS_MAX:
                raise
            time.sleep(pause)
            pause *= 2


def _upload(client: Client, bundle: Bundle) -> None:
    if not client.has(f"/bundles/{bundle.sha256}"):
        client.put_file(f"/bundles/{bundle.sha256}", bundle.path)


def plan(client: Client, manifest: Manifest, *, project: ProjectId | None = None) -> DryRun:
    """Return where a run would go and what it would reserve. Nothing is uploaded, stored or spent."""
    spec = manifest.spec("0" * 64, project)
    return DryRun.model_validate(client.post("/runs/plan", spec))


def run(client: Client, run: RunId) -> Run:
    """Return one run."""
    return client.get(f"/runs/{run}", Run)


def runs(client: Client, *, state: RunState | None = None, limit: int = 20, cursor: str | None = None) -> RunList:
    """Return the newest runs."""
    return client.get("/runs", RunList, state=state, limit=limit, cursor=cursor)


def find(client: Client, text: str) -> RunId:
    """Return the run that an id, the last characters of an id (at least 4), or `last` means.

    Raises:
        NotFound: none of the newest 100 runs is meant, or more than one.
    """
    if text.startswith("run_") and len(text) == _ID_LENGTH:
        return parsed(RunId, text)
    recent = runs(client, limit=100).runs
    if text == "last" and recent:
        return recent[0].id
    meant = [run.id for run in recent if len(text) >= 4 and run.id.endswith(text)]
    if len(meant) == 1:
        return meant[0]
    raise NotFound(
        f"{text!r} means {'more than one' if meant else 'none'} of your last {len(recent)} runs.",
        remedy="Give the whole id, at least its last 4 characters, or 'last'; list them with 'fabrica runs'.",
    )


def cancel(client: Client, run: RunId) -> Run:
    """Ask for the end of a run.

    Raises:
        RunEnded: it has ended already.
    """
    return Run.model_validate(client.post(f"/runs/{run}/cancel"))


def loss(client: Client, run: RunId) -> Loss:
    """Return what declaring the run's living attempt lost would do now; nothing is changed.

    Raises:
        NotAllowed: the caller is no operator.
        RunEnded: no attempt of the run is living.
    """
    return client.get(f"/runs/{run}/declare-lost", Loss)


def declare_lost(client: Client, run: RunId, attempt: AttemptId) -> Run:
    """Give up on an attempt whose site will not come back; it cannot be taken back. Raises as `loss`."""
    return Run.model_validate(client.post(f"/runs/{run}/declare-lost", DeclareLost(attempt=attempt)))


def placements(client: Client, run: RunId) -> tuple[Placement, ...]:
    """Return every placement decision of a run, the newest first."""
    return client.get_list(f"/runs/{run}/placement", Placement)


def kept_decisions(client: Client, run: RunId) -> tuple[KeptDecision, ...]:
    """Return what every placement decision of a run was made from, the newest first."""
    return client.get_list(f"/runs/{run}/placement/snapshots", KeptDecision)


def metrics(client: Client, run: RunId) -> tuple[MetricSeries, ...]:
    """Return every metric of a run by step."""
    return client.get_list(f"/runs/{run}/metrics", MetricSeries)


def log(client: Client, run: RunId, offset: int = 0) -> LogSlice:
    """Return what the log holds now from a byte on."""
    return client.get(f"/runs/{run}/log", LogSlice, offset=offset)


@dataclass(frozen=True, slots=True)
class StateSeen:
    """A run came to a state."""

    state: RunState
    words: str


def follow(client: Client, run: RunId) -> Iterator[LogSlice | StateSeen]:
    """Yield pieces of the log and changes of state until the run has ended, over broken connections.

    The offset counts in one attempt's log; asked with both, the server starts anew when another attempt came.
    """
    offset, attempt, pause = 0, None, 0.5
    while True:
        try:
            for event, data in client.events(f"/runs/{run}/log", offset=offset, attempt=attempt):
                pause = 0.5
                if event == "state":
                    told = json.loads(data)
                    words = f"{told['words']} {told.get('silence', '')}".strip()
                    yield StateSeen(RunState(told["state"]), words)
                elif event == "log":
                    piece = LogSlice.model_validate_json(data)
                    attempt, offset = piece.attempt or attempt, piece.next_offset
                    yield piece
                elif event == "end":
                    return
        except ServerUnreachable:
            time.sleep(pause)
            pause = min(pause * 2, _RECONNECT_SECONDS_MAX)


def evidence(client: Client, run: RunId) -> tuple[EvidenceRecord, ...]:
    """Return the sealed evidence records of a run."""
    return client.get_list(f"/runs/{run}/evidence", EvidenceRecord)


def fetch_record(client: Client, found: Run, folder: Path) -> Path:
    """Download a run's record, with its sealed evidence records, into `folder` and return it.

    Raises:
        RecordNotReady: the run has not ended, or its site has sent no record.
    """
    if not any(artifact.kind == "record" for artifact in found.artifacts):
        raise RecordNotReady(f"{found.id} has no record yet.", remedy="A record is there once the run has ended.")
    fetch_files(client, found, "record", folder)
    records = [one.model_dump(mode="json") for one in evidence(client, found.id)]
    (folder / "evidence.json").write_text(json.dumps(records, indent=1) + "\n")
    return folder


def fetch_files(client: Client, found: Run, kind: Literal["output", "record"], folder: Path) -> None:
    """Download the files of one kind that a run left into `folder`.

    Raises:
        PathRefused: a file's name leads outside the folder; nothing is written there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in found.artifacts:
        if file.kind != kind:
            continue
        target = folder / file.path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise PathRefused(f"The run names a file outside its folder: {file.path!r}.", remedy="Tell the site.")
        target.parent.mkdir(parents=True, exist_ok=True)
        client.get_file(f"/runs/{found.id}/artifacts/{file.sha256}", target, file.sha256)
