"""The jobs of sites as one table: what was asked, how far each has come, and its place among those that wait."""

from typing import Any

import numpy

NOBODY = -1

JOB = numpy.dtype(
    [
        # What searches of those that wait read, side by side in memory. What is asked is written by whoever makes the
        # table, all else by the site.
        ("submit", "i8"),
        ("start", "i8"),  # of the first attempt; NOBODY: it never started
        ("planned", "i8"),  # seconds that the next attempt is planned with, or the last one was
        ("least_planned", "i8"),  # of its tree (see waiting.py), as `least_units`
        ("units", "i4"),
        ("least_units", "i4"),
        ("before", "i4"),  # in the tree of its line while it waits
        ("after", "i4"),
        ("above", "i4"),
        # What else is asked.
        ("account", "i4"),
        ("level", "i4"),  # a higher one goes first
        ("kind", "i4"),  # by which what came of it is told apart
        ("runtime", "i8"),  # seconds of work
        ("asked", "i8"),  # its work is planned with its limit or its longer run time, a second at least
        # What came of it.
        ("arrives", "i8"),  # when it was offered to the site it is at
        ("attempts", "i4"),
        ("next_started", "i4"),  # the job that started for the first time after it
        ("began", "i8"),  # of the last attempt
        ("end", "i8"),  # NOBODY: it has not ended
        ("left", "i8"),  # seconds of work that are not saved; `asked` less what is saved goes with it
        ("restart", "i8"),  # seconds that the next attempt needs before it works on
        ("held", "i8"),  # device-seconds of its account's grant that are held for it
        ("lost", "i8"),  # device-seconds: work that was not saved, restarts and savings
        # Its place among those that run.
        ("next", "i4"),
        ("previous", "i4"),
        ("state", "i1"),
        ("age", "i1"),  # how often what its account used counts half for it: see aging.py
        ("pool", "i2"),  # in which it runs, or last ran: see cluster.py
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
