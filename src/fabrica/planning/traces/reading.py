"""Read a trace from a file, whatever kind it is; the kind is seen from what the file starts with."""

import bz2
import gzip
import io
import json
import lzma
import time
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from fabrica.planning.trace import Trace
from fabrica.planning.traces.csv_file import is_csv, read_csv
from fabrica.planning.traces.rows import Rows
from fabrica.planning.traces.runs_file import read_runs
from fabrica.planning.traces.sacct_file import is_sacct, read_sacct
from fabrica.planning.traces.sacct_json import read_sacct_json
from fabrica.planning.traces.swf_file import FIELDS, read_swf
from fabrica.wire.planning import ReaderMissing, TraceMalformed

_PARQUET = b"PAR1"


def _by_pyarrow(codec: str, file: BinaryIO) -> Any:
    try:
        from pyarrow import CompressedInputStream
    except ImportError:
        raise ReaderMissing(
            f"The file is packed with {codec}, and the package pyarrow is not installed.",
            remedy=f"Install it with 'pip install pyarrow', or unpack the file: {codec} -d FILE.",
        ) from None
    return CompressedInputStream(file, codec)


_PACKED: Mapping[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"\x28\xb5\x2f\xfd": partial(_by_pyarrow, "zstd"),
    b"\x04\x22\x4d\x18": partial(_by_pyarrow, "lz4"),
}
_ZIP, _TAR = b"PK\x03\x04", "\0ustar"
PROGRESS_LINES, PROGRESS_SECONDS = 50_000, 2.0
_BROKEN = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, OSError)
"""What readers of packed files raise for broken ones; bz2 raises OSError."""


def read_trace(
    path: Path,
    units_max: int | None = None,
    partition: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Trace:
    """Return the jobs of a file: CSV, SWF, `sacct` as a table or as JSON, `fabrica runs --json`, each also packed with
    gzip, bzip2, xz, zstd or lz4; or Parquet.

    `units_max`: jobs that ask for more are cut to so many units. `partition`: only its jobs are read.
    `progress`: called now and then with the number of lines read.

    Raises:
        TraceMalformed: what is wrong, in which line.
        ReaderMissing: Parquet, zstd or lz4, and no package that reads it; or packed in another way.
    """
    rows = Rows(partition)
    with path.open("rb") as file:
        start = file.read(6)
        file.seek(0)
        if start.startswith(_PARQUET):
            from fabrica.planning.traces.parquet_file import read_parquet

            read_parquet(path, rows)
        else:
            _read_text(file, start, rows, progress or (lambda lines: None))
    trace = rows.trace()
    return trace if units_max is None else cut_units(trace, units_max)


def _read_text(file: BinaryIO, start: bytes, rows: Rows, tell: Callable[[int], None]) -> None:
    if start.startswith(_ZIP):
        raise ReaderMissing("The file is packed in a way that is not read.", remedy="Unpack it: unzip FILE.")
    unpack = next((one for mark, one in _PACKED.items() if start.startswith(mark)), None)
    try:
        with closing(io.TextIOWrapper(unpack(file) if unpack else file, encoding="utf-8-sig", newline="")) as text:
            begin = _begin(text)
            if _TAR in begin[-1]:
                raise ReaderMissing("The file is an archive of several files.", remedy="Unpack it: tar -xf FILE.")
            _reader(begin[-1].lstrip())(_telling(chain(begin, text), tell), rows)
    except UnicodeDecodeError as broken:
        raise TraceMalformed(
            f"The file is no text: byte {broken.object[broken.start]:#04x} after {rows.count:,} jobs is not UTF-8.",
            remedy="Give CSV, SWF or sacct output as UTF-8 text, packed with gzip or not, or Parquet.",
        ) from None
    except _BROKEN:
        raise TraceMalformed(
            f"The packed file is broken or cut off after {rows.count:,} jobs.", remedy="Fetch it again, whole."
        ) from None


def _telling(lines: Iterable[str], tell: Callable[[int], None]) -> Iterator[str]:
    """Yield the lines, and tell now and then how many there were."""
    told = time.monotonic()
    for count, line in enumerate(lines, start=1):
        if count % PROGRESS_LINES == 0 and time.monotonic() - told >= PROGRESS_SECONDS:
            told = time.monotonic()
            tell(count)
        yield line


def _begin(text: Iterable[str]) -> list[str]:
    """Return the lines up to the first that is not empty, and it."""
    begin = [""]
    for line in text:
        begin.append(line)
        if line.strip():
            break
    return begin[1:] or begin


def _reader(first: str) -> Callable[[Iterable[str], Rows], None]:
    if first.startswith(("{", "[")):
        return _read_json
    if is_csv(first):
        return read_csv
    if "|" in first or is_sacct(first):
        return read_sacct
    if first.startswith(";") or len(first.split()) == FIELDS:
        return read_swf
    return read_csv


def _read_json(lines: Iterable[str], rows: Rows) -> None:
    """Add the jobs of JSON: the live service's own runs, or Slurm's accounting.

    Raises:
        TraceMalformed: it is no JSON, or holds neither.
    """
    try:
        document = json.loads("".join(lines))
    except (ValueError, RecursionError) as broken:
        raise TraceMalformed(f"The file is no JSON: {broken}.", remedy="Fetch it again, whole.") from None
    if isinstance(document, dict) and "jobs" in document:
        read_sacct_json(document["jobs"], rows)
    else:
        read_runs(document, rows)


def cut_units(trace: Trace, units_max: int) -> Trace:
    """Return the trace with every job cut to at most so many units, and a notice that says how many were."""
    cut = sum(units > units_max for units in trace.units)
    if not cut:
        return trace
    return replace(
        trace,
        units=array("q", (min(units, units_max) for units in trace.units)),
        notices=(*trace.notices, f"{cut:,} jobs asked for more than {units_max:,} units and were cut to them."),
    )
