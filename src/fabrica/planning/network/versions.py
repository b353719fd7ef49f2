"""Names that change with any line of code that can change a result."""

import functools
import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parents[2]
_RESULTS = ("planning/network", "planning/engine", "planning/scenarios", "planning", "placement", "reference")


@functools.cache
def results_hash() -> str:
    """Return a name that changes with any line that can change a result of the network."""
    sources = (path for folder in _RESULTS for path in sorted((PACKAGE / folder).glob("*.py")))
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()[:16]
