"""The trace as Parquet, with the columns of the CSV; needs the package pyarrow, which Fabrica does not bring."""

import math
from pathlib import Path
from typing import Any

from fabrica.planning.traces.csv_file import NEEDED, OPTIONAL
from fabrica.planning.traces.rows import Rows, whole_number
from fabrica.wire.planning import ReaderMissing, TraceMalformed


def read_parquet(path: Path, rows: Rows) -> None:
    """Add every job; the line in a problem is the row, counted from 1.

    Times may be numbers of seconds, times of day or durations; a limit that is null or not a number stands for none.

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
    places = {name.strip().lower(): place for place, name in enumerate(table.column_names)}
    missing = [name for name in NEEDED if name not in places]
    if missing:
        raise TraceMalformed(
            f"The file lacks the columns {', '.join(missing)}; it has {', '.join(table.column_names)}.",
            remedy=f"Name the columns {', '.join(NEEDED)}, and 'limit_s', 'user' and 'level' where known.",
            missing=missing,
        )
    nothing = [None] * table.num_rows
    wanted = (places.get(name) for name in NEEDED + OPTIONAL)
    columns = [nothing if place is None else _values(table.column(place)) for place in wanted]
    jobs = zip(*columns, strict=True)
    for row, (job, submit, runtime, units, limit, user, level, partition) in enumerate(jobs, start=1):
        rows.add(
            row,
            "" if job is None else str(job),
            rows.seconds(str(submit), row, "submit_s"),
            rows.seconds(str(runtime), row, "runtime_s"),
            whole_number(str(units), row, "units"),
            rows.limit("" if _is_nothing(limit) else str(limit), row),
            "" if user is None else str(user),
            0 if _is_nothing(level) else whole_number(str(level), row, "level"),
            "" if partition is None else str(partition),
        )


def _values(column: Any) -> list[Any]:
    """Return a column as Python values; times of day and durations as seconds."""
    from pyarrow import duration, int64, timestamp, types

    if types.is_timestamp(column.type) or types.is_date(column.type):
        column = column.cast(timestamp("s"), safe=False).cast(int64())
    elif types.is_duration(column.type):
        column = column.cast(duration("s"), safe=False).cast(int64())
    return list(column.to_pylist())


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
