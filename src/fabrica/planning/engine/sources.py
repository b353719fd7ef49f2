"""Names that change with any line of some files; apart from `compiling`, so that they can be had without Numba."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def source_hash(sources: Iterable[Path]) -> str:
    """Return a name that changes with any line of these files."""
    return hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()[:16]
