"""Exports a record as a run of MLflow's file store, which MLflow's own client reads and its migration tool imports."""

import hashlib
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from fabrica.record.folder import ENVIRONMENT, METRICS, PARAMETERS, RUN, read_chain, read_json, series
from fabrica.record.seal import read_seal
from fabrica.values.states import ENDS, EndReason, RunState
from fabrica.values.time import from_rfc3339
from fabrica.wire.record import RecordRefused

_STATUS = {RunState.SUCCEEDED: 3, RunState.FAILED: 4, RunState.TIMED_OUT: 4, RunState.CANCELLED: 5}  # MLflow's numbers
_RUNNING = 1


def export_mlflow(record: Path, store: Path, *, outputs: Path | None = None) -> str:
    """Write the record into the MLflow file store `store` and return MLflow's id of the run.

    Runs of one name share an experiment. The ids follow from the record, so a second export replaces the first. The
    record itself is the artifact `record`, and the files of `outputs` the artifact `outputs`. MLflow takes new file
    stores only with `MLFLOW_ALLOW_FILE_STORE=true`.

    Raises:
        RecordRefused: a metric's name is another's folder, which a file store cannot hold.
        OSError: the store cannot be written; the run is not in it then.
    """
    about = read_json(record / RUN)
    name = str(about.get("name") or "unnamed")
    experiment = str(int(hashlib.sha256(name.encode()).hexdigest()[:15], 16))
    run = hashlib.sha256(str(about.get("attempt") or record.resolve()).encode()).hexdigest()[:32]
    place = store.resolve() / experiment / run
    part = place.with_name(f".{run}.part")
    _write_experiment(store, experiment, name)
    shutil.rmtree(part, ignore_errors=True)
    try:
        _write_metrics(record, part / "metrics")
        _write_texts(part / "params", {line["name"]: line["value"] for line in read_chain(record / PARAMETERS).lines})
        _write_texts(part / "tags", _tags(record, about, name))
        shutil.copytree(record, part / "artifacts" / "record")
        if outputs:
            shutil.copytree(outputs, part / "artifacts" / "outputs")
        _write_yaml(part / "meta.yaml", _meta(about, name, experiment, run, place))
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return run


def _write_metrics(record: Path, folder: Path) -> None:
    """Write one file a metric, `milliseconds value step` a line; MLflow writes what is not finite by its name."""
    lines: dict[str, list[dict[str, Any]]] = {}
    for line in read_chain(record / METRICS).lines:
        lines.setdefault(str(line["name"]), []).append(line)
    for name, points in series(record).items():
        if any(other.startswith(f"{name}/") for other in lines):
            raise RecordRefused(
                f"MLflow's file store cannot hold the metric {name!r} beside metrics whose names start with '{name}/'.",
                remedy="Rename one of them in the program of the run.",
                metric=name,
            )
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("w", encoding="utf-8") as file:
            for line, (step, value) in zip(lines[name], points, strict=True):
                shown = line.get("not_finite", "nan") if value is None else repr(value)
                file.write(f"{_milliseconds(line['at'])} {shown} {step}\n")


def _write_texts(folder: Path, values: dict[str, Any]) -> None:
    for name, value in values.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("" if value is None else str(value), "utf-8")


def _tags(record: Path, about: dict[str, Any], name: str) -> dict[str, Any]:
    told = ("run", "attempt", "number", "site", "partition", "engine", "simulated", "purpose", "reason")
    tags = {f"fabrica.{key}": about[key] for key in told if about.get(key)}
    python = read_json(record / ENVIRONMENT).get("python") or {}
    if python:
        tags["fabrica.python"] = f"{python.get('implementation')} {python.get('version')}"
    seal = read_seal(record)
    if seal:
        tags["fabrica.root_sha256"] = seal.root_sha256
    return {"mlflow.runName": name, **tags}


def _write_experiment(store: Path, experiment: str, name: str) -> None:
    folder = store / experiment
    folder.mkdir(parents=True, exist_ok=True)
    place = folder.resolve().as_uri()
    meta = {"artifact_location": place, "experiment_id": experiment, "lifecycle_stage": "active", "name": name}
    _write_yaml(folder / "meta.yaml", meta)


def _meta(about: dict[str, Any], name: str, experiment: str, run: str, place: Path) -> dict[str, Any]:
    reason = about.get("reason")
    ended = about.get("ended_at")
    started = about.get("started_at") or ended
    return {
        "artifact_uri": (place / "artifacts").as_uri(),
        "end_time": _milliseconds(ended) if ended else None,
        "entry_point_name": "",
        "experiment_id": experiment,
        "lifecycle_stage": "active",
        "run_id": run,
        "run_name": name,
        "source_name": "",
        "source_type": 4,  # MLflow's number for a local source
        "source_version": "",
        "start_time": _milliseconds(started) if started else None,
        "status": _STATUS[ENDS[EndReason(reason)].state] if reason else _RUNNING,
        "tags": [],
        "user_id": "",
    }


def _milliseconds(instant: str) -> int:
    return round(datetime.timestamp(from_rfc3339(instant)) * 1000)


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content), "utf-8")
