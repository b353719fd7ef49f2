"""Small JSON files that are whole or absent, never half-written."""

import json
import os
from pathlib import Path
from typing import Any

from fabrica.values.files import sync, write_whole


def write_json(path: Path, value: dict[str, Any], *, durable: bool = False) -> None:
    """Put a JSON object at `path` in one step; `durable` also waits until it would survive a power cut."""
    write_whole(path, json.dumps(value).encode(), durable=durable)


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object at `path`; None when there is none, or it is no object."""
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def set_space_aside(path: Path, *, size_bytes: int = 16384) -> None:
    """Occupy `size_bytes` of disk at `path`, so that a last word can be written there when the disk is full.

    Raises:
        OSError: the disk is full already.
    """
    if not path.exists():
        write_whole(path, b" " * size_bytes, durable=False)


def write_json_in_place_of(reserved: Path, path: Path, value: dict[str, Any]) -> None:
    """Write a JSON object into the space that `reserved` occupies, then give it its name `path` in one step.

    The rest of the space stays filled with blanks, which JSON allows: no new disk block is asked for. A power cut may
    still undo it; `make_durable` waits until none can.
    """
    body = json.dumps(value).encode()
    with reserved.open("r+b") as file:
        size_bytes = file.seek(0, os.SEEK_END)
        file.seek(0)
        file.write(body.ljust(size_bytes))
    reserved.replace(path)


def make_durable(path: Path) -> None:
    """Wait until a file and its name would survive a power cut; one that is gone needs nothing."""
    try:
        sync(path)
    except FileNotFoundError:
        return
    sync(path.parent)
