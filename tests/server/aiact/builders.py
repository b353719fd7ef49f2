"""Systems and versions that tests of the AI Act desk start from."""

import itertools
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fabrica.aiact import library
from fabrica.record.seal import seal
from fabrica.run import append_line
from fabrica.server.aiact import issue_service, reconcilers, service, statement_service
from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.server.runs import service as runs
from fabrica.server.runs import uploads
from fabrica.values.ids import DocumentId, ProjectId, RunId, SystemId, VersionId
from fabrica.values.states import EndReason
from fabrica.wire.documents import Recipient
from fabrica.wire.issues import NewIssue
from fabrica.wire.runs import Dataset, Flop, RunPurpose
from fabrica.wire.systems import NewAnswers, NewSystem, NewVersion
from tests.builders import (
    make_agent,
    make_allocation,
    make_event,
    make_placed_run,
    make_project,
    make_spec,
    make_usage,
    make_user,
    stored,
)

_numbers = itertools.count(1)
OUTPUT = {"path": "model.pt", "sha256": "c" * 64, "bytes": 7, "kind": "output"}
"""What every run leaves beside its record; nobody asks for its bytes."""


def make_system(by: Actor, project: ProjectId, **told: Any) -> SystemId:
    """Register a general-purpose AI model."""
    new = NewSystem(**{"kind": "model", "name": f"Model {next(_numbers)}"} | told)
    return service.register(by, project=project, told=new)


def make_version(by: Actor, project: ProjectId, system: SystemId | None = None, **told: Any) -> VersionId:
    """Add a draft version, to a system of its own where none is named."""
    system = system or make_system(by, project)
    new = NewVersion(**{"label": f"1.{next(_numbers)}"} | told)
    return service.add_version(by, project=project, system=system, told=new)


def make_lead_with_version(**told: Any) -> tuple[Actor, VersionId]:
    """Open a project with one draft version; return who leads it and the version."""
    lead = make_user()
    project = make_project(lead)
    assert people.role_in(lead, project) == "lead"
    return lead, make_version(lead, project, make_system(lead, project, **told))


def make_ended_run(
    by: Actor,
    project: ProjectId,
    agent: Actor,
    *,
    purpose: RunPurpose = "pretraining",
    flop: float | None = 1e20,
    recorded: bool = True,
) -> RunId:
    """Run something that leaves a sealed record, if `recorded`; `flop` None: its compute is unknown."""
    names = Dataset(name="names", source="https://data.example/names", file="names", sha256="a" * 64, licence="CC0")
    run, attempt = make_placed_run(by, project, make_spec(purpose=purpose, name="train", datasets=(names,)))
    with tempfile.TemporaryDirectory() as folder:
        files = _sealed(Path(folder) / "record", run, purpose, flop) if recorded else ()
    uploads.note(agent, hashes=[one["sha256"] for one in (*files, OUTPUT)])
    said: tuple[tuple[str, dict[str, Any]], ...] = (
        ("accepted", {}),
        ("running", {}),
        ("artifacts", {"artifacts": (*files, OUTPUT)}),
        ("ended", {"reason": EndReason.COMPLETED, "usage": make_usage()}),
    )
    for number, (kind, told) in enumerate(said, 1):
        runs.record(agent, events=[make_event(attempt, kind, number, **told)])
    return run


def _sealed(record: Path, run: RunId, purpose: str, flop: float | None) -> tuple[dict[str, Any], ...]:
    record.mkdir()
    at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    about = {"run": run, "name": "train", "purpose": purpose, "site": "own-site", "partition": "cores"}
    times = {"started_at": "2026-11-20T11:59:00.000Z", "ended_at": "2026-11-20T12:00:00.000Z"}
    (record / "run.json").write_text(json.dumps(about | times | {"words": "It ended.", "command": ["python", "a.py"]}))
    known = Flop(
        flop=flop,
        devices=1,
        peak_flops=flop,
        peak_source="Dense bf16 peak of a device made up for tests.",
        utilisation=1.0,
        utilisation_source="Made up for tests.",
        seconds=1,
    )
    usage = make_usage(flop=known if flop else None)
    (record / "usage.json").write_text(usage.model_dump_json())
    dataset = {"name": "names", "source": "https://data.example/names", "sha256": "a" * 64, "licence": "CC0"}
    append_line(record / "datasets.jsonl", dataset | {"origin": "Made up for tests"})
    append_line(record / "evaluations.jsonl", {"name": "accuracy", "measured": 0.9, "data": "held out"})
    seal(record, now=at)
    return tuple(
        {"path": file.name, "sha256": stored(file.read_bytes()), "bytes": file.stat().st_size, "kind": "record"}
        for file in sorted(record.iterdir())
    )


def make_world() -> tuple[Actor, ProjectId, Actor]:
    """Open a project that may compute, with who leads it and an agent."""
    lead = make_user()
    project = make_project(lead)
    make_allocation(project)
    return lead, project, make_agent()


def make_issue(by: Actor, version: VersionId, recipient: Recipient = "authority", **answers: Any) -> DocumentId:
    """Issue the fundamental rights impact assessment, every item typed or as `answers` say, in JSON alone."""
    items = {item.id: "Typed." for item in library.document_templates()["fria"].items}
    statement_service.say(by, version=version, told=NewAnswers(**{"function": "Head", "items": items} | answers))
    told = NewIssue(template="fria", recipient=recipient, formats=("json",), function="Head of Models")
    order = issue_service.order_issue(by, version=version, told=told)
    assert reconcilers.write_ordered_issues() == 1
    return order
