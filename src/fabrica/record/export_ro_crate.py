"""Exports a record as a Process Run Crate, the profile of Workflow Run RO-Crate for a single command.

Source: https://w3id.org/ro/wfrun/process/0.5 and https://w3id.org/ro/crate/1.1.
"""

import json
import mimetypes
import shlex
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import fabrica
from fabrica.record import folder as names
from fabrica.record.folder import FETCH_AGAIN, read_chain, read_json, series
from fabrica.record.seal import paths
from fabrica.values.files import write_whole
from fabrica.values.states import ENDS, EndReason, RunState
from fabrica.values.time import to_rfc3339
from fabrica.wire.record import RecordRefused

METADATA = "ro-crate-metadata.json"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_CRATE = "https://w3id.org/ro/crate/1.1"
_FABRICA = {"@id": "#fabrica"}

Entity = dict[str, Any]


def export_ro_crate(record: Path, target: Path, *, now: datetime, licence: str, outputs: Path | None = None) -> Path:
    """Write the record, and the files of `outputs`, as a crate into the new folder `target`; return its metadata file.

    `licence` is the address or words under which the crate may be used: the user's to choose, so it is asked.

    Raises:
        RecordRefused: `target` exists, or the record does not say what was run.
        OSError: `target` cannot be written; no part of it is left.
    """
    if target.exists():
        raise RecordRefused(f"{target} exists already.", remedy="Name a new folder.")
    about = read_json(record / names.RUN)
    if not about.get("command"):
        raise RecordRefused(
            f"The record's {names.RUN} does not say what was run.",
            remedy=FETCH_AGAIN,
            file=names.RUN,
        )
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        shutil.copytree(record, part / "record")
        if outputs:
            shutil.copytree(outputs, part / "outputs")
        graph = list(_graph(part, about, now=now, licence=licence))
        crate = {"@context": f"{_CRATE}/context", "@graph": graph}
        write_whole(part / METADATA, json.dumps(crate, indent=1, ensure_ascii=False).encode() + b"\n")
        part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return target / METADATA


def _graph(crate: Path, about: Entity, *, now: datetime, licence: str) -> Iterator[Entity]:
    files = list(_files(crate))
    results = [entity for entity in files if entity["@id"].startswith("outputs/")]
    data = list(_datasets(crate / "record"))
    settings = [*_settings(crate / "record"), *_metrics(crate / "record")]
    packages = list(_packages(crate / "record"))
    sites = list(_sites(about))
    yield {"@id": METADATA, "@type": "CreativeWork", "conformsTo": {"@id": _CRATE}, "about": {"@id": "./"}}
    yield {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Run record of {about.get('name', 'a run')}",
        "description": f"What was asked, used, measured and left behind by {about.get('run', 'one run')} on Fabrica.",
        "datePublished": to_rfc3339(now),
        "license": licence,
        "conformsTo": {"@id": _PROFILE},
        "hasPart": _links(files),
        "mentions": {"@id": "#run"},
    }
    yield {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    yield _action(about, objects=[*data, *settings], results=[*results, *(e for e in settings if _is_metric(e))])
    yield {
        "@id": "#command",
        "@type": "SoftwareApplication",
        "name": shlex.join(about["command"]),
        "description": f"The command of the run, from the source bundle with SHA-256 {about.get('bundle_sha256')}.",
        "softwareVersion": str(about.get("bundle_sha256")),
        **({"softwareRequirements": _links(packages)} if packages else {}),
    }
    yield {**_FABRICA, "@type": "Organization", "name": f"Fabrica {fabrica.__version__}"}
    yield from (*files, *data, *settings, *packages, *sites)


def _action(about: Entity, *, objects: Iterable[Entity], results: Iterable[Entity]) -> Entity:
    """Return the run as the thing that was done: objects are what went in, results what came out."""
    reason = EndReason(about["reason"]) if about.get("reason") else None
    action = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": str(about.get("name", "run")),
        "description": str(about.get("words") or "A run on Fabrica."),
        "instrument": {"@id": "#command"},
        "agent": _FABRICA,
        "object": _links(entity for entity in objects if not _is_metric(entity)),
        "result": _links(results),
    }
    for key, field in (("startTime", "started_at"), ("endTime", "ended_at")):
        if about.get(field):
            action[key] = about[field]
    if sites := list(_sites(about)):
        action["location"] = _links(sites)
    if reason:
        succeeded = ENDS[reason].state is RunState.SUCCEEDED
        status = "CompletedActionStatus" if succeeded else "FailedActionStatus"
        action["actionStatus"] = {"@id": f"http://schema.org/{status}"}
        if not succeeded:
            action["error"] = f"{reason}: {ENDS[reason].words}"
    return action


def _files(crate: Path) -> Iterator[Entity]:
    for path in paths(crate):
        if path != METADATA:
            size = (crate / path).stat().st_size
            kind = "application/jsonl" if path.endswith(".jsonl") else mimetypes.guess_type(path)[0] or "text/plain"
            entity = {"@id": quote(path), "@type": "File", "name": Path(path).name, "encodingFormat": kind}
            yield entity | {"contentSize": str(size)}


def _datasets(record: Path) -> Iterator[Entity]:
    """Yield the datasets as things named, not shipped: their terms may not allow a copy."""
    for line in read_chain(record / names.DATASETS).lines:
        words = (
            f"{line.get('source')}, file {line.get('file')}, SHA-256 {line.get('sha256')}. {line.get('origin') or ''}"
        )
        entity = {"@id": f"#dataset-{quote(line['name'], safe='')}", "@type": "CreativeWork", "name": line["name"]}
        yield entity | {"description": words.strip(), **({"license": line["licence"]} if line.get("licence") else {})}


def _packages(record: Path) -> Iterator[Entity]:
    """Yield the Python and the packages that were really installed; none where the record does not tell them."""
    environment = read_json(record / names.ENVIRONMENT)
    python = environment.get("python") or {}
    if python:
        name = {"name": python.get("implementation"), "softwareVersion": python.get("version")}
        yield {"@id": "#python", "@type": "SoftwareApplication", **name}
    for package in environment.get("packages") or ():
        entity = {"@id": f"#package-{quote(package['name'], safe='')}", "@type": "SoftwareApplication"}
        told = {"name": package["name"], "softwareVersion": package["version"]}
        digest = package.get("archive_sha256")
        yield entity | told | ({"description": f"Archive with SHA-256 {digest}."} if digest else {})


def _sites(about: Entity) -> Iterator[Entity]:
    """Yield the site where the command ran, when the record names it."""
    if site := about.get("site"):
        simulated = " It is simulated: nothing was computed." if about.get("simulated") else ""
        words = f"The site {site} of the network, its partition {about.get('partition')}.{simulated}"
        yield {"@id": f"#site-{quote(site, safe='')}", "@type": "Place", "name": site, "description": words}


def _settings(record: Path) -> Iterator[Entity]:
    last = {line["name"]: line["value"] for line in read_chain(record / names.PARAMETERS).lines}
    for name, value in last.items():
        yield {
            "@id": f"#parameter-{quote(name, safe='')}",
            "@type": "PropertyValue",
            "name": name,
            "value": json.dumps(value),
        }


def _metrics(record: Path) -> Iterator[Entity]:
    """Yield the last value of each metric; all steps are in the record."""
    for name, points in series(record).items():
        value = points[-1][1]
        shown = "not finite" if value is None else value
        yield {"@id": f"#metric-{quote(name, safe='')}", "@type": "PropertyValue", "name": name, "value": shown}


def _is_metric(entity: Entity) -> bool:
    return str(entity["@id"]).startswith("#metric-")


def _links(entities: Iterable[Entity]) -> list[Entity]:
    return [{"@id": entity["@id"]} for entity in entities]
