"""Names that change with any line of code that can change a result."""

import functools
from pathlib import Path

from fabrica.planning.engine.sources import source_hash

PACKAGE = Path(__file__).parents[2]
_RESULTS = ("planning/network", "planning/engine", "planning/scenarios", "planning", "placement", "reference")


@functools.cache
def results_hash() -> str:
    """Return a name that changes with any line that can change a result of the network."""
    return source_hash(path for folder in _RESULTS for path in sorted((PACKAGE / folder).glob("*.py")))
