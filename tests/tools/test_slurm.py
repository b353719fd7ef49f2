"""`make slurm` gives two real Slurm sites that runs go to, and `make slurm-down` leaves nothing of them."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.home import ROOT, Home, wait_until
from tests.services.slurm import processes
from tests.services.slurm.namespace import SiteNetwork

pytestmark = pytest.mark.slurm

SITES = ("slurm-north", "slurm-south")


class Sites:
    """The sites of one folder and the embedded network that they join."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "s"
        self.home = Home(folder / "home")

    def tool(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), env=self.home.environment, capture_output=True, text=True, check=False
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(ROOT / "tools" / "slurm.py"), *arguments, "--folder", str(self.folder)]

    def up(self, *options: str) -> dict[int, str | None]:
        """Start the sites and return their processes, each with its start."""
        done = self.tool("up", *options)
        assert done.returncode == 0, done.stdout + done.stderr
        return self.processes()

    def down(self) -> None:
        done = self.tool("down")
        assert done.returncode == 0, done.stdout + done.stderr

    def processes(self) -> dict[int, str | None]:
        found = {pid for name in SITES for pid in processes.of_site(self.folder / name)}
        found |= {pid for name in SITES for pid in processes.of_site(self.folder / f"{name}-agent")}
        return {pid: processes.started_at(pid) for pid in found}

    def nothing_is_left(self) -> bool:
        networks = [SiteNetwork(self.folder / name).exists() for name in SITES]
        return not self.processes() and not self.folder.exists() and not any(networks)


@pytest.fixture
def sites() -> Iterator[Sites]:
    folder = Path(tempfile.mkdtemp(prefix="fabrica-slurm-"))
    made = Sites(folder)
    yield made
    made.tool("down")
    made.home.fabrica("down")
    shutil.rmtree(folder, ignore_errors=True)


def test_a_run_goes_to_a_real_site_and_down_leaves_nothing(sites: Sites) -> None:
    first = sites.up()
    assert sites.up() == first, "the second start changes nothing"
    known = {site["id"]: site for site in sites.home.json("sites")["sites"]}
    assert all(known[name]["connected"] for name in SITES)
    assert (known["slurm-north"]["devices_total"], known["slurm-south"]["devices_total"]) == (8, 6)
    sites.home.fabrica("run", str(ROOT / "examples" / "slurm-hello"))
    run = sites.home.json("runs", "--limit", "1")["runs"][0]
    assert run["state"] == "succeeded"
    assert run["site"] == "slurm-north"
    sites.down()
    assert sites.nothing_is_left()
    sites.down()


@pytest.mark.parametrize("reached", ["north/run/munged", "north/run/slurmdbd", "south/run/slurmd-2"])
def test_a_start_that_was_cut_off_leaves_nothing_after_down(sites: Sites, reached: str) -> None:
    options = ["--namespaces"] if os.geteuid() == 0 else []
    starting = subprocess.Popen(
        sites.command("up", *options), env=sites.home.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until((sites.folder / f"slurm-{reached}.process").exists, f"the start reaches {reached}")
    starting.kill()
    starting.wait()
    assert sites.processes()
    sites.down()
    assert sites.nothing_is_left()
