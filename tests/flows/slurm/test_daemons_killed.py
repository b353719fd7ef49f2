"""Daemons of a real Slurm die under a run: nothing starts twice, nothing is lost, and the user reads what happened."""

import time
from pathlib import Path

import pytest

from fabrica.sdk import runs
from tests.flows.home import wait_until
from tests.flows.slurm.network import SLOW, GpuStory, SlurmNetwork

pytestmark = pytest.mark.slurm


def test_slurmdbd_down_from_start_to_end_loses_no_second(network: SlurmNetwork, story: GpuStory) -> None:
    site = network.cluster
    site.kill("slurmdbd")
    story.running()
    story.go_on.touch()
    network.settled(story.run)
    site.restart("slurmdbd")
    network.check(story, "completed", states="COMPLETED")


@SLOW
def test_a_controller_killed_right_after_a_start_forgets_it_and_starts_nothing_twice(
    network: SlurmNetwork, story: GpuStory
) -> None:
    site = network.cluster
    story.submit()
    story.wait_for_start()
    site.kill("slurmctld")
    site.restart("slurmctld")
    job = network.job(story)
    wait_until(lambda: not network.state(job).startswith("PENDING"), "Slurm has decided about the job")
    wait_until(lambda: story.starts() == 2 or "RUNNING" in network.state(network.job(story)), "a job runs")
    story.go_on.touch()
    ended = network.settled(story.run)
    reasons = [str(attempt.reason) for attempt in ended.attempts]
    assert reasons in (["completed"], ["process_vanished", "completed"])  # a controller may have saved the start
    if reasons == ["completed"]:
        network.check(story, "completed", states="COMPLETED")
        return
    story.check(*reasons)  # of the first start Slurm has forgotten some seconds, so its rows say less than was seen
    forgotten, last = ended.attempts
    assert "Slurm's controller" in forgotten.words
    assert "had started" in forgotten.words
    assert forgotten.charged_milliseconds == 0
    rows = wait_until(lambda: network.accounted_rows(last.id), f"{last.id} is accounted")  # which is some seconds late
    assert sum(milliseconds for _, _, milliseconds in rows) == last.charged_milliseconds


def test_an_array_half_finished_when_the_controller_dies_is_finished_and_charged_whole(
    network: SlurmNetwork, tmp_path: Path
) -> None:
    site = network.cluster
    story = GpuStory(network, tmp_path, tasks=8)
    go_on = [tmp_path / f"go-on{task}" for task in range(8)]
    story.submit()
    wait_until(lambda: story.starts() == 4, "as many tasks as there are GPUs run")
    for file in go_on[:4]:
        file.touch()
    wait_until(lambda: story.starts() == 8, "the other half runs")
    wait_until(lambda: network.look(story.run).state == "running", "it runs")  # type: ignore[union-attr]
    saved, before = site.folder / "state" / "job_state", time.time()
    site.command("scontrol", "update", f"JobId={network.job(story)}", "Comment=saved")  # else it may have saved before
    wait_until(lambda: saved.stat().st_mtime > before, "the controller has saved the starts")
    site.kill("slurmctld")
    for file in go_on[4:6]:
        file.touch()  # they end while nobody hears it
    wait_until(lambda: network.inventory().silent_since, "the site tells that its Slurm is silent")
    site.restart("slurmctld")
    for file in go_on[6:]:
        file.touch()
    ended = network.check(story, "completed", jobs=8, starts=8, states=" ".join(["COMPLETED"] * 8))
    assert ended.charged_milliseconds > 0


def test_a_node_failure_that_slurm_mends_by_itself_goes_on_from_the_checkpoint_and_both_starts_are_charged(
    network: SlurmNetwork, tmp_path: Path
) -> None:
    site = network.cluster
    step = '"$FABRICA_CHECKPOINT/step"'
    story = GpuStory(network, tmp_path, first=f"n=$(cat {step} || echo 0); echo goes on from $n; echo 7 > {step}")
    manifest = story.folder / "fabrica.toml"
    manifest.write_text(f'checkpoint = "saved"\n{manifest.read_text()}')
    with network.engine_with(partitions=[network.partition | {"requeue": True}]):
        job = story.running()
        node = site.command("squeue", "--noheader", f"--jobs={job}", "--format=%N").strip()
        number = site.node_names.index(node) + 1
        site.kill("slurmd", number)
        wait_until(lambda: network.state(job).startswith("PENDING"), "Slurm has put it back into its queue")
        site.start_soon(job)
        wait_until(lambda: story.starts() == 2, "it starts again on the other node")
        site.restart("slurmd", number)
        story.go_on.touch()
        ended = network.check(story, "completed", starts=2, states="NODE_FAIL COMPLETED")
    log = runs.log(network.client, ended.id).text
    assert "goes on from 0\n" in log
    assert "goes on from 7\n" in log
    assert ended.charged_milliseconds > 0


def test_a_dead_slurmd_costs_the_user_nothing_and_the_run_goes_on_elsewhere(
    network: SlurmNetwork, story: GpuStory
) -> None:
    site = network.cluster
    job = story.running()
    node = site.command("squeue", "--noheader", f"--jobs={job}", "--format=%N").strip()
    number = site.node_names.index(node) + 1
    site.kill("slurmd", number)
    wait_until(lambda: story.starts() == 2, "the run starts again on the other node")
    site.restart("slurmd", number)
    story.go_on.touch()
    ended = network.check(story, "node_failed", "completed", states="NODE_FAIL COMPLETED")
    assert "A node it held failed. Slurm says: NODE_FAIL." in ended.attempts[0].words
    assert ended.attempts[0].charged_milliseconds == 0
