"""What the tests of several engines share."""

from collections.abc import Iterator

import pytest

from tests.services.absent import had_or_skipped
from tests.services.apptainer import Apptainer, apptainer


@pytest.fixture(scope="session")
def real_apptainer() -> Iterator[Apptainer]:
    """Yield a real Apptainer, of all tests of this process."""
    with had_or_skipped(), apptainer() as found:
        yield found
