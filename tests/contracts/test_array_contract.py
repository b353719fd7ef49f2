"""The contract of job arrays: one suite for every engine that really runs commands."""

import json

import pytest

from fabrica.engines.contract import Engine
from fabrica.values.states import EndReason
from tests.contracts.engine_benches import Bench, LocalBench, slurm_params

_BENCHES = (
    pytest.param((LocalBench, None), id=LocalBench.name, marks=pytest.mark.processes),
    *slurm_params(),
)
pytestmark = pytest.mark.parametrize("bench", _BENCHES, indirect=True)


def test_every_task_runs_once_and_knows_its_number(bench: Bench, engine: Engine) -> None:
    order = bench.order("sh", "-c", 'echo "$FABRICA_TASK of $FABRICA_TASKS" >> seen', tasks=5)
    seen = bench.wait_for(engine, engine.start(order), "ended")
    assert (seen.reason, seen.tasks) == (EndReason.COMPLETED, "sssss")
    lines = (order.folder / "work" / "seen").read_text().splitlines()
    assert sorted(lines) == [f"{number} of 5" for number in range(5)]


def test_a_task_that_fails_leaves_the_others_running_and_fails_the_run(bench: Bench, engine: Engine) -> None:
    order = bench.order("sh", "-c", 'test "$FABRICA_TASK" != 1 || exit 7', tasks=3)
    seen = bench.wait_for(engine, engine.start(order), "ended")
    assert (seen.reason, seen.tasks) == (EndReason.EXIT_NONZERO, "sfs")
    ends = [json.loads(line) for line in (order.folder / "record" / "tasks.jsonl").read_text().splitlines()]
    assert {one["task"]: one["exit_code"] for one in ends} == {0: 0, 1: 7, 2: 0}


def test_a_stop_ends_what_runs_and_cancels_what_waits(bench: Bench, engine: Engine) -> None:
    order = bench.order("sh", "-c", 'test "$FABRICA_TASK" = 0 || sleep 60', tasks=4, tasks_at_once=1)
    handle = engine.start(order)
    bench.wait(engine, handle, lambda seen: seen.tasks == "srww")
    engine.stop(handle, EndReason.CANCELLED_BY_USER)
    seen = bench.wait_for(engine, handle, "ended")
    assert (seen.reason, seen.tasks) == (EndReason.CANCELLED_BY_USER, "sccc")


def test_the_time_limit_is_that_of_each_task(bench: Bench, engine: Engine) -> None:
    order = bench.order("sh", "-c", 'test "$FABRICA_TASK" != 1 || sleep 600', tasks=3, time_limit_seconds=2)
    seen = bench.wait_for(engine, engine.start(order), "ended")
    assert seen.tasks == "sfs"


def test_a_command_that_is_not_there_fails_every_task_and_nothing_else(bench: Bench, engine: Engine) -> None:
    seen = bench.wait_for(engine, engine.start(bench.order("no-such-command", tasks=2)), "ended")
    assert seen.tasks == "ff"
    assert seen.reason in (EndReason.EXIT_NONZERO, EndReason.COMMAND_NOT_FOUND)
