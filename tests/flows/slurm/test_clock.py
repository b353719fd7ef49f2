"""The clock of a whole site, Slurm and agent, is an hour off: charges are Slurm's seconds, times are told right."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fabrica.sdk import sites
from fabrica.values.ids import SiteId
from tests.flows.home import ROOT, Home
from tests.flows.slurm.network import GpuStory, SlurmNetwork
from tests.services.slurm.fixtures import cluster

pytestmark = pytest.mark.slurm

_HOUR = 3600
_ROUNDING = timedelta(seconds=2)  # Slurm tells whole seconds


@pytest.fixture(params=[_HOUR, -_HOUR], ids=["ahead", "behind"])
def network(request: pytest.FixtureRequest, slurm_template: Home, tmp_path: Path) -> Iterator[SlurmNetwork]:
    """Yield a network whose site's daemons, commands, jobs and agent all see another time than the server."""
    prefix = _other_time(request.param)
    with cluster(name="east", prefix=prefix, cpus_per_node=4, gpus_per_node=2, accounting=True) as site:
        commands = str(site.folder / "bin")
        made = SlurmNetwork(slurm_template, tmp_path / "home", site, command_folder=commands)
        try:
            made.prefix = lambda name: [*prefix, *_sleeping(tmp_path)] if name == "agent" else []  # type: ignore[method-assign]
            made.make_whole()
            yield made
        finally:
            made.close()


def _other_time(seconds: int) -> list[str]:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.skip("libfaketime is not on this machine: apt-get install libfaketime")
    return ["env", f"LD_PRELOAD={found[0]}", f"FAKETIME={seconds:+d}", "FAKETIME_DONT_FAKE_MONOTONIC=1"]


def _sleeping(folder: Path) -> list[str]:
    """Let Python sleep by another call: the one it makes is refused by libfaketime 0.9.10."""
    (folder / "sitecustomize.py").write_text(
        "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds)\n"
    )
    return ["env", f"PYTHONPATH={folder}:{ROOT / 'src'}:{ROOT}"]


def test_a_site_whose_clock_is_an_hour_off_is_charged_by_the_second_and_told_by_our_clock(
    network: SlurmNetwork, tmp_path: Path
) -> None:
    before = datetime.now(UTC)
    story = GpuStory(network, tmp_path)
    story.running()
    running = datetime.now(UTC)
    story.go_on.touch()
    ended = network.check(story, "completed", states="COMPLETED")
    (attempt,) = ended.attempts
    assert attempt.started_at is not None
    assert attempt.ended_at is not None
    assert before - _ROUNDING <= attempt.started_at <= running + _ROUNDING
    assert running - _ROUNDING <= attempt.ended_at <= datetime.now(UTC)
    agent = sites.site(network.client, SiteId(network.site_id)).agent
    assert agent is not None
    assert agent.clock_difference_seconds is not None
    assert abs(abs(agent.clock_difference_seconds) - _HOUR) < 60
    assert "which corrects the times it is told" in network.said("agent")
