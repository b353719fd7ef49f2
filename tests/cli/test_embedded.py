"""The embedded network: who is up, and whether it is of the code that the command is of."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from fabrica.cli import embedded
from fabrica.values.files import held_alone
from fabrica.values.home import home


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRICA_HOME", str(tmp_path))


@pytest.fixture
def restarts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What the network is started with, while nothing is really started or stopped."""
    started: list[tuple[str, ...]] = []

    def start(options: tuple[str, ...] = ()) -> embedded.Embedded:
        started.append(options)
        return embedded.Embedded("http://127.0.0.1:1", os.getpid(), "now", home())

    monkeypatch.setattr(embedded, "stop", lambda: True)
    monkeypatch.setattr(embedded, "_start", start)
    return started


def up(**more: object) -> None:
    """Let this very process pass for a running network."""
    said = {"url": "http://127.0.0.1:8400", "pid": os.getpid(), "started": embedded.process_started(os.getpid())}
    embedded.state_file().write_text(json.dumps(said | more))


def test_nobody_is_up_where_no_process_or_another_stands_behind_the_file(restarts: list[tuple[str, ...]]) -> None:
    assert embedded.find_current() is None
    up(started="long ago")
    assert embedded.find_current() is None
    assert restarts == []


def test_a_network_of_the_same_code_is_left_alone(restarts: list[tuple[str, ...]]) -> None:
    up(code=embedded.code_digest())
    network = embedded.find_current()
    assert network is not None
    assert (network.url, restarts) == ("http://127.0.0.1:8400", [])


@pytest.mark.parametrize("more", [{"code": "another"}, {}], ids=["another", "from before codes were told"])
def test_a_network_of_other_code_is_restarted_as_it_was_and_the_person_is_told(
    more: dict[str, str], restarts: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    up(options=["--simulate", "--country", "FI"], **more)
    assert embedded.find_current() is not None
    assert restarts == [("--simulate", "--country", "FI")]
    assert "another version of Fabrica" in capsys.readouterr().err


def test_the_code_is_told_apart_by_what_is_said_and_by_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def digest(wire: str, server: str) -> str:
        for name, text in (("wire", wire), ("sdk", ""), ("server", server)):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "runs.py").write_text(text)
        return embedded.code_digest.__wrapped__()

    monkeypatch.setattr("fabrica.__file__", str(tmp_path / "__init__.py"))
    assert digest("a", "a") == digest("a", "b") != digest("b", "b")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """What is started in the place of a network: a process that sleeps for a minute."""
    processes: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def sleeping(*_: object, **__: object) -> "subprocess.Popen[bytes]":
        processes.append(start(["sleep", "60"]))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", sleeping)
    return processes


def test_who_interrupts_the_start_leaves_no_network_that_starts_behind_their_back(
    monkeypatch: pytest.MonkeyPatch, started: list["subprocess.Popen[bytes]"]
) -> None:
    def interrupted() -> None:
        if started:
            raise KeyboardInterrupt

    monkeypatch.setattr(embedded, "find", interrupted)
    with pytest.raises(KeyboardInterrupt):
        embedded.start()
    assert [process.poll() is None for process in started] == [False]


def test_a_network_that_starts_already_is_awaited(
    monkeypatch: pytest.MonkeyPatch, started: list["subprocess.Popen[bytes]"]
) -> None:
    network = embedded.Embedded("http://127.0.0.1:1", os.getpid(), "now", home())
    looks = iter([None, None, None, network])

    def find() -> embedded.Embedded | None:
        for process in started:
            process.kill()  # as it ends of itself when another holds the lock
            process.wait()
        return next(looks)

    monkeypatch.setattr(embedded, "find", find)
    with held_alone(embedded.lock_file()):
        assert embedded.start() is network
