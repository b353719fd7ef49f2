"""Slurm's accounting as JSON is the same trace as its table."""

import json
from pathlib import Path
from typing import Any

import pytest

from fabrica.planning.traces.reading import read_trace
from fabrica.wire.planning import TraceMalformed

GPUS = [{"type": "cpu", "name": "", "count": 8}, {"type": "gres", "name": "gpu", "count": 2}]


def job(
    number: int, submitted: int, started: int, limit: Any, given: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    return {
        "job_id": number,
        "user": "ada",
        "account": "climate",
        "partition": "gpu",
        "state": {"current": ["COMPLETED"]},
        "time": {"submission": submitted, "start": started, "elapsed": 90, "limit": limit},
        "tres": {"allocated": GPUS if given is None else given},
    }


def write(folder: Path, *jobs: Any) -> Path:
    file = folder / "jobs.json"
    file.write_text(json.dumps({"meta": {"slurm": {}}, "jobs": list(jobs)}))
    return file


def test_jobs_that_started_are_read_with_limits_of_older_and_newer_versions(tmp_path: Path) -> None:
    newer = {"set": True, "infinite": False, "number": 60}
    by_kind = [{"type": "gres", "name": "gpu:h100", "count": 4}]
    jobs = (
        job(7, 1_793_527_200, 1_793_527_300, newer),
        job(8, 1_793_527_260, 1_793_527_300, 30, by_kind),
        job(9, 1_793_527_260, 1_793_527_300, {"set": False, "infinite": True, "number": 0}),
        job(10, 1_793_527_260, 0, newer, []),
        job(11, 1_793_527_260, 1_793_527_300, newer, GPUS[:1]),
    )
    trace = read_trace(write(tmp_path, *jobs))
    assert (list(trace.ids), list(trace.submit_seconds)) == ([7, 8, 9], [0, 60, 60])
    assert (list(trace.units), list(trace.limit_seconds)) == ([2, 4, 2], [3600, 1800, -1])
    assert (set(trace.runtime_seconds), trace.account_names) == ({90}, ("climate",))
    said = " ".join(trace.notices)
    assert "1 jobs never started" in said
    assert "1 jobs were given no GPU" in said


@pytest.mark.parametrize("current", ["RUNNING", ["RUNNING"]])
def test_jobs_that_still_run_are_told_of_whatever_the_version(tmp_path: Path, current: str | list[str]) -> None:
    ended, running = job(7, 5, 6, 1), {**job(8, 5, 6, 1), "state": {"current": current}}
    assert "1 jobs were still running" in " ".join(read_trace(write(tmp_path, ended, running)).notices)


def test_a_job_that_lacks_something_is_named_by_its_place(tmp_path: Path) -> None:
    for broken in ({"job_id": 3}, 5, {**job(3, 0, 1, 1), "time": {"start": 1}}):
        with pytest.raises(TraceMalformed, match="Job 2 of the list"):
            read_trace(write(tmp_path, job(1, 5, 6, 1), broken))
    (tmp_path / "jobs.json").write_text('{"jobs": 5}')
    with pytest.raises(TraceMalformed, match="no list"):
        read_trace(tmp_path / "jobs.json")
