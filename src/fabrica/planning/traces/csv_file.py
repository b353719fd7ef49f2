"""The trace as CSV: `job_id, submit_s, runtime_s, units[, limit_s, user, level, partition]`, with a header."""

import csv
from collections.abc import Iterable

from fabrica.planning.traces.rows import Rows, refuse, whole_number
from fabrica.wire.planning import TraceMalformed

NEEDED = ("job_id", "submit_s", "runtime_s", "units")
OPTIONAL = ("limit_s", "user", "level", "partition")


def read_csv(lines: Iterable[str], rows: Rows) -> None:
    """Add every job. An empty level for 0. Lines before the header may be empty.

    Raises:
        TraceMalformed: a column is missing, or a line is broken.
    """
    reader = csv.reader(lines, strict=True)
    try:
        names = [name.strip().lower() for name in next((fields for fields in reader if fields), [])]
        _check_header(names, rows, max(reader.line_num, 1))
        job, submit, runtime, units = (names.index(name) for name in NEEDED)
        limit, user, level, partition = (names.index(name) if name in names else None for name in OPTIONAL)
        for fields in reader:
            line = reader.line_num
            if not fields:
                continue
            if len(fields) != len(names):
                words = f"has {len(fields)} fields where the header has {len(names)}"
                refuse(line, "line", ",".join(fields), words, "Is the file cut off, or a comma missing?")
            rows.add(
                line,
                fields[job].strip(),
                rows.seconds(fields[submit], line, "submit_s"),
                rows.seconds(fields[runtime], line, "runtime_s"),
                whole_number(fields[units], line, "units"),
                rows.limit("" if limit is None else fields[limit], line),
                "" if user is None else fields[user].strip(),
                0 if level is None or not fields[level].strip() else whole_number(fields[level], line, "level"),
                "" if partition is None else fields[partition].strip(),
            )
    except csv.Error as broken:
        refuse(reader.line_num, "line", "", f"cannot be read as CSV: {broken}", "Repair this line.")


def _check_header(names: list[str], rows: Rows, line: int) -> None:
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise TraceMalformed(
            f"Line {line}: the header lacks {', '.join(missing)}.",
            remedy=f"Start with the line '{','.join(NEEDED)}', and 'limit_s', 'user' and 'level' where known.",
            line=line,
            missing=missing,
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        refuse(line, "header", ", ".join(twice), "names a column twice", "Name every column once.")
    unused = [name for name in names if name not in NEEDED + OPTIONAL]
    if unused:
        rows.notice(f"Columns that are not used: {', '.join(unused)}.")
