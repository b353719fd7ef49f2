"""One finished record with its outputs, as the tests of the exports need it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fabrica.record.seal import seal
from fabrica.run import append_line

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RUN: dict[str, Any] = {
    "run": "run_01jd0000000000000000000000",
    "attempt": "att_01jd0000000000000000000000",
    "site": "vega",
    "partition": "gpu",
    "name": "ride-demand",
    "purpose": "exploratory",
    "command": ["python", "train.py"],
    "bundle_sha256": "a" * 64,
    "reason": "completed",
    "words": "The command ended with exit status 0.",
    "started_at": "2026-11-20T11:59:00.000Z",
    "ended_at": "2026-11-20T12:00:00.500Z",
}


def make_record(folder: Path, **changes: object) -> tuple[Path, Path]:
    """Return the folders of a sealed record and of its outputs."""
    record, outputs = folder / "a record", folder / "outputs"
    outputs.mkdir(parents=True)
    (outputs / "modèle 1.txt").write_text("trees")
    for step in range(3):
        append_line(record / "metrics.jsonl", {"name": "bpc/de", "value": 3.0 - step / 7, "step": step * 10})
    append_line(record / "metrics.jsonl", {"name": "mae", "value": 31.86882649379942, "step": None})
    append_line(record / "metrics.jsonl", {"name": "loss", "value": None, "step": 0, "not_finite": "inf"})
    append_line(record / "parameters.jsonl", {"name": "trees", "value": 1})
    append_line(record / "parameters.jsonl", {"name": "trees", "value": 395})
    append_line(
        record / "datasets.jsonl",
        {
            "name": "bikeshare",
            "source": "pypi:ISLP==0.6.0",
            "file": "B.csv",
            "sha256": "b" * 64,
            "licence": "CC-BY-4.0",
        },
    )
    package = {"name": "numpy", "version": "2.4.6", "record_sha256": "c" * 64, "archive_sha256": "d" * 64}
    python = {"implementation": "CPython", "version": "3.11.7"}
    (record / "environment.json").write_text(json.dumps({"python": python, "packages": [package]}))
    (record / "run.json").write_text(json.dumps({**RUN, **changes}))
    seal(record, now=NOW)
    return record, outputs
