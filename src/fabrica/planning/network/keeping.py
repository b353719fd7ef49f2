"""Keep results of parts of a network between commands, under names that change with all they depend on."""

import os
import secrets
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy

from fabrica.planning.network.sums import Tally

FILES_MAX = 500


def kept(key: str) -> Tally | None:
    """Return a kept result; null where there is none that can be read."""
    folder = _folder()
    if folder is None:
        return None
    try:
        with numpy.load(folder / f"{key}.npz", allow_pickle=False) as file:
            return Tally(*(file[name] for name in Tally._fields))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def keep(key: str, tally: Tally) -> None:
    """Keep a result, whole or not at all, where that can be; the oldest go when there are many."""
    folder = _folder()
    if folder is None:
        return
    half = folder / f".{secrets.token_hex(8)}.npz"
    with suppress(OSError):
        try:
            with half.open("xb") as file:
                numpy.savez_compressed(file, **tally._asdict())
            half.rename(folder / f"{key}.npz")
        finally:
            half.unlink(missing_ok=True)
        by_age = sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime)
        for old in by_age[:-FILES_MAX]:
            old.unlink(missing_ok=True)


def _folder() -> Path | None:
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = home / "fabrica" / "network-results"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (OSError, RuntimeError):
        return None
    return folder
