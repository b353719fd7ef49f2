"""The user's own shelf of imported texts: one file a text, written whole, named by its hash."""

import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from fabrica.wire.questions import OfficialText, TextRefused

_ENDING = ".json"


def put(text: OfficialText, shelf: Path) -> Path:
    """Keep a text, readable by its owner alone, and return its file. The same file imported again takes its place."""
    shelf.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = shelf / f"{text.sha256}{_ENDING}"
    new = shelf / f".{text.sha256}.{os.getpid()}"
    try:
        new.touch(mode=0o600)
        new.write_text(text.model_dump_json(), encoding="utf-8")
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
    return file


def texts(shelf: Path) -> tuple[OfficialText, ...]:
    """Return the texts of a shelf, by title; none where there is no shelf. Files that stay as they are, are read once.

    Raises:
        TextRefused: a file there is not as it was written; says which.
    """
    looks = ((file, file.stat()) for file in sorted(shelf.glob(f"*{_ENDING}")))
    return _read(tuple((file, look.st_mtime_ns, look.st_size, look.st_ino) for file, look in looks))


@lru_cache(maxsize=2)
def _read(files: tuple[tuple[Path, int, int, int], ...]) -> tuple[OfficialText, ...]:
    return tuple(sorted(_texts(file for file, *_ in files), key=lambda one: (one.title, one.sha256)))


def _texts(files: Iterable[Path]) -> Iterator[OfficialText]:
    for file in files:
        try:
            yield OfficialText.model_validate_json(file.read_bytes())
        except (ValidationError, OSError):
            raise TextRefused(
                f"{file.name} on the shelf cannot be read.", remedy=f"Delete {file} and import the text again."
            ) from None
