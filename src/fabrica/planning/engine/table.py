"""The jobs of sites as one table: what was asked, how far each has come, and its place among those that wait."""

from typing import Any

import numpy

NOBODY = -1

JOB = numpy.dtype(
    [
        # What is asked. Written by whoever makes the table.
        ("submit", "i8"),
        ("runtime", "i8"),  # seconds of work
        ("asked", "i8"),  # its work is planned with its limit or its longer run time, a second at least
        ("units", "i4"),
        ("account", "i4"),
        ("level", "i4"),  # a higher one goes first
        ("kind", "i4"),  # by which what came of it is told apart
        # What came of it. Written by the site.
        ("arrives", "i8"),  # when it was offered to the site it is at
        ("attempts", "i4"),
        ("next_started", "i4"),  # the job that started for the first time after it
        ("start", "i8"),  # of the first attempt; NOBODY: it never started
        ("began", "i8"),  # of the last attempt
        ("end", "i8"),  # NOBODY: it has not ended
        ("left", "i8"),  # seconds of work that are not saved; `asked` less what is saved goes with it
        ("restart", "i8"),  # seconds that the next attempt needs before it works on
        ("planned", "i8"),  # seconds that the next attempt is planned with, or the last one was
        ("held", "i8"),  # device-seconds of its account's grant that are held for it
        ("lost", "i8"),  # device-seconds: work that was not saved, restarts and savings
        # Its place in the tree of its line while it waits (see waiting.py), and among those that run.
        ("least_planned", "i8"),
        ("least_units", "i4"),
        ("before", "i4"),
        ("after", "i4"),
        ("above", "i4"),
        ("next", "i4"),
        ("previous", "i4"),
        ("state", "i4"),
        ("stopped", "u2"),  # how often by a node that failed
        ("preempted", "u2"),  # how often to make room
    ],
    align=True,
)

# States of a job. A job that saves was told to make room; one that was given up was stopped too often.
COMING, WAITING, RUNNING, SAVING, DONE, REFUSED, GIVEN_UP = range(7)


def job_table(
    submit: Any, runtime: Any, units: Any, limit: Any, account: Any = 0, level: Any = 0, kind: Any = 0
) -> Any:
    """Return jobs as records of `JOB`, shape (jobs,), in the order in which they queue.

    Each argument: shape (jobs,) or one number for all; seconds. A limit of -1 stands for none.
    """
    table = numpy.zeros(len(submit), JOB)
    table["submit"], table["runtime"], table["left"], table["units"] = submit, runtime, runtime, units
    table["asked"] = table["planned"] = numpy.maximum(numpy.maximum(limit, runtime), 1)
    table["account"], table["level"], table["kind"] = account, level, kind
    for column in ("start", "began", "end", "before", "after", "above", "next", "previous", "next_started"):
        table[column] = NOBODY
    return table
