"""Sealed records of runs, read from storage as values. A record never changes, so it is read once a process."""

import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from fabrica.record.reading import read_run
from fabrica.server.core.storage import open_storage
from fabrica.values.ids import RunId
from fabrica.wire.accounts import RecordedRun
from fabrica.wire.problems import FabricaError
from fabrica.wire.record import RecordRefused
from fabrica.wire.runs import Run

_KEPT = 256
_FILE_BYTES_MAX = 64 * 2**20


class Records(NamedTuple):
    """What records tell, and of which runs that ended nothing can be read, with the reason."""

    runs: tuple[RecordedRun, ...]
    unread: dict[RunId, str]


def records(given: Iterable[Run]) -> Records:
    """Return what the records of runs tell; a run that has used nothing, or has not ended, has none to read."""
    found, unread = [], {}
    for run in given:
        files = tuple((one.path, one.sha256, one.bytes) for one in run.artifacts if one.kind == "record")
        if files:
            try:
                found.append(_read(run.id, files))
            except FabricaError as problem:
                unread[run.id] = str(problem)
        elif run.state.final and run.usage.elapsed_seconds > 0:
            unread[run.id] = "it left no sealed record"
    return Records(tuple(found), unread)


@lru_cache(maxsize=_KEPT)
def _read(run: RunId, files: tuple[tuple[str, str, int], ...]) -> RecordedRun:
    """Return what a record tells, from files named by path, SHA-256 and size.

    Raises:
        RecordRefused: it is not as it was sealed, is another run's, or is too large to read here.
        NotFound: a file is not in storage.
    """
    storage = open_storage()
    with tempfile.TemporaryDirectory(prefix="fabrica-record-") as name:
        folder = Path(name)
        for path, sha256, size in files:
            target = folder / path
            if not target.resolve().is_relative_to(folder.resolve()) or size > _FILE_BYTES_MAX:
                raise RecordRefused(f"The record of {run} names a file that is not read: {path!r:.80}.")
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                file.writelines(storage.read(sha256))
        found = read_run(folder)
    if found.run != run:
        raise RecordRefused(f"The record of {run} is that of {found.run}.")
    return found
