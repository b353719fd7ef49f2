"""The Standard Workload Format: 18 fields a line, comments after `;`, and -1 for what is not known.

Source: Feitelson, Parallel Workloads Archive, "The Standard Workload Format", version 2.
"""

from collections.abc import Iterable

from fabrica.planning.traces.rows import Rows, refuse, whole_number

FIELDS = 18
JOB, SUBMIT, RUNTIME, UNITS_GIVEN, UNITS_ASKED, LIMIT, USER, PARTITION = 0, 1, 3, 4, 7, 8, 11, 15


def read_swf(lines: Iterable[str], rows: Rows) -> None:
    """Add every job that ran. Its units are the processors it asked for, else those it was given.

    Raises:
        TraceMalformed: a line is broken.
    """
    never_ran = 0
    for line, text in enumerate(lines, start=1):
        fields = text.split()
        if not fields or fields[0].startswith(";"):
            continue
        if len(fields) != FIELDS:
            words = f"has {len(fields)} fields where the format has {FIELDS}"
            refuse(line, "line", text.strip(), words, "Is the file cut off?")
        runtime = whole_number(fields[RUNTIME], line, "run time")
        asked = whole_number(fields[UNITS_ASKED], line, "requested processors")
        units = asked if asked > 0 else whole_number(fields[UNITS_GIVEN], line, "allocated processors")
        if runtime < 0 or units <= 0:
            never_ran += 1
            continue
        submit = whole_number(fields[SUBMIT], line, "submit time")
        limit = whole_number(fields[LIMIT], line, "requested time")
        user = fields[USER] if fields[USER] != "-1" else ""
        rows.add(line, fields[JOB], submit, runtime, units, limit, user, partition=fields[PARTITION])
    if never_ran:
        rows.notice(f"{never_ran:,} jobs without a run time or processors never ran and were left out.")
