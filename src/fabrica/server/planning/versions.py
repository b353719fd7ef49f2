"""With which facts a scenario was run: one fingerprint of the package's reference files."""

import hashlib
from functools import cache

from fabrica.reference.reading import FOLDER


@cache
def data_version() -> str:
    """Return the first 12 digits of the SHA-256 over every reference file, by name."""
    content = hashlib.sha256()
    for file in sorted(FOLDER.glob("*.yaml")):
        content.update(f"{file.name}\n".encode())
        content.update(file.read_bytes())
    return content.hexdigest()[:12]
