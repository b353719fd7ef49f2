"""The trace as Parquet, with the columns of the CSV; needs the package pyarrow, which Fabrica does not bring."""

from pathlib import Path
from typing import Any

from fabrica.planning.traces.csv_file import NEEDED, OPTIONAL
from fabrica.planning.traces.rows import Rows, whole_number
from fabrica.wire.planning import ReaderMissing, TraceMalformed


def read_parquet(path: Path, rows: Rows) -> None:
    """Add every job; the line in a problem is the row, counted from 1.

    Raises:
        ReaderMissing: pyarrow is not installed.
        TraceMalformed: no Parquet file, a column is missing, or a row is broken.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise ReaderMissing(
            f"{path.name} is a Parquet file, and the package pyarrow is not installed.",
            remedy="Install it with 'pip install pyarrow', or give the trace as CSV.",
        ) from None
    try:
        table = parquet.read_table(path)
    except (ArrowException, OSError) as broken:
        raise TraceMalformed(f"{path.name} is no whole Parquet file: {broken}", remedy="Fetch it again.") from None
    missing = [name for name in NEEDED if name not in table.column_names]
    if missing:
        raise TraceMalformed(
            f"The file lacks the columns {', '.join(missing)}; it has {', '.join(table.column_names)}.",
            remedy=f"Name the columns {', '.join(NEEDED)}, and 'limit_s', 'user' and 'level' where known.",
            missing=missing,
        )
    columns: list[list[Any]] = [table.column(name).to_pylist() for name in NEEDED]
    nothing = [None] * table.num_rows
    optional = [table.column(name).to_pylist() if name in table.column_names else nothing for name in OPTIONAL]
    jobs = zip(*columns, *optional, strict=True)
    for row, (job, submit, runtime, units, limit, user, level, partition) in enumerate(jobs, start=1):
        rows.add(
            row,
            str(job),
            whole_number(str(submit), row, "submit_s"),
            whole_number(str(runtime), row, "runtime_s"),
            whole_number(str(units), row, "units"),
            -1 if limit is None else whole_number(str(limit), row, "limit_s"),
            "" if user is None else str(user),
            0 if level is None else whole_number(str(level), row, "level"),
            "" if partition is None else str(partition),
        )
