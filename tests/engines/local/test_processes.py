"""Processes: known for all time, found by what they cannot shed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fabrica.engines.local.command import Prepared, start_command
from fabrica.engines.local.processes import (
    Identity,
    boot_id,
    descendants,
    identity_of,
    is_alive,
    kill_all,
    left_behind,
    living,
    mark_of,
    memory_of,
    memory_peak_of,
    read_stat,
)
from fabrica.values.ids import AttemptId

pytestmark = pytest.mark.faults


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_identity_of_a_living_process_is_alive(sleeper: subprocess.Popen[bytes]) -> None:
    identity = identity_of(sleeper.pid)
    assert is_alive(identity)
    assert Identity.from_list(list(identity or ())) == identity


def test_a_number_given_again_is_not_the_same_process(sleeper: subprocess.Popen[bytes]) -> None:
    identity = identity_of(sleeper.pid)
    assert identity is not None
    assert not is_alive(identity._replace(started_ticks=identity.started_ticks + 1))
    assert not is_alive(identity._replace(boot="another boot"))


def test_a_zombie_is_not_alive(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert identity_of(sleeper.pid) is None
    assert living([sleeper.pid]) == {}


@pytest.mark.parametrize("value", [None, [], ["boot", "1", 2], ["boot", 1], {"boot": 1}, "boot"])
def test_what_is_no_identity_is_none(value: object) -> None:
    assert Identity.from_list(value) is None


def test_a_name_with_brackets_and_blanks_does_not_confuse(tmp_path: Path) -> None:
    program = tmp_path / "a) S 1 (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "60"]) as process:
        _await_name(process.pid, "a) S 1 (b")
        stat = read_stat(process.pid)
        process.kill()
    assert stat is not None
    assert stat.state in ("R", "S")  # it may not have fallen asleep yet
    assert stat.session == os.getsid(0)


def test_descendants_are_found_over_generations() -> None:
    with subprocess.Popen(["sh", "-c", "sh -c 'sleep 60; :' ; :"], start_new_session=True) as process:
        deadline = time.monotonic() + 10
        while len(descendants(process.pid)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)


def test_memory_peak_stays_when_memory_was_given_back() -> None:
    program = "import sys; held = b'x' * 2**26; del held; print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        peak, now = memory_peak_of(process.pid), memory_of(living([process.pid]))
        process.kill()
    assert peak >= 2**26
    assert now < peak
    assert memory_peak_of(process.pid) == 0


def test_marks_limit_nothing_and_differ() -> None:
    marks = {mark_of(AttemptId.new()) for _ in range(1000)}
    assert len(marks) == 1000
    assert all(2**62 <= mark < 2**63 for mark in marks)


def test_a_process_that_shed_environment_session_and_files_is_still_found(tmp_path: Path) -> None:
    attempt = AttemptId.new()
    escape = "env -i setsid sh -c 'exec sleep 60 <&- >&- 2>&-' & echo $! > pid; sleep 0.2"
    with (tmp_path / "output").open("wb") as output:
        command = start_command(
            Prepared(["sh", "-c", escape], {"PATH": "/usr/bin:/bin"}, tmp_path, [], 2**20, mark_of(attempt)),
            output.fileno(),
        )
    os.waitpid(command, 0)
    escaped = int((tmp_path / "pid").read_text())
    assert left_behind(attempt, []) == [escaped]
    assert left_behind(AttemptId.new(), []) == []
    assert kill_all(lambda: left_behind(attempt, []))
    assert identity_of(escaped) is None


def test_what_the_keeper_saw_is_found_by_its_session(sleeper: subprocess.Popen[bytes]) -> None:
    with subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60"], start_new_session=True) as process:
        deadline = time.monotonic() + 10
        while len(children := descendants(process.pid)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        opener = Identity(boot_id(), process.pid, 0)  # the one that opened the session, and is gone by now
        found = left_behind(AttemptId.new(), [opener])
        os.killpg(process.pid, signal.SIGKILL)
    assert set(children) <= set(found)
    assert sleeper.pid not in found


def _await_name(pid: int, name: str) -> None:
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/comm").read_text().strip() != name:
        assert time.monotonic() < deadline
        time.sleep(0.01)
