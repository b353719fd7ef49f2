"""The benches that engines are held against, and real Slurm clusters of one node each for the whole session."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fabrica.engines.contract import Engine
from fabrica.values.files import write_private
from tests.contracts.engine_benches import SLURM_CONF, Bench
from tests.services.slurm.cluster import SlurmCluster
from tests.services.slurm.configuration import Partition
from tests.services.slurm.fixtures import cluster

_ONE_NODE: dict[str, Any] = {
    "nodes": 1,
    "cpus_per_node": 2,
    "gpus_per_node": 0,
    "partitions": (Partition("batch", default=True),),
}


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """Return a bench of the kind that the module asks for, over its cluster where it has one."""
    kind: type[Bench] = request.param
    if kind.cluster is not None:
        request.getfixturevalue(kind.cluster)
    return kind(tmp_path)


@pytest.fixture
def engine(bench: Bench) -> Iterator[Engine]:
    with bench.opened() as opened:
        yield opened


@pytest.fixture(scope="session")
def slurm_queue_only() -> Iterator[SlurmCluster]:
    """Yield a cluster without accounting."""
    with cluster(name="mini", **_ONE_NODE) as started:
        os.environ[SLURM_CONF.format("SLURM_QUEUE_ONLY")] = str(started.site.slurm_conf_path)
        yield started


@pytest.fixture(scope="session")
def slurm_accounted() -> Iterator[SlurmCluster]:
    """Yield a cluster with accounting and REST."""
    with cluster(name="full", accounting=True, rest=True, **_ONE_NODE) as started:
        conf = started.site.slurm_conf_path
        (conf.parent / "rest.url").write_text(started.rest_url)
        write_private(conf.parent / "token", started.token(started.site.user))
        os.environ[SLURM_CONF.format("SLURM_ACCOUNTED")] = str(conf)
        yield started
