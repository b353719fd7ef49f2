"""One real Slurm with accounting, and one network over it, for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.home import Home
from tests.flows.slurm.network import GpuStory, SlurmNetwork, make_slurm_template
from tests.services.slurm.cluster import SlurmCluster
from tests.services.slurm.fixtures import cluster, every_release, named

EXTRA_CONF = "SlurmdTimeout=4"
"""A dead slurmd is looked for sooner than on a real site."""


@pytest.fixture(scope="session")
def slurm_template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return make_slurm_template(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture(scope="session", params=every_release(), ids=named)
def site(request: pytest.FixtureRequest) -> Iterator[SlurmCluster]:
    with cluster(
        release=request.param,
        name="north",
        nodes=2,
        cpus_per_node=4,
        gpus_per_node=2,
        accounting=True,
        rest=True,
        extra_conf=EXTRA_CONF,
    ) as started:
        yield started


@pytest.fixture(scope="session")
def shared(
    slurm_template: Home, site: SlurmCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SlurmNetwork]:
    made = SlurmNetwork(slurm_template, tmp_path_factory.mktemp("network") / "home", site)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def network(shared: SlurmNetwork) -> SlurmNetwork:
    """The network that most tests share, with every process and every daemon up again."""
    shared.cluster.mend()
    shared.make_whole()
    return shared


@pytest.fixture
def story(network: SlurmNetwork, tmp_path: Path) -> GpuStory:
    return GpuStory(network, tmp_path)
