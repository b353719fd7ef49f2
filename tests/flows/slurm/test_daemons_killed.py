"""Daemons of a real Slurm die under a run: nothing starts twice, nothing is lost, and the user reads what happened."""

import pytest

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
    network.check(story, *reasons)
    if len(reasons) > 1:
        assert "Slurm's controller" in ended.attempts[0].words
        assert "had started" in ended.attempts[0].words
        assert ended.attempts[0].charged_milliseconds == 0


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
