"""A network of real processes whose site is a real Slurm, and what Slurm's own rows say of a run."""

import getpass
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fabrica.sdk import runs, sites
from fabrica.values.ids import AttemptId, SiteId
from fabrica.wire.agents import Inventory
from fabrica.wire.runs import Run
from tests.flows.home import Home, wait_until
from tests.flows.network import SITE, Network, Story, check_books, free_port
from tests.services.slurm.cluster import SlurmCluster

PARTITION = {"name": "gpu", "resource_class": "gpu.h100", "accelerator": "H100-80G-SXM", "gres_type": "h100"}
SECOND_SITE = "second"
SECOND_KEY = f"agents/{SECOND_SITE}/agent.key"
SLOW = pytest.mark.skipif("FABRICA_SLURM_SLOW" not in os.environ, reason="FABRICA_SLURM_SLOW=1 runs it: over a minute")
_ROWS = ("sacct", "--duplicates", "--noheader", "--parsable2", "--allocations", "--allusers", "--starttime=now-1day")
_ALIVE = "PENDING,CONFIGURING,RUNNING,COMPLETING,SUSPENDED,STOPPED"


def make_slurm_template(folder: Path, *, second: bool = False) -> Home:
    """Let the embedded network make its tables, people and site, and grant time on GPUs.

    With `second` there is another site, whose agent is enrolled; `SECOND_KEY` is its key in the folder.
    """
    home = Home(folder)
    url = home.json("up")["url"]
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    project = home.json("balance")["project"]
    for resource_class in ("gpu.h100", "gpu.a100"):
        home.json("grant", project, resource_class, "100000", "--until", until)
    if second:
        _enrol_second(home, url)
    home.fabrica("down")
    return home


def _enrol_second(home: Home, url: str) -> None:
    home.json("sites", "add", SECOND_SITE, "--name", "The second site")
    invited = home.json("sites", "invite", SECOND_SITE)
    key = home.folder / SECOND_KEY
    key.parent.mkdir(parents=True, exist_ok=True)
    settings = key.with_name("agent.toml")
    told: dict[str, Any] = {
        "server": url,
        "key_file": str(key),
        "folder": str(key.with_name("site")),
        "engine": "slurm",
    }
    told |= {"site_accounts": "own", "person": _person(), "engine_settings": {"partitions": [PARTITION]}}
    settings.write_text("".join(f"{key} = {_inline(value)}\n" for key, value in told.items()))
    whose = ("--server", url, "--config", str(settings), "--server-key", invited["server_key"])
    home.json("agent", "enrol", *whose, "--code", invited["code"])


def _person() -> str:
    return f"{getpass.getuser()}@localhost"


class SlurmNetwork(Network):
    """One server and one site whose agent drives `cluster`; `more` are further settings of the engine.

    With `of`, another network, it is the second site of that one.
    """

    def __init__(
        self,
        template: Home,
        folder: Path,
        cluster: SlurmCluster,
        *,
        site: Path | None = None,
        partition: Mapping[str, Any] | None = None,
        of: Network | None = None,
        **more: Any,
    ) -> None:
        super().__init__(template, folder, site=site)
        self.site_id, self.key = SITE, folder / f"agents/{SITE}/agent.key"
        if of is not None:
            self._join(of, template.folder / SECOND_KEY)
        self.cluster = cluster
        self.partition = {**PARTITION, **(partition or {})}
        self.more = more

    def _join(self, other: Network, key: Path) -> None:
        """Be the second site of another network: its server is that one's, and only its agent runs here."""
        self.client.close()
        self.client, self.url, self.port = other.client, other.url, other.port
        self.site_id, self.key = SECOND_SITE, key
        for journal in self.site.glob("journal.sqlite3*"):
            journal.unlink()

    def engine(self) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "partitions": [self.partition],
            "python": sys.executable,
            "grace_seconds": 1,
            "log_bytes_max": 2**20,
            "look_seconds": 0.1,
            "accounting_seconds": 0.2,
            "doubt_seconds": 7,
            "vanish_seconds": 10,
            "command_seconds": 10,
        }
        return {
            "engine": '"slurm"',
            "site_accounts": '"own"',
            "person": f'"{_person()}"',
            "key_file": f'"{self.key}"',
            "engine_settings": _inline(settings | self.cluster.engine_settings | self.more),
        }

    def prefix(self, name: str) -> list[str]:
        return self.cluster.outer_prefix if name == "agent" else []

    def make_whole(self, name: str = "", *, dies: Path | None = None, at: str = "") -> None:
        super().make_whole(name, dies=dies, at=at)
        wait_until(self.has_gpus, "the site has told of its GPUs")

    def has_gpus(self) -> bool:
        """Return whether the server has heard of this site's GPUs."""
        told = sites.site(self.client, SiteId(self.site_id)).inventory
        return told is not None and any(one.devices_total for one in told.partitions if one.name == PARTITION["name"])

    def inventory(self) -> Inventory:
        """Return what the site has told of itself."""
        told = sites.site(self.client, SiteId(self.site_id)).inventory
        assert told is not None
        return told

    def devices_free(self) -> int | None:
        """Return how many GPUs the server believes free at this site."""
        told = sites.site(self.client, SiteId(self.site_id)).inventory
        return told.partitions[0].devices_free if told else None

    def job(self, story: Story) -> str:
        """Wait until Slurm has the job of a run's last attempt, and return its id."""

        def found() -> str:
            run = self.look(story.run)
            return self.jobs(run.attempts[-1].id) if run and run.attempts else ""

        return str(wait_until(found, f"Slurm has {story.run}")).split()[-1]

    def jobs(self, attempt: AttemptId, states: str = "all") -> str:
        """Return the ids of an attempt's jobs that the controller knows, in one line."""
        text = self.cluster.command(
            "squeue", "--noheader", f"--states={states}", f"--name=fab-{attempt}", "--format=%A"
        )
        return " ".join(sorted(text.split(), key=int))

    def state(self, job: str) -> str:
        """Return a job's state and the reason that Slurm gives."""
        return self.cluster.command("squeue", "--noheader", "--states=all", f"--jobs={job}", "--format=%T %r").strip()

    def rows(self, attempt: AttemptId) -> list[tuple[str, str, int]]:
        """Return accounting's rows of an attempt, read apart from the engine: job, state, GPU-milliseconds."""
        text = self.cluster.command(*_ROWS, f"--name=fab-{attempt}", "--format=JobIDRaw,State,End,ElapsedRaw,AllocTRES")
        found = []
        for line in text.splitlines():
            job, state, end, elapsed, held = line.split("|")
            state = state.split()[0] if end != "Unknown" else "GOES ON"  # an end may be told before its time is
            counts = dict(part.split("=") for part in held.split(",") if part)
            found.append((job, state, int(elapsed) * int(counts.get("gres/gpu", 0)) * 1000))
        return found

    def wait_for_words(self, story: Story, *words: str) -> None:
        """Wait until a person who looks at a run reads all these words."""

        def told() -> bool:
            run = self.look(story.run)
            text = f"{run.words} {run.attempts[-1].words if run.attempts else ''}" if run else ""
            return all(one in text for one in words)

        wait_until(told, f"{story.run} says {words}")

    def check(
        self, story: Story, *reasons: str, jobs: int = 1, starts: int | None = None, states: str | None = None
    ) -> Run:
        """Check an ended run as `Story.check` does, and each attempt against Slurm's own rows, to the second.

        `jobs` is how many jobs each attempt has; `states`, when told, are the states of all rows in their order.
        """
        ended = story.check(*reasons, starts=starts)
        used = {one["attempt"]: one["used_milliseconds"] for one in self.home.inside()["attempts"]}
        seen = []
        for attempt in ended.attempts:
            wait_until(lambda a=attempt: not self.jobs(a.id, _ALIVE), f"Slurm is done with {attempt.id}")  # type: ignore[misc]
            rows = wait_until(lambda a=attempt: self.accounted_rows(a.id), f"{attempt.id} is accounted")  # type: ignore[misc]
            assert len({job for job, _, _ in rows}) == jobs, rows
            assert sum(milliseconds for _, _, milliseconds in rows) == used[attempt.id], (rows, used[attempt.id])
            seen += [state for _, state, _ in rows]
        if states is not None:
            assert " ".join(seen) == states
        return ended

    def check_all(self, stories: Sequence["GpuStory"]) -> None:
        """Check many runs that each completed in one attempt: one job, one start, and Slurm's own seconds."""
        ended = [self.settled(story.run) for story in stories]
        assert [run.reason for run in ended] == ["completed"] * len(stories), [run.words for run in ended]
        assert [story.starts() for story in stories] == [len(run.attempts) for run in ended] == [1] * len(stories)
        check_books(self, *(story.run for story in stories))
        used = {one["attempt"]: one["used_milliseconds"] for one in self.home.inside()["attempts"]}
        for run in ended:
            attempt = run.attempts[0].id
            rows = wait_until(lambda a=attempt: self.accounted_rows(a), f"{attempt} is accounted")  # type: ignore[misc]
            assert [state for _, state, _ in rows] == ["COMPLETED"], rows
            assert rows[0][2] == used[attempt], (rows, used[attempt])

    @contextmanager
    def engine_with(self, **settings: Any) -> Iterator[None]:
        """Let the agent run with other settings of its engine."""
        before, self.more = self.more, self.more | settings
        self.restart("agent")
        try:
            yield
        finally:
            self.more = before
            self.restart("agent")

    def open_relay(self, port: int | None = None) -> int:
        """Start the site's only way out, at a port if one is given; return its port."""
        port = port or free_port()
        self.start_program("relay", "-m", "tests.services.slurm.relay", f"127.0.0.1:{port}", f"127.0.0.1:{self.port}")
        return port

    def accounted_rows(self, attempt: AttemptId) -> list[tuple[str, str, int]]:
        """Return accounting's rows of an attempt once each has its end; none before."""
        rows = self.rows(attempt)
        return [] if any(state == "GOES ON" for _, state, _ in rows) else rows


class GpuStory(Story):
    """A run that holds one GPU, counts its starts, and waits to be let go."""

    network: SlurmNetwork

    def __init__(self, network: SlurmNetwork, folder: Path, **more: Any) -> None:
        super().__init__(network, folder, resource_class="gpu.h100", **more)

    def running(self) -> str:
        """Submit; wait until it runs and says so; return the id of its job."""
        self.submit()
        self.wait_for_start()
        self.wait_for("running")
        return self.network.job(self)

    def starts(self) -> int:
        """Return how often the command has begun."""
        return len(self.marker.read_text().splitlines()) if self.marker.exists() else 0

    def words(self) -> list[str]:
        """Return what the attempts say, the last one last."""
        return [attempt.words for attempt in runs.run(self.network.client, self.run).attempts]


def _inline(value: Any) -> str:
    """Write a value as TOML on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_inline(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value)
