"""An agent without rights of its own, as the how-to sets it up: runs execute as people's own accounts by one sudo rule.

Accounts of this machine are made for it, and removed; it needs root for that alone.
"""

import getpass
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from fabrica.sdk import runs
from fabrica.sdk.client import Client
from fabrica.sdk.manifest import read_manifest
from tests.flows.home import ROOT, Home, wait_until
from tests.flows.slurm.network import GpuStory, SlurmNetwork
from tests.services.slurm.cluster import ACCOUNT, SlurmCluster
from tests.services.unix_accounts import become, done_as, sudo_rule, unix_accounts

pytestmark = pytest.mark.slurm

_SUPPORT = "support@site.example.eu"
_SBATCH = shutil.which("sbatch") or "/usr/bin/sbatch"
_PACKAGES = next(path for path in sys.path if path.endswith("site-packages"))
_PRIVATE_OUTPUT = "id -un > kept; chmod 600 kept; mkdir -m 700 model.txt; mv kept model.txt/who"


class SudoNetwork(SlurmNetwork):
    """A site whose agent is an ordinary account with a private umask, and serves the people of a table."""

    def __init__(self, template: Home, folder: Path, cluster: SlurmCluster, *, agent: str, accounts: list[str]) -> None:
        super().__init__(template, folder, cluster, python="/usr/bin/python3")
        self.agent, (self.ada, self.grace, self.eve) = agent, accounts
        self.members = {name: self._add_member(f"{name}@example.eu") for name in ("grace", "bob")}
        self.table = {f"{getpass.getuser()}@localhost": self.ada, self.members["grace"]["id"]: self.grace}
        self.keep_days = 7
        for place in (self.site, self.key.parent):
            subprocess.run(["chown", "--recursive", f"{agent}:", str(place)], check=True)

    def _add_member(self, email: str) -> dict[str, str]:
        done = self.home.python("-m", "tests.flows.member", email)
        assert done.returncode == 0, done.stderr
        member: dict[str, str] = json.loads(done.stdout)
        return member

    def of(self, name: str) -> Client:
        """Return the way of a member to the server."""
        return Client(self.url, self.members[name]["token"])

    def engine(self) -> dict[str, Any]:
        settings = super().engine() | {"support": f'"{_SUPPORT}"', "keep_days": self.keep_days}
        del settings["person"]
        entries = ", ".join(f'"{person}" = "{account}"' for person, account in self.table.items())
        return settings | {"site_accounts": f"{{ {entries} }}"}

    def prefix(self, name: str) -> list[str]:
        if name != "agent":
            return []
        variables = [f"HOME={self.site}", f"PYTHONPATH={ROOT / 'src'}:{ROOT}:{_PACKAGES}"]
        # in place of this Python, which root may keep to itself; the umask is that of the agent's unit
        program = ["sh", "-c", f'shift; umask 077; exec {python_of(self.agent)} "$@"', "sh"]
        return [*become(self.agent), "env", *variables, *program]

    def to_mend(self) -> dict[str, str]:
        """Return what `fabrica agent check` finds to mend as the agent's account, and how."""
        return {one["words"]: one["remedy"] for one in self.findings() if one["verdict"] == "fix"}

    def findings(self) -> Any:
        """Return what `fabrica agent check` finds as the agent's account."""
        command = [*self.prefix("agent"), sys.executable, "-m", "fabrica.cli.main", "agent", "check", "--json"]
        settings = self.write_settings("agent.toml", self.site)
        done = subprocess.run([*command, str(settings)], capture_output=True, text=True, check=False, cwd="/")
        return json.loads(done.stdout)["findings"]


def python_of(account: str) -> str:
    """Return a Python with this one's packages that an account may execute; skip the test where there is none."""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        if done_as(account, "env", f"PYTHONPATH={_PACKAGES}", python, "-c", "import pydantic_core").returncode == 0:
            return python
    pytest.skip(f"no Python 3.{sys.version_info.minor} with our packages is open to other accounts")


@pytest.fixture(scope="module")
def network(slurm_template: Home, site: SlurmCluster) -> Iterator[SudoNetwork]:
    if site.root is not None:
        pytest.skip("accounts that are made now are not known in the folder of another release")
    site.mend()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="fabrica-sudo-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        agent, *people = stack.enter_context(unix_accounts("fabagent", "fabada", "fabgrace", "fabeve", home=folder))
        rule = f"{agent} ALL=({people[0]},{people[1]}) NOPASSWD: {_SBATCH}, {shutil.which('scancel')}\n"
        stack.enter_context(sudo_rule(f'Defaults:{agent} env_keep += "SLURM_CONF"\n{rule}'))
        for name in people:
            site.add_user(name, ACCOUNT)
        made = SudoNetwork(slurm_template, folder / "home", site, agent=agent, accounts=people)
        stack.callback(made.close)
        made.make_whole()
        yield made


@pytest.fixture
def shared_folder(network: SudoNetwork) -> Path:
    """A folder where every account leaves its marks."""
    folder = Path(tempfile.mkdtemp(dir=network.home.folder.parent))
    folder.chmod(0o1777)
    return folder


def test_the_check_finds_the_site_ready(network: SudoNetwork) -> None:
    assert network.to_mend() == {}
    words = {one["words"] for one in network.findings()}
    assert {f"{name} may submit to gpu" for name in (network.ada, network.grace)} <= words


def test_the_check_names_the_rule_that_is_missing_once_for_each_account(
    network: SudoNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "table", network.table | {"eve@example.eu": network.eve})
    ((words, rule),) = network.to_mend().items()
    assert words.startswith(f"sudo does not let us use sbatch as {network.eve}: sudo: a password is required")
    with sudo_rule(f"{network.agent} ALL=({network.eve}) NOPASSWD: {_SBATCH}\n"):
        ((words, again),) = network.to_mend().items()
    assert words.startswith(f"sudo does not let us use scancel as {network.eve}: ")
    assert rule == again
    with sudo_rule(rule.removeprefix("a rule in sudoers: ") + "\n"):
        assert network.to_mend() == {}


def test_each_run_executes_as_its_persons_account_and_its_outputs_come_back(
    network: SudoNetwork, shared_folder: Path, tmp_path: Path
) -> None:
    stories = {
        name: GpuStory(network, shared_folder / name, last=_PRIVATE_OUTPUT) for name in (network.ada, network.grace)
    }
    for client, (name, story) in zip((network.client, network.of("grace")), stories.items(), strict=True):
        story.marker.parent.chmod(0o1777)
        story.run = runs.submit(client, read_manifest(story.folder)).id
        job = network.job(story)
        assert network.cluster.command("squeue", "--noheader", f"--jobs={job}", "--format=%u").strip() == name
    for name, story in stories.items():
        story.wait_for_start()
        work = story.attempt_folder() / "work"
        readers = {account for account in stories if done_as(account, "ls", work).returncode == 0}
        assert readers == {name}
        story.go_on.touch()
        ended = network.check(story, "completed", states="COMPLETED")
        runs.fetch_files(network.client, ended, "output", tmp_path / name)
        assert (tmp_path / name / "model.txt" / "who").read_text().strip() == name


def test_a_person_without_an_account_is_told_whom_to_ask(network: SudoNetwork, shared_folder: Path) -> None:
    story = GpuStory(network, shared_folder)
    planned = runs.plan(network.of("bob"), read_manifest(story.folder)).model_dump_json()
    assert f"You have no account at this site yet: ask {_SUPPORT} for one." in planned
    story.run = runs.submit(network.of("bob"), read_manifest(story.folder)).id
    wait_until(lambda: (seen := network.look(story.run)) and _SUPPORT in seen.words, "the run says whom to ask")
    assert not story.marker.exists()
    runs.cancel(network.client, story.run)


def test_the_agent_may_do_nothing_but_submit_and_cancel_as_people(network: SudoNetwork) -> None:
    asking = ("env", f"SLURM_CONF={network.cluster.site.slurm_conf_path}", "sudo", "-n")
    assert done_as(network.agent, *asking, "-u", network.ada, "--", _SBATCH, "--version").returncode == 0
    for command in (["--", "id"], ["-u", network.ada, "--", "id"], ["--", _SBATCH, "--version"]):
        assert "sudo: a password is required" in done_as(network.agent, *asking, *command).stderr, command


def test_a_run_that_is_cancelled_is_cancelled_as_its_account(network: SudoNetwork, shared_folder: Path) -> None:
    story = GpuStory(network, shared_folder)
    story.running()
    runs.cancel(network.client, story.run)
    network.check(story, "cancelled_by_user", states="CANCELLED")


def test_a_run_killed_with_its_keeper_ends_and_says_what_could_not_be_read(
    network: SudoNetwork, shared_folder: Path
) -> None:
    story = GpuStory(network, shared_folder, last=f"{_PRIVATE_OUTPUT}; kill -9 $PPID")
    story.submit()
    story.go_on.touch()
    ended = network.settled(story.run)
    assert ended.reason == "killed_by_signal", ended.words
    assert "may be read by the run's own account alone" in runs.log(network.client, story.run).text


def test_folders_that_an_account_made_are_removed_when_their_time_is_over(
    network: SudoNetwork, shared_folder: Path
) -> None:
    story = GpuStory(network, shared_folder, last=f"{_PRIVATE_OUTPUT}; mkdir -p -m 700 deep/er; touch deep/er/one")
    story.submit()
    story.go_on.touch()
    network.check(story, "completed", states="COMPLETED")
    folder = story.attempt_folder()
    assert folder.exists()
    network.keep_days = 0
    network.restart("agent")
    wait_until(lambda: not folder.exists(), "the attempt's folder is removed")
