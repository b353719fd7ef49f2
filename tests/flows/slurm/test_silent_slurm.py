"""A Slurm that gives no answer: what the site has stays known, and runs wait for it instead of being refused."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.flows.home import wait_until
from tests.flows.slurm.network import GpuStory, SlurmNetwork

pytestmark = pytest.mark.slurm


def test_an_agent_that_starts_beside_a_silent_slurm_tells_what_it_knew_and_a_run_waits_for_it(
    network: SlurmNetwork, story: GpuStory
) -> None:
    before = network.inventory()
    network.kill("agent")
    network.cluster.kill("slurmctld")
    _silent_for(network, timedelta(minutes=3))
    network.start("agent")
    silent = wait_until(lambda: (told := network.inventory()).silent_since and told, "the silence is told")
    assert [one.devices_total for one in silent.partitions] == [one.devices_total for one in before.partitions]
    story.submit()
    network.wait_for_words(story, "wait until the site's scheduler answers again")
    network.cluster.restart("slurmctld")
    story.go_on.touch()
    network.check(story, "completed", states="COMPLETED")
    assert network.inventory().silent_since is None


def test_a_run_is_not_refused_while_what_the_site_has_was_never_told(network: SlurmNetwork, story: GpuStory) -> None:
    network.kill("agent")
    network.cluster.kill("slurmctld")
    (network.site / "engine" / "inventory.json").unlink()
    with network.engine_with(command_seconds=2):  # else each question waits for Slurm's own patience
        silent = wait_until(lambda: (told := network.inventory()).silent_since and told, "the silence is told")
        assert [(one.nodes, one.devices_total) for one in silent.partitions] == [(None, None)]
        story.submit()
        network.wait_for_words(story, "Slurm does not answer now")
        network.cluster.restart("slurmctld")
        story.go_on.touch()
        network.check(story, "completed", states="COMPLETED")


def _silent_for(network: SlurmNetwork, age: timedelta) -> None:
    """Let the agent find, when it starts, that Slurm has been silent for that long."""
    place = network.site / "engine" / "inventory.json"
    known = json.loads(place.read_text())
    place.write_text(json.dumps(known | {"silent_since": (datetime.now(UTC) - age).isoformat()}))
