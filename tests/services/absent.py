"""What a test does without a program that it needs."""

import contextlib
import os
from collections.abc import Iterator

import pytest

from tools.system_needs import MissingProgram


@contextlib.contextmanager
def had_or_skipped() -> Iterator[None]:
    """Skip the test when a program cannot be had; fail it in continuous integration, where a skip hides a gap."""
    try:
        yield
    except MissingProgram as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))
