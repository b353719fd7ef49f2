"""The test bed of Slurm does what the tests that stand on it believe."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.home import ROOT, wait_until
from tests.services.slurm import processes
from tests.services.slurm.cluster import SlurmCluster

pytestmark = pytest.mark.slurm

Start = Callable[..., SlurmCluster]


def submit(cluster: SlurmCluster, script: str, *options: str, **more: str) -> str:
    output = cluster.folder / "log" / "%j.txt"
    asked = ["sbatch", "--parsable", f"--output={output}", *options, "--wrap", script]
    return cluster.command(*asked, **more).strip()  # type: ignore[arg-type]  # `user` alone is given


def state(cluster: SlurmCluster, job: str) -> str:
    """Return the state of a job that is queued or ended less than five minutes ago."""
    return cluster.command("squeue", "--noheader", "--states=all", f"--jobs={job}", "--format=%T").strip()


def wait_for(cluster: SlurmCluster, job: str, wanted: str) -> None:
    wait_until(lambda: state(cluster, job) == wanted, f"job {job} is {wanted}")


def said(cluster: SlurmCluster, job: str) -> list[str]:
    return (cluster.folder / "log" / f"{job}.txt").read_text().splitlines()


def test_a_job_gets_its_gpus_on_two_nodes(slurm_mini: SlurmCluster) -> None:
    job = submit(
        slurm_mini, "srun sh -c 'echo $SLURMD_NODENAME $CUDA_VISIBLE_DEVICES'", "--nodes=2", "--gres=gpu:h100:3"
    )
    wait_for(slurm_mini, job, "COMPLETED")
    assert sorted(said(slurm_mini, job)) == ["alpha-n1 0,1,2", "alpha-n2 0,1,2"]


def test_two_clusters_side_by_side_refuse_each_others_tokens(slurm_mini: SlurmCluster, make_slurm: Start) -> None:
    other = make_slurm(name="gamma", nodes=3, cpus_per_node=16, gpus_per_node=2, gpu_type="a100")
    assert other.command("sinfo", "--noheader", "--format=%D %G %c").split() == ["3", "gpu:a100:2", "16"]
    token = slurm_mini.command("munge", f"--socket={slurm_mini.site.munge_socket}", "--no-input")
    decode = ("unmunge", "--metadata=/dev/null")
    assert slurm_mini.command(*decode, f"--socket={slurm_mini.site.munge_socket}", stdin=token) == ""
    with pytest.raises(RuntimeError, match="Invalid credential"):
        other.command(*decode, f"--socket={other.site.munge_socket}", stdin=token)


def test_jobs_and_their_orphans_end_with_their_cluster(make_slurm: Start) -> None:
    cluster = make_slurm(name="alpha")
    job = submit(cluster, "setsid sleep 3600 & env -i sleep 3600")
    wait_for(cluster, job, "RUNNING")
    wait_until(lambda: len(_sleepers(cluster)) == 2, "both processes of the job run")
    sleepers = {pid: processes.started_at(pid) for pid in _sleepers(cluster)}
    daemons = {pid: processes.started_at(pid) for pid in processes.of_site(cluster.folder)}
    assert set(sleepers) < set(daemons)
    cluster.stop()
    assert not [pid for pid, started in daemons.items() if started and processes.started_at(pid) == started]
    assert str(cluster.folder) not in Path("/proc/self/mounts").read_text()
    cluster.stop()


def _sleepers(cluster: SlurmCluster) -> list[int]:
    found = processes.of_site(cluster.folder)
    return [pid for pid in found if Path(f"/proc/{pid}/comm").read_text() == "sleep\n"]


def test_a_killed_controller_comes_back_with_its_jobs(slurm_mini: SlurmCluster) -> None:
    waits = submit(slurm_mini, "true", "--begin=now+1hour", "--job-name=not-forgotten")
    saved = slurm_mini.folder / "state" / "job_state"  # a controller killed before it saves, forgets the job
    wait_until(lambda: saved.exists() and b"not-forgotten" in saved.read_bytes(), "the controller saves its jobs")
    slurm_mini.kill("slurmctld")
    slurm_mini.restart("slurmctld")
    assert state(slurm_mini, waits) == "PENDING"
    slurm_mini.command("scontrol", "update", f"JobId={waits}", "StartTime=now")
    wait_for(slurm_mini, waits, "COMPLETED")


def test_every_daemon_can_be_killed_and_started_again(slurm_full: SlurmCluster) -> None:
    daemons: list[tuple[str, int | None]] = [("munged", None), ("slurmdbd", None), ("slurmd", 1), ("slurmrestd", None)]
    for daemon, node in daemons:
        before = slurm_full.pid(daemon, node)
        slurm_full.kill(daemon, node)
        with pytest.raises(AssertionError, match="does not run"):
            slurm_full.pid(daemon, node)
        slurm_full.restart(daemon, node)
        assert slurm_full.pid(daemon, node) != before
    job = submit(slurm_full, "true")
    wait_until(lambda: state(slurm_full, job) == "COMPLETED", "a job runs after all that")


def test_accounting_keeps_what_a_job_used_and_stops_who_is_over_the_limit(slurm_full: SlurmCluster) -> None:
    slurm_full.add_account("small", GrpTRESMins="gres/gpu=10")
    slurm_full.add_user(slurm_full.site.user, "small")
    greedy = submit(slurm_full, "true", "--account=small", "--gres=gpu:4", "--time=5")
    modest = submit(slurm_full, "true", "--gres=gpu:1")
    wait_for(slurm_full, modest, "COMPLETED")
    row = ("sacct", "--noheader", "--parsable2", "--allocations", f"--jobs={modest}", "--format=State,AllocTRES")
    wait_until(lambda: "COMPLETED" in slurm_full.command(*row), "the end is accounted")
    assert "gres/gpu=1" in slurm_full.command(*row)
    why = slurm_full.command("squeue", "--noheader", f"--jobs={greedy}", "--format=%r").strip()
    assert why == "AssocGrpGRESMinutes"
    slurm_full.command("scancel", greedy)


def test_rest_answers_to_a_token_and_to_nobody_else(slurm_full: SlurmCluster) -> None:
    user = slurm_full.site.user
    headers = {"X-SLURM-USER-NAME": user, "X-SLURM-USER-TOKEN": slurm_full.token(user)}
    address = f"{slurm_full.rest_url}/slurm/v0.0.38/ping"
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=30) as answer:
        assert json.load(answer)["pings"][0]["ping"] == "UP"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(address, timeout=30)


def test_a_cluster_ends_when_the_test_run_that_started_it_is_killed(tmp_path: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", _START_AND_WAIT], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert starter.stdout
    folder = Path(starter.stdout.readline().strip())
    assert processes.of_site(folder)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    wait_until(lambda: not processes.of_site(folder) and not folder.exists(), "the cluster is gone")


_START_AND_WAIT = """
import time
from tests.services.slurm.fixtures import cluster
with cluster(name="alpha", nodes=1) as started:
    print(started.folder, flush=True)
    time.sleep(600)
"""


def test_a_shell_that_only_points_at_a_cluster_is_not_part_of_it(slurm_mini: SlurmCluster) -> None:
    shell = subprocess.Popen(["sleep", "600"], env=slurm_mini.environment)
    try:
        assert shell.pid not in processes.of_site(slurm_mini.folder)
    finally:
        shell.kill()
        shell.wait()


@pytest.mark.parametrize("mode", [0o700, 0o775])
def test_a_cluster_starts_in_a_folder_of_whatever_mode(mode: int) -> None:
    above = Path(tempfile.mkdtemp(prefix="fabrica-slurm-"))
    above.chmod(mode)
    try:
        with SlurmCluster(above / "site", name="alpha", nodes=1, rest=True) as cluster:
            assert cluster.command("srun", "echo", "here") == "here\n"
            assert cluster.runs("slurmrestd")
    finally:
        shutil.rmtree(above)
