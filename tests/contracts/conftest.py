"""The benches that engines are held against, and real Slurm clusters of one node each for the whole session."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fabrica.engines.contract import Engine
from tests.contracts.engine_benches import Bench, SlurmBench
from tests.services.slurm.cluster import SlurmCluster
from tests.services.slurm.configuration import Partition
from tests.services.slurm.fixtures import cluster

_Clusters = Callable[[str | None, bool], SlurmCluster]


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path, slurm_clusters: _Clusters) -> Bench:
    """Return a bench of the kind that the module asks for, over its release of Slurm where it has one."""
    kind: type[Bench]
    kind, release = request.param
    if issubclass(kind, SlurmBench):
        return kind(tmp_path, slurm_clusters(release, kind.accounting))
    return kind(tmp_path)


@pytest.fixture
def engine(bench: Bench) -> Iterator[Engine]:
    with bench.opened() as opened:
        yield opened


@pytest.fixture(scope="session")
def slurm_clusters() -> Iterator[_Clusters]:
    """Yield a function that gives the session's cluster of a release, with accounting and REST or with neither."""
    with contextlib.ExitStack() as started:

        @functools.cache
        def started_once(release: str | None, accounting: bool) -> SlurmCluster:
            return started.enter_context(
                cluster(
                    release=release,
                    name="full" if accounting else "mini",
                    nodes=1,
                    cpus_per_node=2,
                    gpus_per_node=0,
                    partitions=(Partition("batch", default=True),),
                    accounting=accounting,
                    rest=accounting,
                )
            )

        yield started_once
