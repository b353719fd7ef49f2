"""REST endpoints of runs."""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.http import StreamingHttpResponse
from ninja import Router

from fabrica.bundles.limits import SOURCE
from fabrica.bundles.unpack import check
from fabrica.reference.purposes import load_purposes
from fabrica.server.core import hints, idempotency
from fabrica.server.core.actors import Actor
from fabrica.server.core.requests import Asked, body_of
from fabrica.server.core.storage import checked, full_told, open_storage
from fabrica.server.people import queries as people
from fabrica.server.placement import queries as placement
from fabrica.server.runs import bundles, lost_queries, permissions, queries, service, uploads
from fabrica.values.ids import AttemptId, ProjectId, RunId
from fabrica.values.states import RunState
from fabrica.wire.placement import KeptDecision, Placement
from fabrica.wire.problems import NotAllowed, NotFound
from fabrica.wire.runs import DeclareLost, DryRun, LogSlice, Loss, MetricSeries, Purpose, Run, RunList, RunSpec

router = Router(tags=["runs"])
_STREAM_SECONDS_MAX = 3600
_POLL_SECONDS = 2.0
_PART_BYTES = 1 << 20


@router.get("/bundles/{sha256}", response={204: None})
def has_bundle(request: Asked, sha256: str) -> None:
    """Whether a source bundle is here already that the caller may run: one they sent, or a project of theirs ran."""
    if not bundles.may_run(request.auth, sha256):
        raise NotFound("There is no such bundle here.", remedy="Upload it; the SDK does.")


@router.put("/bundles/{sha256}", response={204: None})
def put_bundle(request: Asked, sha256: str) -> None:
    """Upload a source bundle under its SHA-256. It is stored only when it can be unpacked safely."""
    if not permissions.uploads(request.auth):
        raise NotAllowed("You work in no project.", remedy="Ask somebody who leads one to add you.")
    with full_told(), tempfile.NamedTemporaryFile(prefix="fabrica-bundle-") as file:
        for part in checked(body_of(request, SOURCE.archive_bytes_max), sha256, SOURCE.archive_bytes_max):
            file.write(part)
        file.flush()
        check(Path(file.name), SOURCE)
        file.seek(0)
        open_storage().store(sha256, iter(lambda: file.read(_PART_BYTES), b""), SOURCE.archive_bytes_max)
    uploads.note(request.auth, hashes=[sha256])


@router.post("/runs", response={201: Run})
def submit(request: Asked, body: RunSpec) -> Run:
    """Submit a run. Send an Idempotency-Key: the same request sent twice is one run."""
    by = request.auth

    def act() -> str:
        return service.submit(by, project=people.chosen_project(by, body.project), spec=body)

    run = idempotency.once(request, act)
    return queries.run(by, RunId(run))


@router.post("/runs/plan", response=DryRun)
def plan(request: Asked, body: RunSpec) -> DryRun:
    """Where a run would go and what it would reserve, if it were submitted now. Nothing is stored."""
    return queries.dry_run(request.auth, people.chosen_project(request.auth, body.project), body)


@router.get("/purposes", response=list[Purpose])
def purposes(request: Asked) -> list[Purpose]:
    """What a run can be for, and whether its compute counts toward a model under the AI Act's guidelines."""
    return [
        Purpose(tag=one.tag, counts=one.counts, words=one.words, counts_words=one.counts_words)
        for one in load_purposes().values()
    ]


@router.get("/runs", response=RunList)
def runs(
    request: Asked,
    project: ProjectId | None = None,
    state: RunState | None = None,
    cursor: RunId | None = None,
    limit: int = 50,
) -> RunList:
    """The newest runs the caller may see."""
    return queries.runs(request.auth, project=project, state=state, before=cursor, limit=max(1, min(limit, 200)))


@router.get("/runs/{run}", response=Run)
def run(request: Asked, run: RunId) -> Run:
    """One run, with its placement, attempts, usage, metrics and artifacts."""
    return queries.run(request.auth, run)


@router.post("/runs/{run}/cancel", response=Run)
def cancel(request: Asked, run: RunId) -> Run:
    """Ask for the end of a run."""
    queries.run(request.auth, run)
    service.cancel(request.auth, run=run)
    return queries.run(request.auth, run)


@router.get("/runs/{run}/declare-lost", response=Loss)
def loss(request: Asked, run: RunId) -> Loss:
    """What declaring the run's living attempt lost would do now. Operators only; nothing is changed."""
    return lost_queries.loss(request.auth, run)


@router.post("/runs/{run}/declare-lost", response=Run)
def declare_lost(request: Asked, run: RunId, body: DeclareLost) -> Run:
    """Give up on an attempt whose site will not come back. Operators only; it cannot be taken back."""
    service.declare_lost(request.auth, attempt=lost_queries.attempt_of(request.auth, run, body.attempt))
    return queries.run(request.auth, run)


@router.get("/runs/{run}/placement", response=list[Placement])
def placements(request: Asked, run: RunId) -> list[Placement]:
    """Every placement decision of a run, the newest first."""
    queries.run(request.auth, run)
    return list(placement.of_run(run))


@router.get("/runs/{run}/placement/snapshots", response=list[KeptDecision])
def placement_snapshots(request: Asked, run: RunId) -> list[KeptDecision]:
    """What every placement decision of a run was made from, the newest first: enough to make it again."""
    queries.run(request.auth, run)
    return list(placement.kept(run))


@router.get("/runs/{run}/metrics", response=list[MetricSeries])
def metrics(request: Asked, run: RunId) -> list[MetricSeries]:
    """Every metric of the run by step."""
    return list(queries.metrics(request.auth, run))


@router.get("/runs/{run}/log", response=LogSlice)
def log(request: Asked, run: RunId, offset: int = 0, attempt: AttemptId | None = None) -> Any:
    """The log from a byte on; with `Accept: text/event-stream` it is streamed until the run ends."""
    if "text/event-stream" in request.headers.get("Accept", ""):
        queries.log(request.auth, run, offset=offset, attempt=attempt)
        stream = StreamingHttpResponse(_stream(request.auth, run, offset, attempt), content_type="text/event-stream")
        stream["Cache-Control"] = "no-store"
        stream["X-Accel-Buffering"] = "no"
        return stream
    return queries.log(request.auth, run, offset=offset, attempt=attempt)


def _stream(by: Actor, run: RunId, offset: int, attempt: AttemptId | None) -> Iterator[str]:
    """Yield server-sent events: `log` with a LogSlice, `state` with the run's state, `end`.

    `offset` counts in the log of `attempt`, or of the attempt that is the last one at the beginning.
    """
    until = time.monotonic() + _STREAM_SECONDS_MAX
    told: dict[str, str] = {}
    while time.monotonic() < until and not hints.ending():  # a follower that is cut off asks again from where it is
        if not people.is_active(by):
            return
        seen = hints.seen(f"run:{run}")
        now = queries.told_state(by, run)
        if now != told:
            told = now
            yield f"event: state\ndata: {json.dumps(now)}\n\n"
        piece = queries.log(by, run, offset=offset)
        if piece.attempt != attempt and attempt is not None:  # another attempt: its log starts anew
            piece = queries.log(by, run, offset=0)
        attempt = piece.attempt
        if piece.text or piece.next_offset != offset:
            yield f"event: log\ndata: {piece.model_dump_json()}\n\n"
        offset = piece.next_offset
        if piece.ended:
            yield "event: end\ndata: {}\n\n"
            return
        if not hints.wait(f"run:{run}", seen, _POLL_SECONDS):
            yield ": still here\n\n"


@router.get("/runs/{run}/artifacts/{sha256}")
def artifact(request: Asked, run: RunId, sha256: str) -> StreamingHttpResponse:
    """The bytes of one file the run left."""
    found = queries.artifact(request.auth, run, sha256)
    return file_response(found.path, found.sha256)


def file_response(path: str, sha256: str) -> StreamingHttpResponse:
    """Return stored bytes as a download; never as a page, so that a hostile output cannot run here."""
    response = StreamingHttpResponse(open_storage().read(sha256), content_type="application/octet-stream")
    name = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in path.rsplit("/", 1)[-1])
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Length"] = str(open_storage().size(sha256))
    response["Content-Security-Policy"] = "sandbox"
    return response
