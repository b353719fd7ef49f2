"""Job arrays on a real Slurm: one submission, every task charged by its own rows, and nothing lost half-way."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from fabrica.engines.contract import Handle, StartOrder, StartRefused
from fabrica.engines.files import read_json, write_json
from fabrica.values.states import EndReason
from tests.engines.slurm.bench import SlurmSite, fake_commands
from tests.services.slurm.cluster import SlurmCluster

pytestmark = pytest.mark.slurm

_PATIENCE_SECONDS = 900.0


@pytest.fixture
def full(slurm_full: SlurmCluster, tmp_path: Path) -> SlurmSite:
    return SlurmSite(slurm_full, tmp_path)


@pytest.fixture
def mini(slurm_mini: SlurmCluster, tmp_path: Path) -> SlurmSite:
    return SlurmSite(slurm_mini, tmp_path)


def _rows(order: StartOrder) -> list[dict[str, object]]:
    return [json.loads(line) for line in (order.folder / "record" / "slurm_rows.jsonl").read_text().splitlines()]


def _arrays(site: SlurmSite, handle: Handle) -> set[str]:
    """Return the ids of all arrays of an attempt that the controller knows."""
    text = site.cluster.command("squeue", "--noheader", "--states=all", f"--name=fab-{handle}", "--format=%F")
    return set(text.split())


def _starts(site: SlurmSite, handle: Handle) -> int:
    """Return how many starts Slurm's own accounting has of an attempt that are over."""
    fields = ("sacct", "--duplicates", "--noheader", "--parsable2", "--allocations", "--starttime=now-1hour")
    text = site.cluster.command(*fields, f"--name=fab-{handle}", "--format=JobID,End")
    return sum(1 for line in text.splitlines() if not line.endswith("|Unknown"))


def test_a_thousand_tasks_are_one_submission_and_each_is_charged(full: SlurmSite) -> None:
    engine = full.open(look_seconds=2)
    order = full.order("true", tasks=1000, time_limit_seconds=60)
    handle = engine.start(order)
    seen = full.wait(engine, handle, lambda seen: seen.state == "ended", patience_seconds=_PATIENCE_SECONDS)
    assert (seen.reason, seen.tasks) == (EndReason.COMPLETED, "s" * 1000)
    assert len(_arrays(full, handle)) == 1
    full.wait(engine, handle, lambda _: _starts(full, handle) == 1000)
    assert seen.usage.charged_milliseconds == full.accounted_milliseconds(handle, "cpu")
    assert seen.usage.charged_milliseconds == sum(int(str(row["device_milliseconds"])) for row in _rows(order))
    assert len({row["job"] for row in _rows(order)}) == 1000
    assert engine.start(order) == handle
    assert full.open().observe([handle])[handle] == seen


def test_every_task_holds_its_own_devices_and_is_charged_for_them(full: SlurmSite) -> None:
    engine = full.open()
    script = 'echo "$FABRICA_TASK $CUDA_VISIBLE_DEVICES"; sleep "$FABRICA_TASK"'
    order = full.order("sh", "-c", script, partition="gpu", devices=2, tasks=3, tasks_at_once=2)
    handle = engine.start(order)
    seen = full.wait_for(engine, handle, "ended")
    assert seen.reason == EndReason.COMPLETED
    assert seen.usage.devices == 2
    logs = [(order.folder / "record" / "tasks" / f"{index}.log").read_text().split() for index in range(3)]
    assert [log[0] for log in logs] == ["0", "1", "2"]
    assert {len(log[1].split(",")) for log in logs} == {2}
    full.wait(engine, handle, lambda _: _starts(full, handle) == 3)
    assert seen.usage.charged_milliseconds == full.accounted_milliseconds(handle, "gres/gpu")


def test_the_log_says_why_tasks_failed_and_follows_no_link_of_the_run(mini: SlurmSite, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("do not show")
    link = f'ln -sf {tmp_path / "secret"} "$FABRICA_RECORD_TASKS/2.log"'
    script = f'case $FABRICA_TASK in 1) echo "no such file"; exit 3;; 2) {link}; exit 4;; esac'
    engine = mini.open()
    order = mini.order("sh", "-c", script, tasks=4)
    order.variables["FABRICA_RECORD_TASKS"] = str(order.folder / "record" / "tasks")  # type: ignore[index]
    seen = mini.wait_for(engine, engine.start(order), "ended")
    assert (seen.reason, seen.exit_code, seen.tasks) == (EndReason.EXIT_NONZERO, 3, "sffs")
    log = (order.folder / "log").read_text()
    assert "Task 1 of 4: The command ended with exit status 3." in log
    assert "    no such file\n" in log
    assert "do not show" not in log


def test_a_lost_reply_and_a_killed_agent_never_make_a_second_array(full: SlurmSite, tmp_path: Path) -> None:
    lost = 'if [ ! -e "$HERE/once" ]; then touch "$HERE/once"; $REAL "$@" >/dev/null; exit 1; fi; exec $REAL "$@"'
    engine = full.open(command_folder=str(fake_commands(tmp_path / "bin", sbatch=lost)))
    order = full.order("sh", "-c", 'echo x >> "count$FABRICA_TASK"; sleep 1', tasks=20, tasks_at_once=4)
    handle = engine.start(order)
    full.wait(engine, handle, lambda seen: "s" in seen.tasks and "w" in seen.tasks)
    record = full.folder / "engine" / "attempts" / f"{handle}.json"
    kept = read_json(record)
    assert kept is not None
    write_json(record, kept | {"job": None})  # killed before it wrote the id down
    record.with_suffix(".job").unlink()
    seen = full.wait_for(full.open(), handle, "ended")
    assert (seen.reason, seen.tasks) == (EndReason.COMPLETED, "s" * 20)
    assert len(_arrays(full, handle)) == 1
    assert {(order.folder / "work" / f"count{index}").read_text() for index in range(20)} == {"x\n"}
    full.wait(engine, handle, lambda _: _starts(full, handle) == 20)
    assert seen.usage.charged_milliseconds == full.accounted_milliseconds(handle, "cpu")


def test_an_array_half_finished_when_the_controller_dies_is_finished_and_told_whole(mini: SlurmSite) -> None:
    engine = mini.open()
    order = mini.order("sh", "-c", 'echo x >> "count$FABRICA_TASK"; sleep 1', tasks=12, tasks_at_once=2)
    handle = engine.start(order)
    before = mini.wait(engine, handle, lambda seen: seen.tasks.count("s") >= 3)
    os.kill(mini.cluster.pid("slurmctld"), signal.SIGTERM)
    silent = mini.wait(engine, handle, lambda seen: "does not answer" in seen.words)
    assert silent.state == "running"
    assert silent.tasks.count("s") >= before.tasks.count("s")
    mini.cluster.restart("slurmctld")
    seen = mini.wait_for(engine, handle, "ended")
    assert (seen.reason, seen.tasks) == (EndReason.COMPLETED, "s" * 12)
    assert {(order.folder / "work" / f"count{index}").read_text() for index in range(12)} == {"x\n"}


def test_every_start_of_a_requeued_task_is_charged(full: SlurmSite) -> None:
    full.settings["partitions"] = [{"name": "cpu", "slurm": "gpu", "requeue": True}]
    engine = full.open()
    order = full.order("sh", "-c", 'echo start; test "$FABRICA_TASK" = 0 || sleep 4', tasks=2, devices=2)
    handle = engine.start(order)
    log = order.folder / "record" / "tasks" / "1.log"
    begun = full.wait(engine, handle, lambda seen: seen.tasks == "sr" and log.exists() and bool(log.read_text()))
    charged = begun.usage.charged_milliseconds
    full.wait(engine, handle, lambda seen: seen.usage.charged_milliseconds > charged)  # Slurm counts whole seconds
    (array,) = _arrays(full, handle)
    full.cluster.command("scontrol", "requeue", f"{array}_1")
    waiting = full.wait(engine, handle, lambda seen: seen.tasks == "sw")
    assert waiting.usage.charged_milliseconds > 0
    first_end = order.folder / "engine" / "tasks" / "1" / "ended-0.json"
    full.wait(engine, handle, lambda _: first_end.exists() and _nothing_is_completing(full))
    full.cluster.start_soon(f"{array}_1")
    seen = full.wait_for(engine, handle, "ended")
    assert seen.reason == EndReason.COMPLETED
    assert sorted(str(row["state"]) for row in _rows(order)) == ["COMPLETED", "COMPLETED", "REQUEUED"]
    assert log.read_text().count("start\n") == 2
    full.wait(engine, handle, lambda _: _starts(full, handle) == 3)
    assert seen.usage.charged_milliseconds == full.accounted_milliseconds(handle, "cpu")


def _nothing_is_completing(site: SlurmSite) -> bool:
    """Say whether no job's start is being cleared away; Slurm itself waits two minutes before it starts one anew."""
    return not site.cluster.command("squeue", "--noheader", "--states=completing", "--format=%A").strip()


def test_tasks_that_the_queue_has_forgotten_end_by_their_own_last_words(
    make_slurm: Callable[..., SlurmCluster], tmp_path: Path
) -> None:
    site = SlurmSite(make_slurm(name="alpha", extra_conf="MinJobAge=2"), tmp_path)
    order = site.order("sh", "-c", 'sleep 1; exit "$FABRICA_TASK"', devices=2, tasks=3)
    engine = site.open()
    handle = engine.start(order)
    site.wait(engine, Handle("att_x"), lambda _: (order.folder / "engine" / "tasks" / "2" / "ended-0.json").exists())
    site.wait(engine, Handle("att_x"), lambda _: not site.jobs(handle))
    seen = site.wait_for(site.open(settle_seconds=1), handle, "ended")
    assert (seen.reason, seen.tasks) == (EndReason.EXIT_NONZERO, "sff")
    assert 3 * 2 * 1000 <= seen.usage.charged_milliseconds <= 3 * 2 * 3000


def test_accounting_tells_of_an_array_that_the_queue_has_forgotten(full: SlurmSite) -> None:
    engine = full.open()
    order = full.order("sh", "-c", 'test "$FABRICA_TASK" != 0 || sleep 1', tasks=5)
    handle = engine.start(order)
    full.wait(engine, Handle("att_x"), lambda _: _starts(full, handle) == 5)
    deaf = fake_commands(full.folder / "bin", squeue="exit 0")
    seen = full.wait_for(full.open(command_folder=str(deaf)), handle, "ended")
    assert (seen.reason, seen.tasks) == (EndReason.COMPLETED, "sssss")
    assert seen.usage.charged_milliseconds == full.accounted_milliseconds(handle, "cpu")
    assert {row["source"] for row in _rows(order)} == {"sacct"}


def test_tasks_cancelled_by_the_site_before_they_started_are_told_as_that(full: SlurmSite) -> None:
    engine = full.open()
    handle = engine.start(full.order("sleep", "60", tasks=40, tasks_at_once=1))
    full.wait(engine, handle, lambda seen: "r" in seen.tasks)
    (array,) = _arrays(full, handle)
    full.cluster.command("scancel", array)
    seen = full.wait_for(engine, handle, "ended")
    assert (seen.reason, set(seen.tasks)) == (EndReason.CANCELLED_AT_SITE, {"c"})


def test_an_array_larger_than_the_site_takes_is_refused_with_its_limit(
    make_slurm: Callable[..., SlurmCluster], tmp_path: Path
) -> None:
    site = SlurmSite(make_slurm(name="alpha", extra_conf="MaxArraySize=50"), tmp_path)
    engine = site.open()
    with pytest.raises(StartRefused, match=r"50 tasks at most.*51 were asked") as refused:
        engine.start(site.order("true", tasks=51))
    assert refused.value.reason == EndReason.SITE_DECLINED
    seen = site.wait_for(engine, engine.start(site.order("true", tasks=50)), "ended")
    assert seen.tasks == "s" * 50


def test_a_task_on_several_nodes_starts_on_each(mini: SlurmSite) -> None:
    engine = mini.open()
    order = mini.order(
        "sh", "-c", 'echo "$FABRICA_TASK $FABRICA_NODE_RANK"; test "$FABRICA_TASK" = 0', nodes=2, tasks=2
    )
    seen = mini.wait_for(engine, engine.start(order), "ended")
    assert seen.tasks == "sf"
    logs = [(order.folder / "record" / "tasks" / f"{index}.log").read_text() for index in range(2)]
    assert sorted(logs[0].splitlines()) == ["0 0", "0 1"]
