"""Real Slurm clusters as pytest fixtures; a test that uses one is marked `slurm`."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.absent import had_or_skipped
from tests.services.slurm import releases
from tests.services.slurm.cluster import SlurmCluster
from tools.system_needs import MissingProgram


@pytest.fixture
def slurm_mini() -> Iterator[SlurmCluster]:
    """Yield a cluster of two nodes without accounting, of this test alone. It starts in a tenth of a second."""
    with cluster(name="alpha") as started:
        yield started


@pytest.fixture(scope="session")
def slurm_full() -> Iterator[SlurmCluster]:
    """Yield a cluster with accounting and REST, of all tests of this process. It starts in a few seconds."""
    with cluster(name="beta", accounting=True, rest=True) as started:
        yield started


@pytest.fixture
def make_slurm() -> Iterator[Callable[..., SlurmCluster]]:
    """Yield a function that starts a cluster with the keywords of `SlurmCluster`, until the test ends."""
    with contextlib.ExitStack() as started:
        yield lambda **options: started.enter_context(cluster(**options))


def every_release() -> list[str | None]:
    """Return what `cluster` takes as `release`: this machine's own, and those that FABRICA_SLURM_RELEASES names."""
    return [None, *releases.wanted()]


def named(release: str | None) -> str:
    """Return what a release is called in the names of tests."""
    return release or "own"


@contextlib.contextmanager
def cluster(*, release: str | None = None, **options: Any) -> Iterator[SlurmCluster]:
    """Yield a started cluster in a new folder with a short path; the folder goes at the end."""
    if release is not None:
        options["root"] = _root_or_skipped(release)
    folder = Path(tempfile.mkdtemp(prefix="fabrica-slurm-"))
    try:
        with had_or_skipped():
            made = SlurmCluster(folder, **options)
            made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _root_or_skipped(release: str) -> Path:
    try:
        return releases.release_root(release)
    except MissingProgram as missing:
        pytest.skip(str(missing))
