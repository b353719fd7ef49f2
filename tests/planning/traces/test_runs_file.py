"""The live service's records are a trace: only what started and ended counts."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fabrica.planning.traces.reading import read_trace
from fabrica.values.ids import ProjectId, RunId
from fabrica.values.states import RunState
from fabrica.wire.planning import TraceMalformed
from fabrica.wire.runs import Resources, Run, RunList, RunSpec

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _run(submitted: int, started: int | None, ended: int | None, devices: int) -> Run:
    def at(seconds: int | None) -> Any:
        return None if seconds is None else NOON + timedelta(seconds=seconds)

    resources = Resources(resource_class="gpu.h100", nodes=2, devices=devices, time_limit_seconds=900)
    spec = RunSpec(name="a run", command=("true",), bundle_sha256="0" * 64, resources=resources)
    return Run(
        id=RunId.new(),
        name="a run",
        project=ProjectId.new(),
        project_name="a project",
        submitted_by="somebody",
        state=RunState.SUCCEEDED if ended else RunState.QUEUED,
        spec=spec,
        submitted_at=at(submitted),
        started_at=at(started),
        ended_at=at(ended),
        page="/runs/1",
    )


def test_runs_that_ended_are_jobs_and_the_others_are_told(tmp_path: Path) -> None:
    file = tmp_path / "runs.json"
    listed = RunList(runs=(_run(60, 90, 130, 2), _run(0, 10, 40, 4), _run(70, None, None, 1)))
    file.write_text(json.dumps(listed.model_dump(mode="json"), indent=2))
    trace = read_trace(file)
    assert trace.submit_seconds.tolist() == [0, 60]
    assert trace.runtime_seconds.tolist() == [30, 40]
    assert trace.units.tolist() == [8, 4]
    assert trace.limit_seconds.tolist() == [900, 900]
    assert any("1 runs have not started" in notice for notice in trace.notices)


def test_a_run_of_several_tasks_takes_what_may_run_at_once(tmp_path: Path) -> None:
    runs = []
    for tasks, at_once in ((5, None), (5, 2)):
        run = _run(0, 10, 40, 1)
        asked = run.spec.resources.model_copy(update={"tasks": tasks, "tasks_at_once": at_once})
        runs.append(run.model_copy(update={"spec": run.spec.model_copy(update={"resources": asked})}))
    file = tmp_path / "runs.json"
    file.write_text(RunList(runs=tuple(runs)).model_dump_json())
    trace = read_trace(file)
    assert trace.units.tolist() == [10, 4]
    assert any("2 runs are of several tasks" in notice for notice in trace.notices)


@pytest.mark.parametrize("text", ["{", '{"runs": [{"id": 3}]}', "{}"])
def test_what_is_no_list_of_runs_is_a_named_problem(tmp_path: Path, text: str) -> None:
    file = tmp_path / "runs.json"
    file.write_text(text)
    with pytest.raises(TraceMalformed, match=r"no list of runs|no JSON"):
        read_trace(file)
