"""Operators and policy of a real Slurm act on a run: requeue, preemption, cancel, drain."""

import pytest

from fabrica.values.states import RunState
from tests.flows.home import wait_until
from tests.flows.slurm.network import GpuStory, SlurmNetwork

pytestmark = pytest.mark.slurm


def test_a_job_cancelled_by_root_at_the_site_says_so_and_is_not_charged(network: SlurmNetwork, story: GpuStory) -> None:
    job = story.running()
    network.cluster.command("scancel", job)
    ended = network.check(story, "cancelled_at_site", states="CANCELLED")
    assert ended.state is RunState.CANCELLED
    assert "It was cancelled at the site by the site's user number 0, not by Fabrica." in ended.attempts[0].words
    assert ended.charged_milliseconds == 0


def test_a_run_that_an_operator_requeues_is_charged_for_both_starts(network: SlurmNetwork, story: GpuStory) -> None:
    with network.engine_with(partitions=[network.partition | {"requeue": True}]):
        job = story.running()
        network.cluster.command("scontrol", "requeue", job)
        wait_until(lambda: network.state(job).startswith("PENDING"), "the job waits again")
        network.wait_for_words(story, "Slurm starts it again a little later.")
        network.cluster.start_soon(job)
        wait_until(lambda: story.starts() == 2, "the run starts again")
        story.go_on.touch()
        ended = network.check(story, "completed", starts=2, states="REQUEUED COMPLETED")
    assert ended.charged_milliseconds > 0


def test_a_run_preempted_by_a_qos_is_not_charged_and_is_tried_again(network: SlurmNetwork, story: GpuStory) -> None:
    site = network.cluster
    site.command("sacctmgr", "--immediate", "add", "qos", "urgent", "Priority=1000", "Preempt=normal")
    site.command("sacctmgr", "--immediate", "modify", "user", site.site.user, "set", "qos+=urgent")
    story.running()
    asked = ("--gres=gpu:2", "--nodes=2", "--time=1", "--output=/dev/null")
    urgent = site.command("sbatch", "--parsable", "--qos=urgent", *asked, "--wrap", "sleep 60").strip()
    wait_until(lambda: story.words()[0], "the attempt has ended")
    site.command("scancel", urgent)
    wait_until(lambda: story.starts() == 2, "the run starts again")
    story.go_on.touch()
    ended = network.check(story, "preempted", "completed", states="PREEMPTED COMPLETED")
    assert "Slurm gave its devices to more urgent work." in ended.attempts[0].words
    assert ended.attempts[0].charged_milliseconds == 0


def test_a_drained_site_offers_no_device_and_the_run_waits_in_words_until_it_is_back(
    network: SlurmNetwork, story: GpuStory
) -> None:
    site = network.cluster
    nodes = ",".join(site.node_names)
    site.command("scontrol", "update", f"NodeName={nodes}", "State=DRAIN", "Reason=cooling")
    try:
        wait_until(lambda: network.devices_free() == 0, "the server knows that no device is free")
        story.submit()
        network.wait_for_words(story, "Nodes that it needs are drained, down or reserved.")
    finally:
        site.command("scontrol", "update", f"NodeName={nodes}", "State=RESUME")
    story.wait_for_start()
    story.go_on.touch()
    network.check(story, "completed", states="COMPLETED")
