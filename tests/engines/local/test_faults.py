"""The local engine against hostile runs and sudden deaths: real processes, really killed."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fabrica.engines.contract import StartOrder
from fabrica.engines.files import read_json
from fabrica.engines.local.engine import LocalEngine
from fabrica.engines.local.processes import boot_id, identity_of, left_behind
from fabrica.values.states import EndReason
from tests.contracts.engine_benches import MEBIBYTE, LocalBench

pytestmark = pytest.mark.faults

_DAEMON = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open("daemon", "w").write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
while not os.path.exists("daemon"): time.sleep(0.01)
time.sleep(float(sys.argv[1]))
"""
_NESTED = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        os.setsid()
        for _ in range(3): os.fork()
        time.sleep(600)
"""


@pytest.fixture
def bench(tmp_path: Path) -> LocalBench:
    return LocalBench(tmp_path)


@pytest.fixture
def engine(bench: LocalBench) -> Iterator[LocalEngine]:
    with bench.opened() as opened:
        assert isinstance(opened, LocalEngine)
        yield opened


def test_nothing_survives_a_run_that_became_a_daemon(bench: LocalBench, engine: LocalEngine) -> None:
    order = bench.order("python3", "-c", _DAEMON, "0")
    handle = engine.start(order)
    assert bench.wait_for(engine, handle, "ended").reason == EndReason.COMPLETED
    assert identity_of(_pid_in(order, "daemon")) is None


def test_many_nested_sessions_are_all_ended(bench: LocalBench, engine: LocalEngine) -> None:
    order = bench.order("python3", "-c", _NESTED)
    assert bench.wait_for(engine, engine.start(order), "ended").reason == EndReason.COMPLETED
    assert left_behind(order.attempt, []) == []


def test_run_that_ignores_the_warning_is_killed_after_its_grace(bench: LocalBench, engine: LocalEngine) -> None:
    order = bench.order("sh", "-c", "trap '' TERM; touch ready; while :; do sleep 0.1; done")
    handle = engine.start(order)
    _await(lambda: (order.folder / "work/ready").exists())
    engine.stop(handle, EndReason.CANCELLED_BY_USER)
    assert bench.wait_for(engine, handle, "ended").reason == EndReason.CANCELLED_BY_USER
    assert left_behind(order.attempt, []) == []


def test_run_can_use_the_warning_to_save_itself(bench: LocalBench, engine: LocalEngine) -> None:
    order = bench.order("sh", "-c", "trap 'echo kept > saved; exit 0' TERM; touch ready; while :; do sleep 0.1; done")
    handle = engine.start(order)
    _await(lambda: (order.folder / "work/ready").exists())
    engine.stop(handle, EndReason.CANCELLED_BY_USER)
    assert bench.wait_for(engine, handle, "ended").reason == EndReason.CANCELLED_BY_USER
    assert (order.folder / "work/saved").read_text() == "kept\n"


def test_command_that_is_killed_from_outside_says_so(bench: LocalBench, engine: LocalEngine) -> None:
    order = bench.order("sh", "-c", "echo $$ > pid; sleep 600")
    handle = engine.start(order)
    os.kill(_pid_in(order, "pid"), signal.SIGKILL)
    seen = bench.wait_for(engine, handle, "ended")
    assert (seen.reason, seen.exit_code) == (EndReason.KILLED_BY_SIGNAL, None)
    assert "SIGKILL" in seen.words
    assert left_behind(order.attempt, []) == []


def test_death_of_the_keeper_ends_its_daemons_and_counts_to_the_last_proof_of_life(
    bench: LocalBench, engine: LocalEngine
) -> None:
    order = bench.order("python3", "-c", _DAEMON, "600")
    handle = engine.start(order)
    bench.wait(engine, handle, lambda seen: seen.usage.elapsed_seconds > 0)
    daemon = _pid_in(order, "daemon")
    os.kill(_keeper_of(order), signal.SIGKILL)
    seen = bench.wait_for(engine, handle, "ended")
    assert seen.reason == EndReason.PROCESS_VANISHED
    assert seen.started_at is not None
    assert seen.ended_at is not None
    assert (seen.ended_at - seen.started_at).total_seconds() == pytest.approx(seen.usage.elapsed_seconds)
    assert seen.usage.elapsed_seconds > 0
    assert identity_of(daemon) is None
    assert engine.capacity().partitions[0].devices_free == 2


def test_death_of_keeper_and_group_together_is_seen(bench: LocalBench, engine: LocalEngine) -> None:
    order = bench.order("sh", "-c", "echo $$ > pid; sleep 600 & sleep 600")
    handle = engine.start(order)
    group = _pid_in(order, "pid")
    os.kill(_keeper_of(order), signal.SIGKILL)
    with suppress(ProcessLookupError):  # the keeper's death may have taken the whole group along before us
        os.killpg(group, signal.SIGKILL)
    assert bench.wait_for(engine, handle, "ended").reason == EndReason.PROCESS_VANISHED
    assert left_behind(order.attempt, []) == []


def test_waiting_run_starts_though_the_keeper_before_it_died(bench: LocalBench, engine: LocalEngine) -> None:
    killed = bench.order("sleep", "600", devices=2)
    first, second = engine.start(killed), engine.start(bench.order("true"))
    bench.wait_for(engine, first, "running")
    os.kill(_keeper_of(killed), signal.SIGKILL)
    assert bench.wait_for(engine, second, "ended").reason == EndReason.COMPLETED
    assert bench.wait_for(engine, first, "ended").reason == EndReason.PROCESS_VANISHED


@pytest.mark.parametrize("after_seconds", [0.0, 0.04, 0.08, 0.12, 0.2])
def test_starter_that_dies_at_any_moment_costs_nothing(
    bench: LocalBench, engine: LocalEngine, after_seconds: float
) -> None:
    """Its keeper either has the word to go on, and does; or has not, and the run waits for the next starter."""
    order = bench.order("sh", "-c", "echo once >> ../tmp/starts")
    handle = engine.start(order)
    assert engine._starter is not None
    time.sleep(after_seconds)
    engine._starter.kill()
    assert bench.wait_for(engine, handle, "ended").reason == EndReason.COMPLETED
    assert (order.folder / "tmp/starts").read_text() == "once\n"


def test_gigabyte_of_log_is_capped_and_the_rest_counted(bench: LocalBench, engine: LocalEngine) -> None:
    order = bench.order("sh", "-c", "head -c 1073741824 /dev/zero | tr '\\0' 'x'")
    handle = engine.start(order)
    ended = bench.wait_for(engine, handle, "ended")
    assert ended.reason == EndReason.COMPLETED
    log = (order.folder / "log").read_bytes()
    assert MEBIBYTE < len(log) < MEBIBYTE + 500
    assert ended.log_bytes_dropped == 1073741824 - MEBIBYTE
    assert f"{1073741824 - MEBIBYTE} bytes of output were not kept" in log[-300:].decode()


def test_run_that_fills_its_folder_with_one_file_is_ended(bench: LocalBench, engine: LocalEngine) -> None:
    order = bench.order("sh", "-c", "exec head -c 300000000 /dev/zero > big", disk_bytes=8 * MEBIBYTE)
    assert bench.wait_for(engine, engine.start(order), "ended").reason == EndReason.FOLDER_FULL


def test_run_that_fills_its_folder_with_many_files_is_ended(bench: LocalBench, engine: LocalEngine) -> None:
    script = "i=0; while :; do i=$((i+1)); head -c 1000000 /dev/zero > part$i; sleep 0.02; done"
    order = bench.order("sh", "-c", script, disk_bytes=8 * MEBIBYTE)
    assert bench.wait_for(engine, engine.start(order), "ended").reason == EndReason.FOLDER_FULL


def test_run_that_takes_too_much_memory_is_ended(bench: LocalBench, engine: LocalEngine) -> None:
    script = "import time; held = bytearray(200 * 2**20); time.sleep(600)"
    order = bench.order("python3", "-c", script, memory_bytes=64 * MEBIBYTE)
    seen = bench.wait_for(engine, engine.start(order), "ended")
    assert seen.reason == EndReason.MEMORY_EXCEEDED
    assert (seen.usage.memory_peak_bytes or 0) > 64 * MEBIBYTE


def test_memory_that_workers_share_counts_once(bench: LocalBench, engine: LocalEngine) -> None:
    script = (
        "import os, time; held = bytearray(os.urandom(1)) * (40 * 2**20)\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0: time.sleep(1.5); os._exit(0)\n"
        "time.sleep(2)"
    )
    order = bench.order("python3", "-c", script, memory_bytes=120 * MEBIBYTE)
    assert bench.wait_for(engine, engine.start(order), "ended").reason == EndReason.COMPLETED


def test_nothing_of_the_agents_environment_reaches_a_run(
    bench: LocalBench, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FABRICA_TOKEN", "a secret of the agent")
    order = bench.order("env", variables={"GREETING": "hello"})
    bench.wait_for(engine, engine.start(order), "ended")
    names = {line.partition("=")[0] for line in (order.folder / "log").read_text().splitlines()}
    assert {name for name in names if not name.endswith("_NUM_THREADS")} == {"PATH", "GREETING", "FABRICA_ATTEMPT"}


def test_run_inherits_no_open_file_of_its_keeper(bench: LocalBench, engine: LocalEngine) -> None:
    order = bench.order("ls", "/proc/self/fd")
    bench.wait_for(engine, engine.start(order), "ended")
    assert set((order.folder / "log").read_text().split()) == {"0", "1", "2", "3"}  # 3 is the folder that ls reads


@pytest.mark.parametrize("command", ["no-such-command", "./absent", "/etc/passwd", "with\0zero"])
def test_command_that_cannot_be_executed_is_not_found(bench: LocalBench, engine: LocalEngine, command: str) -> None:
    seen = bench.wait_for(engine, engine.start(bench.order(command)), "ended")
    assert seen.reason == EndReason.COMMAND_NOT_FOUND


def test_processor_time_of_ended_children_is_counted(bench: LocalBench, engine: LocalEngine) -> None:
    burn = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    order = bench.order("sh", "-c", f"python3 -c '{burn}'; python3 -c '{burn}'")
    seen = bench.wait_for(engine, engine.start(order), "ended")
    assert (seen.usage.cpu_seconds or 0) >= 1.0


def test_run_whose_attempt_folder_is_removed_frees_its_devices(bench: LocalBench, engine: LocalEngine) -> None:
    order = bench.order("sleep", "1")
    handle = engine.start(order)
    bench.wait_for(engine, handle, "running")
    shutil.rmtree(order.folder)
    _await(lambda: engine.capacity().partitions[0].devices_free == 2)
    assert engine.observe([handle])[handle].state in ("ended", "unknown")


def test_machine_restart_ends_what_ran_and_what_waited(bench: LocalBench, engine: LocalEngine) -> None:
    order = bench.order("sleep", "600", devices=2)
    handle = engine.start(order)
    bench.wait_for(engine, handle, "running")
    waiting = engine.start(bench.order("true"))
    _pretend_an_earlier_boot(bench.folder / "engine/attempts")
    os.kill(_keeper_of(order), signal.SIGKILL)
    for one in (handle, waiting):
        assert bench.wait_for(engine, one, "ended").reason == EndReason.PROCESS_VANISHED


def _pretend_an_earlier_boot(attempts: Path) -> None:
    for path in attempts.iterdir():
        path.write_text(path.read_text().replace(boot_id(), "11111111-2222-3333-4444-555555555555"))


def _keeper_of(order: StartOrder) -> int:
    _await(lambda: (order.folder / "engine/started.json").exists())
    started = read_json(order.folder / "engine/started.json")
    assert started is not None
    return int(started["keeper"][1])


def _pid_in(order: StartOrder, name: str) -> int:
    path = order.folder / "work" / name
    _await(lambda: path.exists() and path.read_text().strip() != "")
    return int(path.read_text())


def _await(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
