"""The trace that a command of planning takes: a file, a pipe or standard input."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import click

from fabrica.cli.output import say

if TYPE_CHECKING:
    from fabrica.planning.trace import Trace

TRACE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_STANDARD_INPUT = Path("-")


def trace_name(place: Path) -> str:
    """Return what people call the trace."""
    return "standard input" if place == _STANDARD_INPUT else place.name


def read_and_tell(place: Path, units_max: int | None = None, partition: str | None = None) -> "Trace":
    """Return the jobs of a trace; tell how far it is read, and what reading changed.

    Raises:
        TraceMalformed: what is wrong, in which line.
        ReaderMissing: it is of a kind that no installed package reads.
    """
    from fabrica.planning.traces.reading import read_trace

    with _file_of(place) as file:
        trace = read_trace(file, units_max, partition, lambda lines: say(f"Reading: {lines:,} lines …"))
    for notice in trace.notices:
        say(notice)
    return trace


@contextmanager
def _file_of(place: Path) -> Iterator[Path]:
    """Yield a file to read from; a pipe, which can be read only once and in order, is copied into one for a while."""
    if place.is_file():
        yield place
        return
    with NamedTemporaryFile(prefix="fabrica-trace-") as copy:
        if place == _STANDARD_INPUT:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        else:
            with place.open("rb") as stream:
                shutil.copyfileobj(stream, copy)
        copy.flush()
        yield Path(copy.name)
