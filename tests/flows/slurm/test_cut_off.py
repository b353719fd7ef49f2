"""A site in a network of its own, whose one link goes down: its runs go on, and all of it is told when it is back."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.home import Home, wait_until
from tests.flows.slurm.network import GpuStory, SlurmNetwork
from tests.services.slurm.fixtures import cluster
from tests.services.slurm.namespace import SiteNetwork

pytestmark = pytest.mark.slurm


@pytest.fixture
def link() -> Iterator[SiteNetwork]:
    if os.geteuid() != 0:
        pytest.skip("a network namespace can only be made by root")
    made = SiteNetwork(Path(tempfile.gettempdir()) / f"fabrica-cut-{os.getpid()}")
    made.create()
    yield made
    made.remove()


@pytest.fixture
def network(slurm_template: Home, link: SiteNetwork, tmp_path: Path) -> Iterator[SlurmNetwork]:
    """Yield a network whose site, Slurm and agent, lives behind the link; the server is on this side."""
    with cluster(name="south", prefix=link.prefix, cpus_per_node=4, gpus_per_node=2, accounting=True) as site:
        made = SlurmNetwork(slurm_template, tmp_path / "home", site)
        made.prefix = lambda name: link.prefix if name in ("agent", "way-out") else []  # type: ignore[method-assign]
        try:
            made.start("serve")
            made.start("work")
            hub = f"{link.hub_address}:{made.port}"
            relay = ("-m", "tests.services.slurm.relay")
            made.start_program("way-in", *relay, hub, f"127.0.0.1:{made.port}")
            made.start_program("way-out", *relay, f"127.0.0.1:{made.port}", hub)
            made.make_whole()
            yield made
        finally:
            made.close()


def test_a_link_down_for_the_whole_life_of_a_run_and_beyond_loses_nothing(
    network: SlurmNetwork, link: SiteNetwork, tmp_path: Path
) -> None:
    story = GpuStory(network, tmp_path)
    story.running()
    folder = story.attempt_folder()
    link.cut()
    story.go_on.touch()
    wait_until((folder / "record" / "seal.json").exists, "the site seals the record by itself")
    network.restart("agent")  # it starts with no way to the server, and still knows the run
    run = network.look(story.run)
    assert run is not None
    assert run.state == "running"  # out of contact ends nothing
    link.mend()
    ended = network.check(story, "completed", states="COMPLETED")
    assert ended.charged_milliseconds > 0
