"""The files of a run record, and how they are read after a crash."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabrica.run import CHAIN_START, line_hash
from fabrica.wire.record import RecordRefused

RUN = "run.json"
ENVIRONMENT_LOCK = "environment.lock"
ENVIRONMENT = "environment.json"
USAGE = "usage.json"
ENERGY = "energy.json"
FACTS = "facts.jsonl"
DATASETS = "datasets.jsonl"
METRICS = "metrics.jsonl"
PARAMETERS = "parameters.jsonl"
EVENTS = "events.jsonl"
EVALUATIONS = "evaluations.jsonl"
ARTIFACTS = "artifacts.jsonl"

SEAL = "seal.json"
EVIDENCE = "evidence.json"
NOT_SEALED = frozenset({SEAL, f".{SEAL}.part", EVIDENCE, f".{EVIDENCE}.part"})
"""Outside the seal: the seal itself, and what the server says of it afterwards; each also while being written."""

FETCH_AGAIN = "Fetch it again with 'fabrica record RUN'."
"""What to do with a record that is not as it should be."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The lines of one file: those that stand, the numbers of torn ones, and a sentence for each break."""

    lines: tuple[dict[str, Any], ...] = ()
    torn: tuple[int, ...] = ()
    broken: tuple[str, ...] = ()


def read_chain(path: Path) -> Chain:
    """Read a file of chained lines; a missing file has none.

    A half-written line is passed over when the chain goes on without it, as after a killed process.
    """
    lines: list[dict[str, Any]] = []
    torn: list[int] = []
    broken: list[str] = []
    previous, sequence = CHAIN_START, 0
    for number, raw in enumerate(_raw_lines(path), start=1):
        stated = line_hash(raw)
        line = _object(raw) if stated else None
        if stated is None or line is None:
            torn.append(number)
        elif (line.get("previous"), line.get("sequence")) != (previous, sequence + 1):
            broken.append(f"line {number} does not follow the line before it")
        if stated and line is not None:
            lines.append(line)
            previous, sequence = stated, _whole(line.get("sequence"))
    return Chain(tuple(lines), tuple(torn), tuple(broken))


def series(folder: Path) -> dict[str, list[tuple[int, float | None]]]:
    """Return every metric of a record as (step, value) in order of arrival; null: not a finite number.

    A value without a step takes the count of values of its metric before it.
    """
    points: dict[str, list[tuple[int, float | None]]] = {}
    for line in read_chain(folder / METRICS).lines:
        before = points.setdefault(str(line.get("name")), [])
        step, value = line.get("step"), line.get("value")
        before.append((step if isinstance(step, int) else len(before), value if _is_number(value) else None))
    return points


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object of a record; a missing file is an empty one.

    Raises:
        RecordRefused: the file is not one JSON object.
    """
    try:
        content = _object(path.read_bytes())
    except FileNotFoundError:
        return {}
    if content is None:
        raise RecordRefused(
            f"{path.name} of the record is not one JSON object.",
            remedy=FETCH_AGAIN,
            file=path.name,
        )
    return content


def _raw_lines(path: Path) -> Iterator[bytes]:
    if path.is_file():
        with path.open("rb") as file:
            yield from (raw.removesuffix(b"\n") for raw in file)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
