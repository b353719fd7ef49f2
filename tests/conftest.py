"""What every test stands on: a home of its own, and real services that are started once and ended by their id."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How fast the machine is that day says nothing about a promise.
settings.register_profile("fabrica", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fabrica")

# Settings are read when Django is first imported, which pytest-django does after this file.
HOME = Path(tempfile.mkdtemp(prefix="fabrica-tests-"))
os.environ["FABRICA_HOME"] = str(HOME)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fabrica.server.config.settings")
for _name in ("FABRICA_SERVER", "FABRICA_TOKEN", "FABRICA_STORAGE", "FABRICA_PUBLIC_URL", "FABRICA_OIDC_URL"):
    os.environ.pop(_name, None)  # what a developer has set for themselves must not reach a test

from tests.services.absent import had_or_skipped  # noqa: E402
from tests.services.oidc import OpenIdProvider, openid_provider  # noqa: E402
from tests.services.postgresql import postgresql  # noqa: E402
from tests.services.s3 import S3, s3  # noqa: E402
from tests.services.slurm.fixtures import make_slurm, slurm_full, slurm_mini  # noqa: E402, F401
from tools.system_needs import program  # noqa: E402

_SERVICES = {"postgresql_url", "s3_server", "oidc"}


@pytest.hookimpl(tryfirst=True)  # before the tests are chosen by their markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _SERVICES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("processes")


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """Yield the URL of an empty PostgreSQL database of this session."""
    with had_or_skipped(), postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """Yield an S3 server with one empty bucket, which refuses wrong credentials."""
    with s3() as server:
        yield server


@pytest.fixture(scope="session")
def oidc() -> Iterator[OpenIdProvider]:
    """Yield an OpenID provider with one client and one person."""
    with openid_provider() as provider:
        yield provider


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Return the browser to drive."""
    with had_or_skipped():
        return program("chromium")
