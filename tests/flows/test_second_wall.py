"""An allocation stands in a real Slurm as a limit: whoever goes round Fabrica is stopped, seen and charged."""

import getpass
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fabrica.sdk import access, people, runs, sites
from fabrica.sdk.manifest import read_manifest
from fabrica.values.ids import AttemptId, SiteId
from fabrica.wire.access import Allocation, NewAllocation
from tests.flows.home import Home, wait_until, write_run
from tests.flows.network import SITE, Network, check_books, make_template
from tests.services.slurm.cluster import SlurmCluster
from tests.services.slurm.fixtures import every_release, named

pytestmark = pytest.mark.slurm
ACCOUNT = "proj_a"
GRANTED_SECONDS = 3600


class Wall:
    """A server, an agent and a Slurm with accounting, where the person's project has an account of its own."""

    def __init__(self, network: Network, cluster: SlurmCluster) -> None:
        self.network, self.cluster = network, cluster
        network.start("serve")
        wait_until(network.answers, "the server answers")
        self.project = people.only_project(network.client).id
        self.me = people.me(network.client).email
        cluster.add_account(ACCOUNT)
        cluster.add_user(getpass.getuser(), ACCOUNT)
        self.settings = self._settings()
        until = datetime.now(UTC) + timedelta(days=30)
        grant = NewAllocation(
            project=self.project,
            resource_class="gpu.h100",
            device_seconds=GRANTED_SECONDS,
            site=SiteId(SITE),
            ends_at=until,
        )
        access.grant(network.client, grant)

    def _settings(self) -> Path:
        partition = '{ name = "gpu", resource_class = "gpu.h100", gres_type = "h100" }'
        file = self.network.write_settings("slurm.toml", self.network.site)
        lines = [line for line in file.read_text().splitlines() if not line.startswith("engine_settings")]
        text = [
            *lines,
            'engine = "slurm"',
            'site_accounts = "own"',
            f'person = "{self.me}"',
            "limits_seconds = 1",
            "[engine_settings]",
            *(f'{key} = "{value}"' for key, value in self.cluster.engine_settings.items()),
            "grace_seconds = 1",
            "look_seconds = 0.2",
            f"partitions = [{partition}]",
            f'project_accounts = {{ {self.project} = "{ACCOUNT}" }}',
        ]
        file.write_text("\n".join(text) + "\n")
        return file

    def limits(self, *options: str, status: int = 0) -> Any:
        return self.network.home.json("agent", "limits", str(self.settings), *options, status=status)

    def allocation(self) -> Allocation:
        found = access.allocations(self.network.client, self.project)
        return next(one for one in found if one.resource_class == "gpu.h100")

    def sbatch(self, script: str, *options: str) -> str:
        asked = ["sbatch", "--parsable", "--output=/dev/null", f"--account={ACCOUNT}", *options]
        return self.cluster.command(*asked, "--wrap", script).strip()

    def row(self, job: str) -> tuple[str, int, str]:
        """Return the state, elapsed seconds and account of a job as accounting has it."""
        asked = ["sacct", "-nPX", f"--jobs={job}", "--format=State,ElapsedRaw,Account"]
        state, elapsed, account = (self.cluster.command(*asked).strip() or "|0|").split("|")
        return state, int(elapsed), account

    def wait_for_end(self, job: str) -> int:
        """Wait until accounting knows that a job completed, and return its seconds."""
        wait_until(lambda: self.row(job)[0] == "COMPLETED", f"job {job} completes")
        return self.row(job)[1]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return make_template(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture(params=every_release(), ids=named)
def wall(
    request: pytest.FixtureRequest, template: Home, tmp_path: Path, make_slurm: Callable[..., SlurmCluster]
) -> Iterator[Wall]:
    network = Network(template, tmp_path / "home")
    try:
        yield Wall(network, make_slurm(release=request.param, name="wall", accounting=True))
    finally:
        network.close()


def test_who_goes_round_fabrica_is_stopped_seen_and_charged_once(wall: Wall, tmp_path: Path) -> None:
    [drift] = wall.limits(status=1)["drifts"]
    assert (drift["slurm_account"], drift["resource"], drift["stands_minutes"]) == (ACCOUNT, "gres/gpu", None)
    assert "GrpTRESMins=gres/gpu" not in _associations(wall)  # a dry run changes nothing
    assert wall.limits("--apply")["mended"] == [drift]
    assert f"gres/gpu={drift['wanted_minutes']}" in _associations(wall)
    again = wall.limits()
    assert (again["drifts"], again["mended"], again["notes"]) == ([], [], [])

    over = wall.sbatch("true", "--nodes=2", "--gres=gpu:4", "--time=30")  # 240 of 60 minutes
    within = wall.sbatch("sleep 3", "--gres=gpu:2", "--time=1")
    seconds = wall.wait_for_end(within)
    assert seconds >= 3
    assert wall.limits()["outside"] == {"counted": 1, "own": 0, "refused": []}
    for _ in range(2):
        with closing(sqlite3.connect(wall.network.site / "outside.sqlite3")) as told_before, told_before:
            told_before.execute("DELETE FROM told")  # as after an answer that was lost
        assert wall.limits()["outside"]["counted"] == 1
    told = 2 * seconds * 1000
    assert wall.allocation().consumed_milliseconds == told
    assert wall.allocation().free_milliseconds == GRANTED_SECONDS * 1000 - told
    words = wall.cluster.command("squeue", "--noheader", f"--jobs={over}", "--format=%T %r").split()
    assert words == ["PENDING", "AssocGrpGRESMinutes"]

    wall.network.start("work")
    wall.network.start_program("agent", "-m", "fabrica.cli.main", "agent", "run", str(wall.settings))
    wait_until(lambda: _offers_slurm(wall), "the agent says what its Slurm has")
    folder = write_run(tmp_path / "ours", ["sh", "-c", "sleep 2; echo w > model.txt"], resource_class="gpu.h100")
    run = runs.submit(wall.network.client, read_manifest(folder)).id
    ended = wall.network.settled(run)
    assert ended.state == "succeeded", ended.words
    job = wall.cluster.command("sacct", "-nPX", f"--name=fab-{ended.attempts[-1].id}", "--format=JobID").strip()
    state, its_seconds, account = wall.row(job)
    assert (state, account) == ("COMPLETED", ACCOUNT)
    forged = wall.sbatch("sleep 1", "--gres=gpu:1", "--time=1", f"--job-name=fab-{AttemptId.new()}")
    forged_seconds = wall.wait_for_end(forged)
    due = told + 1000 * (its_seconds + forged_seconds)
    wait_until(lambda: wall.allocation().consumed_milliseconds == due, "the agent told of the forged job by itself")
    assert wall.limits()["outside"]["counted"] == 0
    assert wall.allocation().consumed_milliseconds == due
    check_books(wall.network, run)
    assert wall.row(over)[0] == "PENDING"  # it never ran


def _offers_slurm(wall: Wall) -> bool:
    inventory = sites.site(wall.network.client, SiteId(SITE)).inventory
    return inventory is not None and inventory.engine == "slurm" and bool(inventory.partitions[0].devices_total)


def _associations(wall: Wall) -> str:
    return wall.cluster.command("sacctmgr", "-nP", "show", "associations", "format=Account,GrpTRESMins")


def test_a_limit_that_somebody_moved_is_told_in_both_directions(wall: Wall) -> None:
    wall.limits("--apply")
    for minutes, words in ((3, "too low"), (500, "too high")):
        change = ["where", f"name={ACCOUNT}", "set", f"GrpTRESMins=gres/gpu={minutes},cpu=1000"]
        wall.cluster.command("sacctmgr", "--immediate", "modify", "account", *change)
        [drift] = wall.limits(status=1)["drifts"]
        assert drift["stands_minutes"] == minutes
        assert words in drift["words"]
        wall.limits("--apply")
        assert "cpu=1000" in _associations(wall)  # what the site's operators set beside it stays


def test_without_an_account_in_slurm_the_project_is_named(wall: Wall) -> None:
    text = wall.settings.read_text().replace(f'"{ACCOUNT}"', '"missing"')
    wall.settings.write_text(text)
    found = wall.limits()
    assert found["accounts"] == 0
    assert any("sacctmgr add account missing" in note for note in found["notes"])


def test_a_slurm_that_does_not_answer_is_a_problem_and_nothing_is_told(wall: Wall) -> None:
    wall.cluster.kill("slurmctld")
    done = wall.network.home.python("-m", "fabrica.cli.main", "agent", "limits", str(wall.settings))
    assert done.returncode != 0
    assert "limits.unread" in done.stderr
