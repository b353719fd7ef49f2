"""What every test stands on: a home of its own, and real services that are started once and ended by their id."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# Settings are read when Django is first imported, which pytest-django does after this file.
HOME = Path(tempfile.mkdtemp(prefix="fabrica-tests-"))
os.environ["FABRICA_HOME"] = str(HOME)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fabrica.server.config.settings")
for _name in ("FABRICA_SERVER", "FABRICA_TOKEN", "FABRICA_STORAGE", "FABRICA_PUBLIC_URL", "FABRICA_OIDC_URL"):
    os.environ.pop(_name, None)  # what a developer has set for themselves must not reach a test

from tests.services.oidc import OpenIdProvider, openid_provider  # noqa: E402
from tests.services.postgresql import postgresql  # noqa: E402
from tests.services.s3 import S3, s3  # noqa: E402
from tools.system_needs import MissingProgram, program  # noqa: E402


def pytest_unconfigure() -> None:
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """Yield the URL of an empty PostgreSQL database of this session."""
    with _had_or_skipped(), postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    """Yield an S3 server with one empty bucket, which refuses wrong credentials."""
    with _had_or_skipped(), s3() as server:
        yield server


@pytest.fixture(scope="session")
def oidc() -> Iterator[OpenIdProvider]:
    """Yield an OpenID provider with one client and one person."""
    with _had_or_skipped(), openid_provider() as provider:
        yield provider


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Return the browser to drive."""
    with _had_or_skipped():
        return program("chromium")


@contextlib.contextmanager
def _had_or_skipped() -> Iterator[None]:
    """Skip the test when a program cannot be had; fail it in continuous integration, where a skip hides a gap."""
    try:
        yield
    except MissingProgram as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
