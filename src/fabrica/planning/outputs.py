"""Write what a replay gave to files, each whole or not at all."""

import csv
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from fabrica.planning.replay import Replay
from fabrica.wire.planning import OutputNotWritten

_DEVICES = Path("/dev")
_REMEDY = "Give a file in a folder that is there, with room."


def check_outputs(outputs: Sequence[Path | None], inputs: Sequence[Path | None] = ()) -> None:
    """Refuse files that cannot be written, before the work is done that they are to hold. Null: not asked for.

    Raises:
        OutputNotWritten: its folder is not there or is closed, or it is the file of something else too.
    """
    taken = [path.resolve() for path in inputs if path is not None]
    for path in (one for one in outputs if one is not None):
        own = path.resolve()
        if own in taken and not _is_stream(path):
            raise OutputNotWritten(f"{path} is named twice, so one would replace the other.", remedy="Name two files.")
        taken.append(own)
        if not own.parent.is_dir():
            raise OutputNotWritten(f"{path} cannot be written: there is no folder {own.parent}.", remedy=_REMEDY)
        if not os.access(path if _is_stream(path) else own.parent, os.W_OK):
            raise OutputNotWritten(f"{path} cannot be written: {own.parent} is closed to you.", remedy=_REMEDY)


def write_starts(replay: Replay, path: Path) -> None:
    """Write `job_id,start_s` for every job, in the order of the trace and on its clock; -1 for one that never started.

    Raises:
        OutputNotWritten: the file cannot be written; what stood there before still does.
    """
    starts: Iterable[int] = replay.start_seconds
    if replay.trace.clock_seconds:
        starts = (start if start < 0 else start + replay.trace.clock_seconds for start in replay.start_seconds)
    with _whole(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("job_id", "start_s"))
        writer.writerows(zip(replay.trace.ids, starts, strict=True))


def write_page(page: str, path: Path) -> None:
    """Write a page of HTML.

    Raises:
        OutputNotWritten: the file cannot be written; what stood there before still does.
    """
    with _whole(path) as file:
        file.write(page)


def write_text_once(text: str, path: Path) -> None:
    """Write a file that is not there yet, with the folder it is in.

    Raises:
        OutputNotWritten: it is there already, or cannot be written.
    """
    if path.exists():
        raise OutputNotWritten(f"{path} is there already.", remedy="Name another folder, or move the file away.")
    with suppress(OSError):  # writing tells what is wrong, with its reason
        path.parent.mkdir(parents=True, exist_ok=True)
    with _whole(path) as file:
        file.write(text)


@contextmanager
def _whole(path: Path) -> Iterator[TextIO]:
    """Open a file that is there whole or not at all; a device or a pipe is written straight, and stays what it is."""
    try:
        if _is_stream(path):
            with path.open("w", newline="", encoding="utf-8") as stream:
                yield stream
        else:
            with _replaced(path.resolve()) as file:
                yield file
    except OSError as failure:
        raise OutputNotWritten(f"{path} cannot be written: {failure.strerror}.", remedy=_REMEDY) from None


def _is_stream(path: Path) -> bool:
    return (path.exists() and not path.is_file()) or path.is_relative_to(_DEVICES)


@contextmanager
def _replaced(path: Path) -> Iterator[TextIO]:
    half = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with half.open("x", newline="", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        half.rename(path)
    finally:
        half.unlink(missing_ok=True)
