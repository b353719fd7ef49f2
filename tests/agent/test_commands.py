"""Helper programs: their words reach the log, their failure is told, and they can be broken off."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from fabrica.agent.commands import run_command
from fabrica.agent.failures import AttemptFailed, Interrupted
from fabrica.values.states import EndReason


def _run(folder: Path, arguments: Sequence[str], *, interrupted: bool = False, seconds_max: float = 60) -> str:
    run_command(
        arguments,
        folder=folder,
        log=folder / "log",
        interrupted=lambda: interrupted,
        seconds_max=seconds_max,
        reason=EndReason.ENVIRONMENT_FAILED,
    )
    return (folder / "log").read_text()


def test_the_words_of_a_program_are_added_to_the_log(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("before\n")
    assert _run(tmp_path, ["sh", "-c", "echo out; echo err >&2"]) == "before\nout\nerr\n"


def test_a_program_sees_no_secret_of_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRICA_TOKEN", "do-not-tell")
    assert "do-not-tell" not in _run(tmp_path, ["env"])


def test_a_failure_is_told_with_the_last_words(tmp_path: Path) -> None:
    with pytest.raises(AttemptFailed, match="status 3: no such package") as failed:
        _run(tmp_path, ["sh", "-c", "echo no such package; exit 3"])
    assert failed.value.reason is EndReason.ENVIRONMENT_FAILED


def test_a_missing_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(AttemptFailed, match="no-such-program"):
        _run(tmp_path, ["no-such-program"])


@pytest.mark.parametrize(
    ("interrupted", "seconds_max", "raised"), [(True, 60, Interrupted), (False, 0.3, AttemptFailed)]
)
def test_a_program_that_is_broken_off_or_too_slow_is_ended(
    tmp_path: Path, interrupted: bool, seconds_max: float, raised: type[Exception]
) -> None:
    with pytest.raises(raised):
        _run(tmp_path, ["sh", "-c", "echo $$; sleep 600"], interrupted=interrupted, seconds_max=seconds_max)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "log").read_text()), 0)


def test_passwords_of_addresses_are_hidden_in_log_and_failure(tmp_path: Path) -> None:
    with pytest.raises(AttemptFailed) as failed:
        _run(tmp_path, ["sh", "-c", "echo see https://user:p@ss@host/simple and http://token@host; exit 1"])
    log = (tmp_path / "log").read_text()
    assert log == "see https://****@host/simple and http://****@host\n"
    assert "p@ss" not in failed.value.words


def test_a_password_is_hidden_though_its_line_comes_in_pieces(tmp_path: Path) -> None:
    assert "pass" not in _run(tmp_path, ["sh", "-c", "printf https://user:pa; sleep 0.5; printf ss@host"])


def test_a_daemon_that_holds_the_output_open_does_not_hold_us(tmp_path: Path) -> None:
    said = _run(tmp_path, ["sh", "-c", "sleep 20 & echo $!"], seconds_max=15)
    os.kill(int(said), 9)


def test_a_failed_module_of_python_is_named_by_its_own_name(tmp_path: Path) -> None:
    with pytest.raises(AttemptFailed, match=r"^no_such_module failed with status 1"):
        _run(tmp_path, [sys.executable, "-m", "no_such_module"])
