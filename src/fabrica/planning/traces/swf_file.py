"""The Standard Workload Format: 18 fields a line, comments after `;`, and -1 for what is not known.

Source: Feitelson, Parallel Workloads Archive, "The Standard Workload Format", version 2.
"""

from collections.abc import Iterable, Sequence

from fabrica.planning.traces.rows import Rows, refuse, whole_number

FIELDS = 18
JOB, SUBMIT, RUNTIME, UNITS_GIVEN, UNITS_ASKED, LIMIT, STATUS, USER, PARTITION = 0, 1, 3, 4, 7, 8, 10, 11, 15
PARTS = frozenset({"2", "3", "4"})
"""Codes of lines that tell a part of a job, until it was saved or swapped, beside the line of the whole job."""


def read_swf(lines: Iterable[str], rows: Rows) -> None:
    """Add every job that ran. Its units are the processors it asked for, else those it was given.

    Raises:
        TraceMalformed: a line is broken.
    """
    never_ran = 0
    parts: list[tuple[int, list[str]]] = []
    for line, text in enumerate(lines, start=1):
        fields = text.split()
        if not fields or fields[0].startswith(";"):
            continue
        if len(fields) != FIELDS:
            words = f"has {len(fields)} fields where the format has {FIELDS}"
            refuse(line, "line", text.strip(), words, "Is the file cut off?")
        if fields[STATUS] in PARTS:
            parts.append((line, fields))
        else:
            never_ran += not _add(line, fields, rows)
    whole = rows.identifiers() if parts else frozenset()
    for line, fields in parts:
        if fields[JOB] not in whole:
            never_ran += not _add(line, fields, rows)
    left_out = sum(fields[JOB] in whole for _, fields in parts)
    if left_out:
        rows.notice(f"{left_out:,} lines tell parts of jobs and were left out; the line of the whole job counts.")
    if never_ran:
        rows.notice(f"{never_ran:,} jobs without a run time or processors never ran and were left out.")


def _add(line: int, fields: Sequence[str], rows: Rows) -> bool:
    """Add the job of a line; return whether it ran."""
    runtime = rows.seconds(fields[RUNTIME], line, "run time")
    asked = whole_number(fields[UNITS_ASKED], line, "requested processors")
    units = asked if asked > 0 else whole_number(fields[UNITS_GIVEN], line, "allocated processors")
    if runtime < 0 or units <= 0:
        return False
    submit = rows.seconds(fields[SUBMIT], line, "submit time")
    limit = rows.limit(fields[LIMIT], line)
    user = fields[USER] if fields[USER] != "-1" else ""
    rows.add(line, fields[JOB], submit, runtime, units, limit, user, partition=fields[PARTITION])
    return True
