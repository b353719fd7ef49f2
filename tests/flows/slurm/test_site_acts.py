"""Operators and policy of a real Slurm act on a run: requeue, preemption, cancel, drain."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
        wait_until(lambda: _has_run_a_second(network, job), "the first start is worth a second")
        network.cluster.command("scontrol", "requeue", job)
        wait_until(lambda: network.state(job).startswith("PENDING"), "the job waits again")
        network.wait_for_words(story, "Slurm starts it again a little later.")
        network.cluster.start_soon(job)
        wait_until(lambda: story.starts() == 2, "the run starts again")
        wait_until(lambda: _has_run_a_second(network, job), "the second start is worth a second")
        story.go_on.touch()
        ended = network.check(story, "completed", starts=2, states="REQUEUED COMPLETED")
    assert ended.charged_milliseconds >= 2_000  # two starts of a second at least


def _has_run_a_second(network: SlurmNetwork, job: str) -> bool:
    told = network.cluster.command("squeue", "--noheader", "--states=RUNNING", "--format=%M", f"--jobs={job}").strip()
    return told not in ("", "0:00")


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


def test_a_drained_site_offers_no_device_and_holds_the_run_in_words_until_it_is_back(
    network: SlurmNetwork, story: GpuStory
) -> None:
    with _drained(network, *network.cluster.node_names):
        wait_until(lambda: network.devices_free() == 0, "the server knows that no device is free")
        story.submit()
        network.wait_for_words(story, "wait until the site takes new runs again")
    story.wait_for_start()
    story.go_on.touch()
    network.check(story, "completed", states="COMPLETED")


def test_a_run_that_needs_a_drained_node_waits_in_slurms_words_until_it_is_back(
    network: SlurmNetwork, tmp_path: Path
) -> None:
    story = GpuStory(network, tmp_path, nodes=2)
    with _drained(network, network.cluster.node_names[0]):
        story.submit()
        network.wait_for_words(story, "Nodes that it needs are drained, down or reserved.")
    story.wait_for_start()
    story.go_on.touch()
    network.check(story, "completed", starts=2, states="COMPLETED")  # once on each node


@contextmanager
def _drained(network: SlurmNetwork, *nodes: str) -> Iterator[None]:
    """Let nodes take no work meanwhile."""
    names = ",".join(nodes)
    network.cluster.command("scontrol", "update", f"NodeName={names}", "State=DRAIN", "Reason=cooling")
    try:
        yield
    finally:
        network.cluster.command("scontrol", "update", f"NodeName={names}", "State=RESUME")
