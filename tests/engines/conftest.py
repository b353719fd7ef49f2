"""What the tests of several engines share."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.services.apptainer import Apptainer, apptainer
from tools.system_needs import MissingProgram


@pytest.fixture(scope="session")
def real_apptainer() -> Iterator[Apptainer]:
    """Yield a real Apptainer, of all tests of this process; its Debian changes, so it may be missing."""
    with ExitStack() as opened:
        try:
            found = opened.enter_context(apptainer())
        except MissingProgram as missing:
            pytest.skip(str(missing))
        yield found
