"""A real agent process is killed at every kind of moment: the run starts once, and its end is told once."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fabrica.agent.keys import KeyFile
from fabrica.values.states import EndReason
from fabrica.wire.agents import WorkOrder
from fabrica.wire.runs import Artifact
from tests.agent.builders import MemoryServer, make_order
from tests.agent.http_server import IDENTITY, TOKEN, served

pytestmark = pytest.mark.faults
_ROOT = Path(__file__).parents[2]
_SECONDS_MAX = 180


class Site:
    """A folder with an agent's settings, its processes, and a marker that each start of the run adds a line to."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.marker = folder / "started"
        self.go_on = folder / "go-on"
        KeyFile(folder / "agent.key").write(IDENTITY)
        self.settings = folder / "agent.toml"
        self.settings.write_text(
            f'server = "{address}"\nkey_file = "{folder}/agent.key"\nfolder = "{folder}/agent"\n'
            "tick_seconds = 0.05\nusage_seconds = 0.1\nwait_seconds = 0\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    def make_order(self) -> WorkOrder:
        script = (
            f"echo x >> {self.marker}; echo hello; while [ ! -e {self.go_on} ]; do sleep 0.05; done; echo w > model"
        )
        return make_order(
            command=("sh", "-c", script),
            outputs=("model",),
            accept_before=datetime.now(UTC) + timedelta(hours=1),
        )

    def start_agent(self, kill_at: str = "never") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.agent.agent_process", str(self.settings), kill_at],
            cwd=_ROOT,
            env=os.environ | {"PYTHONPATH": f"{_ROOT / 'src'}:{_ROOT}"},
            stdout=(self.folder / "agent.out").open("ab"),
            stderr=subprocess.STDOUT,
        )

    def kill_agent(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def wait_for_death(self) -> None:
        assert self.process is not None
        self.process.wait(_SECONDS_MAX)
        assert self.process.returncode == -9, self.said()

    def said(self) -> str:
        return (self.folder / "agent.out").read_text()

    def wait_until(self, done: Callable[[], bool]) -> None:
        until = time.monotonic() + _SECONDS_MAX
        while not done():
            assert time.monotonic() < until, self.said()
            time.sleep(0.02)


@contextmanager
def _site(folder: Path, server: MemoryServer) -> Iterator[Site]:
    with served(server) as address:
        site = Site(folder, address)
        try:
            yield site
        finally:
            site.go_on.touch()
            if site.process is not None:
                site.kill_agent()


def _check_once(site: Site, server: MemoryServer, order: WorkOrder) -> None:
    site.wait_until(lambda: "ended" in server.kinds(order.attempt))
    assert site.marker.read_text() == "x\n"
    kinds = server.kinds(order.attempt)
    assert (kinds.count("accepted"), kinds.count("ended")) == (1, 1)
    end = server.ended(order.attempt)
    assert end.reason is EndReason.COMPLETED, end.words
    assert [event.sequence for event in server.events] == list(range(1, len(server.events) + 1))
    log = "".join(event.log_text or "" for event in server.events)
    assert log.count("hello\n") == 1
    artifacts: list[Artifact] = [one for event in server.events for one in event.artifacts]
    assert "model" in [one.path for one in artifacts]
    assert all(one.sha256 in server.blobs for one in artifacts)
    usages = [event.usage.elapsed_seconds for event in server.events if event.usage]
    assert usages == sorted(usages)


@pytest.mark.parametrize(
    "kill_at",
    [
        "while staging",
        "after the journal, before the start",
        "after the start, before the journal",
        "while collecting",
        "while uploading",
        "before the end is told",
        "after the end is told",
        "before an acknowledgement is kept",
    ],
)
def test_an_agent_killed_at_a_step_starts_and_ends_the_run_once(tmp_path: Path, kill_at: str) -> None:
    server = MemoryServer(now=datetime.now(UTC))
    with _site(tmp_path, server) as site:
        order = server.offer(site.make_order())
        site.go_on.touch()
        site.start_agent(kill_at)
        site.wait_for_death()
        site.start_agent(kill_at)
        _check_once(site, server, order)


def test_an_agent_killed_while_the_run_goes_on_finds_it_again(tmp_path: Path) -> None:
    server = MemoryServer(now=datetime.now(UTC))
    with _site(tmp_path, server) as site:
        order = server.offer(site.make_order())
        site.start_agent()
        for _ in range(2):
            site.wait_until(lambda: "running" in server.kinds(order.attempt) and site.marker.exists())
            site.kill_agent()
            site.start_agent()
        site.go_on.touch()
        _check_once(site, server, order)


def test_a_run_that_ends_while_the_agent_is_dead_is_told_as_it_ended(tmp_path: Path) -> None:
    server = MemoryServer(now=datetime.now(UTC))
    with _site(tmp_path, server) as site:
        order = server.offer(site.make_order())
        site.start_agent()
        site.wait_until(lambda: "running" in server.kinds(order.attempt))
        site.kill_agent()
        site.go_on.touch()
        model = tmp_path / "agent" / "attempts" / order.attempt / "work" / "model"
        site.wait_until(model.exists)
        site.start_agent()
        _check_once(site, server, order)


def test_a_server_away_for_the_whole_run_gets_everything_in_order_later(tmp_path: Path) -> None:
    server = MemoryServer(now=datetime.now(UTC))
    with _site(tmp_path, server) as site:
        order = server.offer(site.make_order())
        site.start_agent()
        site.wait_until(lambda: "queued" in server.kinds(order.attempt))
        server.away = True
        site.go_on.touch()
        model = tmp_path / "agent" / "attempts" / order.attempt / "work" / "model"
        site.wait_until(model.exists)
        site.kill_agent()
        site.start_agent()
        site.wait_until((model.parents[1] / "record" / "seal.json").exists)
        server.away = False
        _check_once(site, server, order)


def test_no_secret_of_the_agent_reaches_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_SECRET", "do-not-tell")
    server = MemoryServer(now=datetime.now(UTC))
    with _site(tmp_path, server) as site:
        order = server.offer(
            make_order(
                command=("python", "-c", "import json, os; json.dump(dict(os.environ), open('seen', 'w'))"),
                outputs=("seen",),
                accept_before=datetime.now(UTC) + timedelta(hours=1),
            )
        )
        site.start_agent()
        site.wait_until(lambda: "ended" in server.kinds(order.attempt))
        assert server.ended(order.attempt).reason is EndReason.COMPLETED
        (seen,) = [one for event in server.events for one in event.artifacts if one.path == "seen"]
        variables = json.loads(server.blobs[seen.sha256])
        assert TOKEN not in variables.values()
        assert "SITE_SECRET" not in variables
        assert variables["FABRICA_ATTEMPT"] == order.attempt
