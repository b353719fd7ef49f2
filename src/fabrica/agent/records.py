"""The agent's part of the run record: what was ordered, what came of it, what was used."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import fabrica
from fabrica import run as in_run
from fabrica.agent.entries import Ending, Entry, Notes
from fabrica.agent.folders import AttemptFolder, remove
from fabrica.record import folder as record_files
from fabrica.values.files import write_whole
from fabrica.values.states import ENDS
from fabrica.values.time import to_rfc3339
from fabrica.wire.runs import Artifact


def write_record(
    entry: Entry, ending: Ending, outputs: Iterable[Artifact], folder: AttemptFolder, *, notes: Notes, engine: str
) -> None:
    """Write the agent's part of the record anew; what the run itself wrote stays."""
    record, order = folder.record, entry.order
    for name in (record_files.FACTS, record_files.DATASETS, *record_files.NOT_SEALED):
        remove(record / name)
    _write_json(
        record / record_files.RUN,
        {
            "run": order.run,
            "attempt": order.attempt,
            "number": order.number,
            "name": order.name,
            "purpose": order.purpose,
            "command": list(order.command),
            "site": notes.site,
            "partition": order.partition,
            "engine": engine,
            "simulated": engine == "simulated",
            "bundle_sha256": order.bundle_sha256,
            "resources": order.resources.model_dump(mode="json"),
            "reason": ending.reason,
            "words": ending.words or ENDS[ending.reason].words,
            "exit_code": ending.exit_code,
            "started_at": to_rfc3339(ending.started_at) if ending.started_at else None,
            "ended_at": to_rfc3339(ending.ended_at),
            "agent_version": fabrica.__version__,
            "work_order": order.model_dump(mode="json"),
        },
    )
    usage = ending.usage.model_dump(mode="json")
    energy = usage.pop("energy")
    _write_json(record / record_files.USAGE, usage)
    _write_json(record / record_files.ENERGY, {"energy": energy})
    for dataset in order.datasets:
        in_run.append_line(record / record_files.DATASETS, dataset.model_dump(mode="json"))
    known = {line.get("path") for line in record_files.read_chain(record / record_files.ARTIFACTS).lines}
    for artifact in outputs:
        if artifact.path not in known:
            line = artifact.model_dump(mode="json", exclude={"kind"}) | {"words": "", "by": "agent"}
            in_run.append_line(record / record_files.ARTIFACTS, line)
    write_whole(record / record_files.FACTS, b"".join(_chained((*notes.facts, _fact_of_end(ending)))))
    _write_environment(entry, folder, notes)


def _fact_of_end(ending: Ending) -> tuple[datetime, dict[str, Any]]:
    told = ending.model_dump(mode="json", include={"reason", "words", "exit_code", "log_bytes_dropped"})
    return ending.ended_at, {"fact": "ended", **told}


def _chained(facts: Iterable[tuple[datetime, Mapping[str, Any]]]) -> Iterator[bytes]:
    """Yield facts as chained lines, each with the instant it was seen: the same bytes whenever it is asked."""
    previous = in_run.CHAIN_START
    for sequence, (at, body) in enumerate(facts, start=1):
        line = in_run.chained_line(sequence, previous, body, at)
        previous = in_run.line_hash(line) or ""
        yield line + b"\n"


_ENVIRONMENT_UNKNOWN = {"environment_sha256": None, "python": None, "packages": None, "machine": None}


def _write_environment(entry: Entry, folder: AttemptFolder, notes: Notes) -> None:
    lock = entry.order.environment.lock
    content = {"lock": lock, **_ENVIRONMENT_UNKNOWN, **(notes.environment or {})}
    _write_json(folder.record / record_files.ENVIRONMENT, content)
    source = folder.work / lock if lock else None
    if source and source.is_file() and source.resolve().is_relative_to(folder.work.resolve()):
        write_whole(folder.record / record_files.ENVIRONMENT_LOCK, source.read_bytes())


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_whole(path, json.dumps(content, indent=1, sort_keys=True).encode() + b"\n")
