"""Recorded runs, sources and whole evidence, as the tests of accounts and documents need them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from fabrica.aiact import library
from fabrica.aiact.compute import account
from fabrica.aiact.documents.evidence import Gathered, evidence, gather
from fabrica.aiact.documents.layout import SOURCE_CLASSES, kinds
from fabrica.aiact.energy import energy_account
from fabrica.wire.accounts import Hardware, RecordedRun, Sources
from fabrica.wire.documents import Answers, Document, Evidence, HeldBy, Person
from fabrica.wire.runs import Energy, Flop

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ANA = Person(name="Ana", function="Head of Models")
H100_PEAK = 9.89e14


def make_run(run: str = "run_a", *, purpose: str = "pretraining", **changes: Any) -> RecordedRun:
    """Return a run of 8 devices for an hour, whose FLOP and energy are measured."""
    flop = Flop(
        flop=8 * 3600 * H100_PEAK * 0.4,
        devices=8,
        peak_flops=H100_PEAK,
        peak_source="Dense bf16 peak of one NVIDIA H100 in Fabrica's reference of accelerators.",
        utilisation=0.4,
        utilisation_source="NVML: mean share of time the GPUs were busy.",
        seconds=3600,
    )
    energy = Energy(boundary="node", basis="measured", joules=3.6e7, method="Counters of the node.")
    told: dict[str, Any] = {
        "run": run,
        "name": "euro-model",
        "purpose": purpose,
        "site": "vega",
        "simulated": False,
        "started_at": NOW,
        "ended_at": NOW,
        "sealed_at": NOW,
        "root_sha256": "a" * 64,
        "about": {"command": ["python", "train.py"], "bundle_sha256": "b" * 64, "partition": "gpu", "words": "Ended."},
        "elapsed_seconds": 3600.0,
        "devices": 8,
        "flop": flop,
        "energy": (energy,),
        "environment": {},
        "datasets": (),
        "parameters": {},
        "events": (),
        "evaluations": (),
        "artifacts": (),
        "files": {"usage.json": "c" * 64, "events.jsonl": "d" * 64},
    }
    return RecordedRun.model_validate(told | changes)


def make_hardware(**changes: Any) -> Hardware:
    """Return one period whose every input is told."""
    told: dict[str, Any] = {
        "devices": 1,
        "seconds": 3600,
        "peak_flops": 3e14,
        "precision": "bf16",
        "sparsity": "dense",
        "peak_source": "data sheet",
        "utilisation": 0.5,
        "utilisation_definition": "model_flop",
        "utilisation_source": "training log",
    }
    return Hardware.model_validate(told | changes)


def event(name: str, /, **facts: Any) -> dict[str, Any]:
    """Return the line of a record that `log.event` writes."""
    return {"name": name, "facts": facts, "at": "2026-11-21T12:00:00.000Z"}


def source_evidence() -> dict[str, Any]:
    """Return where a figure from outside comes from."""
    return {"reference": "https://example.eu/paper", "entered_by": "Ana", "entered_on": date(2026, 11, 21)}


def gathered_from(*runs: RecordedRun, sources: Sources | None = None) -> Gathered:
    """Return the evidence of runs with both accounts."""
    outside = sources or Sources()
    compute = account(runs, outside)
    return gather(runs, compute, energy_account(runs, compute, outside.sites), outside)


def whole_evidence(held_by: HeldBy = "register") -> Gathered:
    """Return evidence of every kind with every field told, as registers and accounts will hold it one day."""
    found = [whole_kind(kind, "person" if kind.startswith("typed.") else held_by) for kind in kinds()]
    issued = [
        evidence(
            f"doc:{name}",
            [{"document": name}],
            held_by="document",
            source=name,
            method="issued",
            at=NOW,
            sha256="e" * 64,
        )
        for name in library.document_templates()
    ]
    return Gathered((*found, *issued), {}, ())


def whole_kind(kind: str, held_by: HeldBy) -> Evidence:
    """Return evidence of one kind with every field told; of datasets, one of each class of source."""
    shape = kinds()[kind]
    things = SOURCE_CLASSES if shape.of == "dataset" else ("the one",)
    rows = [{name: _value(kind, name, one.kind, thing) for name, one in shape.fields.items()} for thing in things]
    return evidence(kind, rows, held_by=held_by, source="register", method="kept there", at=NOW, sha256="f" * 64)


def _value(kind: str, name: str, shape: str, thing: str) -> Any:
    special = {
        "source_class": thing,
        "modality": "text",
        "dataset": f"{thing} set",
        "run": "run_a",
        "boundary": "facility",
        "systemic_state": "above",
    }
    if name in special:
        return special[name]
    if shape == "day":
        return date(2026, 11, 20)
    return 12345.0 if shape == "number" else f"{kind} {name}"


def make_answers(**changes: Any) -> Answers:
    """Return answers of one person, with nothing typed."""
    return Answers.model_validate({"person": ANA, "day": date(2026, 11, 21)} | changes)


def items_of(document: Document) -> dict[str, Any]:
    """Return the items of a document by id."""
    return {item.id: item for section in document.sections for item in section.items}


def values_of(rows: Iterable[Evidence]) -> list[str]:
    """Return every text that evidence says."""
    return [str(value) for one in rows for row in one.rows for value in row.values()]
