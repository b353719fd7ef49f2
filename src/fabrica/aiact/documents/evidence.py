"""Evidence from the records of runs and from the two accounts: what each says, where it is held, and its hash."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from fabrica.aiact import library
from fabrica.aiact.documents.layout import kinds
from fabrica.aiact.documents.rows import RowWrong, checked_row
from fabrica.wire.accounts import ComputeAccount, ComputeLine, EnergyAccount, RecordedRun, Sources
from fabrica.wire.documents import Evidence, HeldBy
from fabrica.wire.runs import Sha256

_DAY_SECONDS = 86_400
_OF_TRAINING = ("data.", "model.", "run.")
Rows = Sequence[Mapping[str, Any]]


class Gathered(NamedTuple):
    """Evidence, why a kind has none where that is known, and what was passed over."""

    evidence: tuple[Evidence, ...]
    absent: Mapping[str, str]
    notices: tuple[str, ...]


def evidence(
    kind: str,
    rows: Rows,
    *,
    held_by: HeldBy,
    source: str,
    method: str,
    at: datetime | date | None,
    sha256: Sha256 | None,
) -> Evidence:
    """Return evidence under an id that follows from what it says and where it is held."""
    said = json.dumps([kind, source, sha256, list(rows)], sort_keys=True, default=str, ensure_ascii=False)
    name = f"ev-{hashlib.sha256(said.encode()).hexdigest()[:12]}"
    return Evidence(
        id=name,
        kind=kind,
        rows=tuple(dict(row) for row in rows),
        held_by=held_by,
        source=source,
        method=method,
        at=at,
        sha256=sha256,
    )


def gather(runs: Iterable[RecordedRun], compute: ComputeAccount, energy: EnergyAccount, sources: Sources) -> Gathered:
    """Return the evidence that the records and accounts hold. What is simulated is no evidence of anything.

    Data, code, hardware and time are those of the runs that count as training; the other runs are only listed.
    """
    notices: list[str] = []
    found: list[Evidence] = []
    training = {line.id for line in compute.lines if line.counts == "both"}
    real = []
    for run in runs:
        if run.simulated:
            notices.append(f"{run.run} ran on a simulated site, so its record is evidence of nothing.")
            continue
        real.append(run)
        found += _of_every_run(run)
        if run.run in training:
            found += _of_training(run)
        found += _of_events(run, run.run in training, notices)
    found += _of_accounts(compute, energy, sources, real)
    return Gathered(tuple(found), _absences(compute, energy, real, training), tuple(notices))


def _of_every_run(run: RecordedRun) -> Iterator[Evidence]:
    row = {"run": run.run, "name": run.name, "purpose": run.purpose, "ended": run.about.get("words")}
    yield _from_file(run, "run.ids", "run.json", [row], "Written by the site's agent when the run ended.")
    if run.evaluations:
        rows = [
            {"metric": line["name"], "value": line.get("measured"), "unit": line.get("unit"), "data": line.get("data"),
             "claimed": line.get("claimed"), "measured_on": str(line["at"])[:10]}
            for line in run.evaluations
        ]  # fmt: skip
        yield _from_file(run, "eval.results", "evaluations.jsonl", rows, "Logged by the program of the run.", "run")


def _of_training(run: RecordedRun) -> Iterator[Evidence]:
    agent = "Written by the site's agent"
    device_seconds = run.devices * run.elapsed_seconds
    time = {
        "run": run.run,
        "started_at": _instant(run.started_at),
        "ended_at": _instant(run.ended_at),
        "wall_clock_days": run.elapsed_seconds / _DAY_SECONDS,
        "device_days": device_seconds / _DAY_SECONDS,
    }
    yield _from_file(run, "run.time", "usage.json", [time], f"{agent} from the engine's accounting.")
    resources = run.about.get("resources") or {}
    machine = run.environment.get("machine") or {}
    hardware = {
        "run": run.run,
        "device": resources.get("resource_class"),
        "devices_count": run.devices,
        "nodes_count": resources.get("nodes"),
        "site": f"{run.site}, {run.about.get('partition')}",
        "processor": machine.get("processor"),
    }
    yield _from_file(run, "run.hardware", "run.json", [hardware], f"{agent} from the work order.")
    packages = run.environment.get("packages") or ()
    python = run.environment.get("python") or {}
    code = {
        "run": run.run,
        "command": " ".join(run.about.get("command") or ()),
        "source_sha256": run.about.get("bundle_sha256"),
        "environment_sha256": run.environment.get("environment_sha256"),
        "python": " ".join(filter(None, (python.get("implementation"), python.get("version")))) or None,
        "libraries": [f"{one['name']} {one['version']}" for one in packages],
    }
    yield _from_file(run, "run.code", "environment.json", [code], f"{agent} from the installed environment.")
    if run.parameters:
        settings = [f"{name}: {value}" for name, value in run.parameters.items()]
        rows = [{"run": run.run, "settings": settings}]
        yield _from_file(run, "run.config", "parameters.jsonl", rows, "Logged by the program of the run.", "run")
    if run.datasets:
        yield from _of_datasets(run)


def _of_datasets(run: RecordedRun) -> Iterator[Evidence]:
    method = "Named in fabrica.toml; the site's agent fetched the file and checked its SHA-256."
    names = [{"dataset": line["name"], "sha256": line["sha256"]} for line in run.datasets]
    origins = [
        {"dataset": line["name"], "origin": line.get("origin"), "link": line.get("source")} for line in run.datasets
    ]
    licences = [{"dataset": line["name"], "licence": line.get("licence")} for line in run.datasets]
    yield _from_file(run, "data.id", "datasets.jsonl", names, method)
    yield _from_file(run, "data.prov", "datasets.jsonl", origins, method)
    yield _from_file(run, "data.licence", "datasets.jsonl", licences, method)


def _of_events(run: RecordedRun, trains: bool, notices: list[str]) -> Iterator[Evidence]:
    """Yield what the program stated with `log.event("data.lang", …)`: any kind of evidence that no person must type.

    What a run that does not count as training says of data, model and run is not of this model.
    """
    stated: dict[str, list[dict[str, Any]]] = {}
    for line in run.events:
        kind = str(line.get("name"))
        if kind not in kinds() or kind == "run.flop_arch":
            continue
        if kind.startswith("typed."):
            notices.append(f"{run.run} states {kind}, which only a person may type; it is passed over.")
            continue
        if not trains and kind.startswith(_OF_TRAINING) and kind != "run.synth":
            notices.append(f"{run.run} does not count as training, so what it states of {kind} is passed over.")
            continue
        facts = dict(line.get("facts") or {})
        if kind.startswith("run."):
            facts["run"] = run.run
        if kind == "model.id":
            _add_hash(facts, run)
        try:
            row = checked_row(kind, facts)
        except RowWrong as wrong:
            notices.append(f"{run.run} states {kind} with a mistake, so it is passed over: {wrong}")
            continue
        stated.setdefault(kind, []).append(row)
    for kind, rows in stated.items():
        yield _from_file(
            run, kind, "events.jsonl", rows, "Stated by the program of the run in its sealed record.", "run"
        )


def _add_hash(facts: dict[str, Any], run: RecordedRun) -> None:
    """Add the hash of the weights as the run recorded the file; never one that it only states."""
    facts.pop("weights_sha256", None)
    for artifact in run.artifacts:
        if artifact.get("path") == facts.get("weights_file"):
            facts["weights_sha256"] = artifact.get("sha256")


def _of_accounts(
    compute: ComputeAccount, energy: EnergyAccount, sources: Sources, runs: Sequence[RecordedRun]
) -> Iterator[Evidence]:
    at = max((run.sealed_at for run in runs), default=None)
    counting = [line for line in compute.lines if line.counts in ("both", "cumulative_only")]
    for kind, field in (("run.flop_arch", "architecture_flop"), ("run.flop_hw", "hardware_flop")):
        rows = [
            {"run": line.id, "formula": "; ".join(_formulas(line.formulas, kind)), "flop": getattr(line, field)}
            for line in counting
            if getattr(line, field) is not None
        ]
        if rows:
            yield _computed(kind, rows, "Computed from the records and the entered sources by the formula shown.", at)
    if counting and compute.cumulative_training_compute.complete:
        yield _computed(
            "run.flop_cumulative", [_account_row(compute)], f"Sum of the lines that count. {compute.source}.", at
        )
    if energy.counted:
        rows = [
            {"boundary": one.boundary, "basis": one.basis, "megawatt_hours": one.megawatt_hours,
             "method": " ".join(one.methods), "runs": list(one.runs)}
            for one in energy.counted
        ]  # fmt: skip
        yield _computed("run.energy", rows, "Sum over the runs that count, by boundary and basis.", at)
    if sources.sites:
        rows = [{"site": name, **one.model_dump()} for name, one in sources.sites.items()]
        yield _computed("run.pue", rows, "Entered in the sources file with its origin.", at)


def _formulas(formulas: Iterable[str], kind: str) -> list[str]:
    return [one for one in formulas if (" devices × " in one) == (kind == "run.flop_hw")]


def _account_row(compute: ComputeAccount) -> dict[str, Any]:
    told = {"included": ("both", "cumulative_only"), "excluded": ("no",), "separately": ("separately",)}
    return {
        "training_flop": compute.training_compute.flop,
        "cumulative_flop": compute.cumulative_training_compute.flop,
        **{
            name: [_line_words(line) for line in compute.lines if line.counts in counts]
            for name, counts in told.items()
        },
        "margin": f"{compute.error_margin:.0%} of the reported figure, overall ({compute.source})",
        "thresholds": [margin.words for margin in compute.margins],
        "systemic_state": next(one.state for one in compute.margins if one.threshold == "systemic_presumption"),
        **({"explanation": compute.explanation} if compute.explanation else {}),
    }


def _line_words(line: ComputeLine) -> str:
    return f"{line.id} ({line.tag.replace('_', ' ')}): {line.why}"


def _absences(
    compute: ComputeAccount, energy: EnergyAccount, runs: Sequence[RecordedRun], training: set[str]
) -> Mapping[str, str]:
    if not runs:
        return {}
    absent = {}
    if not training & {run.run for run in runs}:
        words = "no run of the records counts as training of this model"
        purposes = ", ".join(sorted({run.purpose for run in runs}))
        absent = dict.fromkeys(
            ("run.time", "run.hardware", "run.code", "run.config", "data.id", "data.prov", "data.licence"),
            f"{words}; their purposes: {purposes}",
        )
    unknown = compute.cumulative_training_compute.unknown
    if unknown:
        absent["run.flop_cumulative"] = f"the compute of {', '.join(unknown)} is unknown"
    if energy.unknown.get("node") and not energy.counted:
        absent["run.energy"] = f"no energy figure for {', '.join(energy.unknown['node'])}"
    return absent


def _from_file(run: RecordedRun, kind: str, file: str, rows: Rows, method: str, held_by: HeldBy = "record") -> Evidence:
    told = [{name: value for name, value in row.items() if value not in (None, "", [])} for row in rows]
    source = f"{file} in the record of {run.run}"
    return evidence(
        kind, told, held_by=held_by, source=source, method=method, at=run.sealed_at, sha256=run.files.get(file)
    )


def _computed(kind: str, rows: Rows, method: str, at: datetime | None) -> Evidence:
    rows = [{name: value for name, value in row.items() if value not in (None, "", [])} for row in rows]
    said = json.dumps(rows, sort_keys=True, default=str, ensure_ascii=False)
    digest = hashlib.sha256(said.encode()).hexdigest()
    source = f"{library.evidence_kinds()[kind].held_in}, computed"
    return evidence(kind, rows, held_by="computed", source=source, method=method, at=at, sha256=digest)


def _instant(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%d %H:%M UTC") if at else None
