"""An agent of an earlier version, as it was, works under the server of today."""

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fabrica.sdk import runs, sites
from fabrica.sdk.manifest import read_manifest
from fabrica.values.ids import SiteId
from fabrica.wire.placement import Unsatisfiable
from tests.flows.home import ROOT, Home, write_run
from tests.flows.slurm.network import GpuStory, SlurmNetwork
from tests.services.slurm.cluster import SlurmCluster

pytestmark = pytest.mark.slurm

OLDER = "9eda023"
"""The commit whose agent is run: the first that ignores what a newer server adds; once there are releases, the last."""


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """Return the sources of the earlier version."""
    done = subprocess.run(["git", "archive", OLDER, "src"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"this checkout does not reach back to {OLDER}: git fetch --unshallow")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(tmp_path / "older", filter="data")
    return tmp_path / "older" / "src"


@pytest.fixture
def network(slurm_template: Home, site: SlurmCluster, older: Path, tmp_path: Path) -> Iterator[SlurmNetwork]:
    site.mend()
    made = SlurmNetwork(slurm_template, tmp_path / "home", site)
    made.prefix = lambda name: ["env", f"PYTHONPATH={older}"] if name == "agent" else []  # type: ignore[method-assign]
    try:
        made.make_whole()
        yield made
    finally:
        made.close()


def test_runs_of_an_earlier_agent_are_placed_told_and_charged_as_todays(network: SlurmNetwork, tmp_path: Path) -> None:
    if network.cluster.root is not None:
        pytest.skip("the earlier agent was never tried on this release of Slurm")
    story = GpuStory(network, tmp_path)
    story.running()
    story.go_on.touch()
    ended = network.check(story, "completed", states="COMPLETED")
    assert ended.charged_milliseconds > 0
    assert [one.path for one in ended.artifacts if one.kind == "output"] == ["model.txt"]
    failed = GpuStory(network, tmp_path / "failed", last="exit 3")
    failed.go_on.touch()
    failed.submit()
    network.check(failed, "exit_nonzero", states="FAILED")
    cancelled = GpuStory(network, tmp_path / "cancelled")
    cancelled.running()
    runs.cancel(network.client, cancelled.run)
    network.check(cancelled, "cancelled_by_user", states="CANCELLED")
    agent = sites.site(network.client, SiteId(network.site_id)).agent
    assert agent is not None
    assert agent.version is not None
    assert not (network.site / "engine" / "inventory.json").exists()  # which today's engine keeps: it was the older one


def test_an_earlier_agent_gets_no_shell_and_the_person_is_told_why(network: SlurmNetwork, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "shell", ["sh"], resource_class="gpu.h100")
    shell = read_manifest(folder, interactive={"kind": "shell", "idle_seconds": 60})
    with pytest.raises(Unsatisfiable) as refused:
        runs.submit(network.client, shell)
    here = next(one for one in refused.value.facts["candidates"] if one["site"] == network.site_id)
    assert here["reasons"] == ["The agent of this site is too old for interactive runs; its office updates it."]
