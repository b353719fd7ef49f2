"""A site in a network of its own calls out, and nobody calls in."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.flows.home import wait_until
from tests.services.slurm.cluster import SlurmCluster
from tests.services.slurm.namespace import SiteNetwork

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]

_CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2)"


@pytest.fixture
def network() -> Iterator[SiteNetwork]:
    made = SiteNetwork(Path(tempfile.gettempdir()) / f"fabrica-network-{os.getpid()}")
    made.create()
    yield made
    made.remove()
    assert not made.exists()


def connects(address: str, port: int, prefix: list[str] | None = None) -> bool:
    command = [*(prefix or []), sys.executable, "-c", _CONNECT, address, str(port)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_site_calls_out_and_is_not_called_and_goes_on_when_cut_off(
    network: SiteNetwork, make_slurm: Callable[..., SlurmCluster]
) -> None:
    site = make_slurm(name="alpha", prefix=network.prefix)
    with socket.create_server((network.hub_address, 0)) as hub:
        port = hub.getsockname()[1]
        assert connects(network.hub_address, port, network.prefix)
        assert not connects(network.site_address, site.site.slurmctld_port)
        network.cut()
        assert not connects(network.hub_address, port, network.prefix)
        job = site.command("sbatch", "--parsable", "--output=/dev/null", "--wrap", "true").strip()
        row = ("squeue", "--noheader", "--states=all", f"--jobs={job}", "--format=%T")
        wait_until(lambda: site.command(*row).strip() == "COMPLETED", "the site goes on alone")
        network.mend()
        wait_until(lambda: connects(network.hub_address, port, network.prefix), "the link is back")
