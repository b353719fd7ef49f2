"""Logs that tests start from: real ones, and ones made of parts."""

import io
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
HEADER = "header.json"
JSON_LOG = (DATA / "inspect.json").read_bytes()


@cache
def deflate_log() -> bytes:
    """Return a real log in the `.eval` form."""
    return (DATA / "inspect-deflate.eval").read_bytes()


def inspect_header(**changes: Any) -> bytes:
    """Return the header of a real log with some of its parts changed."""
    with zipfile.ZipFile(DATA / "inspect-deflate.eval") as archive:
        header = json.loads(archive.read(HEADER))
    return json.dumps(header | changes).encode()


def packed(members: dict[str, bytes]) -> bytes:
    """Return an archive."""
    packing = io.BytesIO()
    with zipfile.ZipFile(packing, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packing.getvalue()
