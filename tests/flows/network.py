"""A network of real processes: server, background work and a site's agent, each killed and started by itself."""

import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from fabrica.engines.local.processes import left_behind
from fabrica.sdk import people, runs
from fabrica.sdk.client import Client
from fabrica.sdk.manifest import read_manifest
from fabrica.values.ids import AttemptId, RunId
from fabrica.values.states import ENDS, EndReason
from fabrica.wire.problems import FabricaError
from fabrica.wire.runs import Run
from tests.flows.home import ROOT, SECONDS_MAX, Home, wait_until, write_run

SITE = "this-machine"
_SCRIPT = "echo x >> {marker}; {first}; echo started; while [ ! -e {go_on} ]; do sleep 0.05; done; {last}"


def make_template(folder: Path) -> Home:
    """Let the embedded network make its tables, people and site once; networks of tests start from a copy."""
    home = Home(folder)
    home.json("up")
    home.fabrica("down")
    return home


class Network:
    """One server and one site, made from a template. Every process is a child of the test and ended by its id."""

    def __init__(
        self, template: Home, folder: Path, *, site: Path | None = None, server_disk: Path | None = None
    ) -> None:
        self.home = Home(folder)
        if server_disk is not None:
            (folder / "server").symlink_to(server_disk)
        shutil.copytree(template.folder / "server", folder / "server", dirs_exist_ok=True)
        for name in ("token", f"agents/{SITE}/agent.key"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(template.folder / name, folder / name)
        self.site = site or folder / "site"
        self.site.mkdir()
        for journal in (template.folder / "agents" / SITE).glob("journal.sqlite3*"):
            shutil.copy(journal, self.site)  # the server knows this one; another would have to wait 45 s
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = Client(self.url, (folder / "token").read_text().strip())
        self.clock: Path | None = None
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *, dies: Path | None = None, at: str = "", server: str | None = None) -> None:
        """Start `serve`, `work` or `agent`; with `dies`, a folder, so that it kills itself at a point once armed."""
        arguments = {
            "serve": ["serve", "--port", str(self.port)],
            "work": ["work"],
            "agent": ["agent", "run", str(self.write_settings("agent.toml", self.site, server))],
        }[name]
        program = ["-m", "fabrica.cli.main"]
        if dies:
            program = ["-m", "tests.flows.dying", str(dies), at]
        elif self.clock:
            program = ["-m", "tests.flows.skewed", str(self.clock)]
        self.start_program(name, *program, *arguments)

    def start_program(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a Python program of this network under a name; its words go to a file."""
        with self._words(name).open("ab") as words:
            self._processes[name] = subprocess.Popen(
                [*self.prefix(name), sys.executable, *arguments],
                env=self.home.environment | {"FABRICA_LOG_LEVEL": "INFO"},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
            )
        return self._processes[name]

    def prefix(self, name: str) -> list[str]:
        """Return what is put before the command of a process, such as `nsenter` into a site's own network."""
        return []

    def write_settings(self, name: str, folder: Path, server: str | None = None) -> Path:
        """Write an agent.toml of this site and return it."""
        settings: dict[str, Any] = {
            "server": f'"{server or self.url}"',
            "key_file": f'"{self.home.folder}/agents/{SITE}/agent.key"',
            "folder": f'"{folder}"',
            "tick_seconds": 0.05,
            "usage_seconds": 0.2,
            "inventory_seconds": 1,
            "wait_seconds": 1,
        } | self.engine()
        file = self.home.folder / name
        file.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        return file

    def engine(self) -> dict[str, Any]:
        """Return the keys of agent.toml that say what runs the work."""
        return {"engine_settings": "{ grace_seconds = 1, log_bytes_max = 1048576 }"}

    def make_whole(self, name: str = "", *, dies: Path | None = None, at: str = "") -> None:
        """Start what does not run, `name` so that it kills itself as `start` says; wait until the server answers."""
        if dies is not None and name in self._processes:
            self.kill(name)
        for one in ("serve", "work", "agent"):
            process = self._processes.get(one)
            if process is None or process.poll() is not None:
                self.start(one, dies=dies if one == name else None, at=at)
        wait_until(self.answers, "the server answers")

    def answers(self) -> bool:
        with suppress(FabricaError):
            people.me(self.client)
            return True
        return False

    def restart(self, name: str, **options: Any) -> None:
        """Kill a process and start it anew."""
        self.kill(name)
        self.start(name, **options)
        if name == "serve":
            wait_until(self.answers, "the server answers")

    def kill(self, *names: str) -> None:
        """Kill processes with SIGKILL and wait for their death."""
        for name in names:
            self._processes[name].kill()
        for name in names:
            self._processes[name].wait()

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def wait_for_death(self, name: str) -> None:
        """Wait until a process that was to kill itself has done so."""
        status = self._processes[name].wait(SECONDS_MAX)
        assert status == -9, self.said(name)

    def said(self, name: str) -> str:
        """Return what a process said."""
        return self._words(name).read_text(errors="replace")

    def _words(self, name: str) -> Path:
        return self.home.folder / f"{name}.words"

    def close(self) -> None:
        """End all processes."""
        self.client.close()
        for process in self._processes.values():
            process.kill()
            process.wait()

    def settled(self, run: RunId) -> Run:
        """Wait until a run has ended, and return it."""
        return wait_until(lambda: (found := self.look(run)) and found.state.final and found, f"{run} ends")  # type: ignore[no-any-return]

    def look(self, run: RunId) -> Run | None:
        """Return a run as the server knows it now; None when the server does not answer."""
        with suppress(FabricaError):
            return runs.run(self.client, run)
        return None


class Story:
    """One run of a network: a marker that counts its starts, and a file that lets it go on to its end.

    Of an array each task has a file of its own: `go-on` and its number.
    """

    def __init__(
        self,
        network: Network,
        folder: Path,
        *,
        first: str = "true",
        last: str = "echo w > model.txt",
        **resources: str | int,
    ) -> None:
        self.network = network
        self.marker, self.go_on = folder / "started", folder / "go-on"
        script = _SCRIPT.format(marker=self.marker, first=first, go_on=f"{self.go_on}$FABRICA_TASK", last=last)
        self.folder = write_run(folder / "waits", ["sh", "-c", script], None, **resources)
        self.run = RunId.new()

    def submit(self) -> None:
        self.run = runs.submit(self.network.client, read_manifest(self.folder)).id

    def wait_for(self, state: str) -> None:
        """Wait until the server says that the run is in a state."""
        found = wait_until(
            lambda: (seen := self.network.look(self.run)) and (seen.state == state or seen.state.final) and seen,
            f"{self.run} is {state}",
        )
        assert found.state == state, found.words

    def wait_for_start(self) -> None:
        wait_until(self.marker.exists, "the run starts")

    def attempt_folder(self) -> Path:
        """Return the folder of the run's last attempt at the site."""
        found = runs.run(self.network.client, self.run)
        return self.network.site / "attempts" / found.attempts[-1].id

    def check(self, *reasons: str, starts: int | None = None) -> Run:
        """Wait for the end; check each attempt's reason, that it started once, what it was charged, and the books."""
        ended = self.network.settled(self.run)
        told = [attempt.reason for attempt in ended.attempts]
        assert told == list(reasons), [(attempt.reason, attempt.words) for attempt in ended.attempts]
        if starts is not None or self.marker.exists():
            begun = self.marker.read_text() if self.marker.exists() else ""
            assert begun == "x\n" * (len(reasons) if starts is None else starts)
        assert ENDS[EndReason(reasons[-1])].words in ended.words
        check_books(self.network, self.run)
        for attempt in ended.attempts:
            check_nothing_left(self.network, attempt.id)
        return ended


def check_books(network: Network, *of: RunId) -> None:
    """Check the books, the chain, and that each attempt of the runs was charged once: what it used, or nothing."""
    found = network.home.inside()
    assert found["books"] == []
    assert found["chain_sound"], found["chain_words"]
    for attempt in found["attempts"]:
        if attempt["run"] not in of:
            continue
        charged = ENDS[EndReason(attempt["reason"])].charged
        assert attempt["reservation"] != "open"
        assert attempt["charged_milliseconds"] == (attempt["used_milliseconds"] if charged else 0), attempt


def check_nothing_left(network: Network, attempt: AttemptId) -> None:
    """Check that no process of an ended attempt lives, and that the site gave its devices back."""
    wait_until(lambda: not left_behind(attempt, []), f"nothing of {attempt} is left")
    claim = network.site / "engine" / "claims" / f"{attempt}.json"
    wait_until(lambda: not claim.exists(), f"the devices of {attempt} are free")


def free_port() -> int:
    """Return a TCP port of this machine that nothing listens on now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
