"""Newer releases of Slurm run in the same test bed as this machine's."""

import subprocess
from pathlib import Path

import pytest

from tests.flows.home import wait_until
from tests.services.slurm import releases
from tests.services.slurm.fixtures import cluster

pytestmark = pytest.mark.slurm


@pytest.mark.parametrize("release", releases.RELEASES)
def test_a_newer_release_runs_a_job_with_gpus_and_accounts_it(release: str) -> None:
    if release not in releases.wanted():
        pytest.skip(f"name {release} in {releases.WANTED} to try it; it is a download")
    with cluster(release=release, name="alpha", accounting=True) as newer:
        known = newer.environment
        version = subprocess.run(["sinfo", "--version"], env=known, capture_output=True, text=True, check=True)
        assert f" {release}." in version.stdout
        job = ["srun", "--nodes=2", "--gres=gpu:2", "sh", "-c", "echo $CUDA_VISIBLE_DEVICES $PWD"]
        ran = subprocess.run(job, env=known, capture_output=True, text=True, check=True, cwd="/tmp")
        assert ran.stdout.splitlines() == ["0,1 /tmp"] * 2
        row = ("sacct", "--noheader", "--parsable2", "--allocations", "--format=State,AllocTRES")
        wait_until(lambda: "COMPLETED" in newer.command(*row), "the job is accounted")
        assert "gres/gpu=4" in newer.command(*row)
    assert str(newer.folder) not in Path("/proc/self/mounts").read_text()
