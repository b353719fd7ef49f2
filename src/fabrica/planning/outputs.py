"""Write what a replay gave to files, each whole or not at all."""

import csv
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from fabrica.planning.replay import Replay
from fabrica.wire.planning import OutputNotWritten


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
    half = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with half.open("x", newline="", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        half.rename(path)
    except OSError as failure:
        raise OutputNotWritten(
            f"{path} cannot be written: {failure.strerror}.", remedy="Give a file in a folder that is there, with room."
        ) from None
    finally:
        half.unlink(missing_ok=True)
