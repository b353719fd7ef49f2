"""Gather the jobs of a file one by one, refuse what cannot be, and sort them into a trace."""

import itertools
import re
from array import array
from decimal import Decimal
from typing import Never

from fabrica.planning.trace import Trace
from fabrica.wire.planning import TraceMalformed

SECONDS_MAX = 10**11
UNITS_MAX = 10**8
LEVEL_MAX = 9
PARTITIONS_NAMED = 10
CLOCK_SECONDS = 10**9
"""From here on a submit time is read as seconds since 1970: a trace of 30 years from its own start is none."""

_NO_LIMIT = frozenset({"", "na", "n/a", "nan", "null", "none", "inf", "unlimited"})
_WHOLE = re.compile(r"(-?\d{1,18})(\.0*)?", re.ASCII)
_TOO_LONG = re.compile(r"-?\d{19,}(\.\d*)?", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,18}(\.\d{0,40})?(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)


class Rows:
    """The jobs read so far. Identifiers that are plain numbers are kept as such: ten million texts would be much.

    `partition`: only jobs of this one are kept; null: all.
    """

    def __init__(self, partition: str | None = None) -> None:
        self._partition = partition
        self._elsewhere: dict[str, int] = {}
        self._ids: array[int] | list[str] = array("q")
        self._lines = array("q")
        self._submit = array("q")
        self._runtime = array("q")
        self._units = array("q")
        self._limit = array("q")
        self._accounts = array("q")
        self._account_names: dict[str, int] = {}
        self._levels = array("q")
        self._notices: list[str] = []
        self._rounded = 0

    def add(
        self,
        line: int,
        job: str,
        submit: int,
        runtime: int,
        units: int,
        limit: int,
        account: str = "",
        level: int = 0,
        partition: str = "",
    ) -> None:
        """Add the job of one line; a negative limit stands for none, an empty account for an unnamed one.

        Raises:
            TraceMalformed: a value that no job can have.
        """
        if not job:
            refuse(line, "job_id", job, "is empty", "Give every job an identifier.")
        if not 0 <= submit <= SECONDS_MAX:
            _refuse_time(line, "submit_s", submit)
        if not 0 <= runtime <= SECONDS_MAX:
            _refuse_time(line, "runtime_s", runtime)
        if limit > SECONDS_MAX:
            _refuse_time(line, "limit_s", limit)
        if not 0 < units <= UNITS_MAX:
            words = "asks for nothing" if units == 0 else "is no number of units"
            refuse(line, "units", units, words, f"A job asks for 1 to {UNITS_MAX:,} units.")
        if not 0 <= level <= LEVEL_MAX:
            refuse(line, "level", level, "is no level", f"Write how urgent a job is from 0 to {LEVEL_MAX}.")
        if self._partition is not None and partition != self._partition:
            self._elsewhere[partition] = self._elsewhere.get(partition, 0) + 1
            return
        self._add_id(job)
        self._lines.append(line)
        self._submit.append(submit)
        self._runtime.append(runtime)
        self._units.append(units)
        self._limit.append(limit)
        self._accounts.append(self._account_names.setdefault(account, len(self._account_names)))
        self._levels.append(level)

    def seconds(self, text: str, line: int, column: str) -> int:
        """Return a time as it stands in a file, as whole seconds; parts of a second are rounded, and that is told.

        Raises:
            TraceMalformed: it is no time.
        """
        if text.isdecimal() and len(text) < 18 and text.isascii():
            return int(text)
        plain = text.strip()
        if _DECIMAL.fullmatch(plain) is None:
            return whole_number(text, line, column)
        exact = Decimal(plain)
        if not exact.is_zero() and exact.adjusted() > 17:
            _refuse_long(text, line, column)
        found = round(exact)
        self._rounded += found != exact
        return found

    def limit(self, text: str, line: int) -> int:
        """Return a time limit as it stands in a file; -1 where there is none: left empty, -1, or a word for nothing.

        Raises:
            TraceMalformed: it is no time.
        """
        seconds = -1 if text.strip().lower() in _NO_LIMIT else self.seconds(text, line, "limit_s")
        if seconds < -1:
            refuse(line, "limit_s", seconds, "is negative", "Leave the field empty where a job has no limit.")
        return seconds

    def _add_id(self, job: str) -> None:
        if isinstance(self._ids, list):
            self._ids.append(job)
        elif job.isdecimal() and job.isascii() and len(job) < 18 and (job[0] != "0" or job == "0"):
            self._ids.append(int(job))
        else:
            self._ids = [*map(str, self._ids), job]

    @property
    def count(self) -> int:
        """How many jobs were read so far."""
        return len(self._ids)

    def identifiers(self) -> frozenset[str]:
        """Return the identifiers of the jobs read so far."""
        return frozenset(map(str, self._ids))

    def notice(self, words: str) -> None:
        """Remember a sentence about what was changed or left out."""
        self._notices.append(words)

    def trace(self) -> Trace:
        """Return the trace, in the order of submission.

        Raises:
            TraceMalformed: there is no job, or two have one identifier.
        """
        if self._elsewhere:
            self._left_out()
        if self._rounded:
            self.notice(f"{self._rounded:,} times were rounded to whole seconds.")
        if not self._ids:
            raise TraceMalformed("The trace has no job.", remedy="Give a trace with one line for each job.")
        self._refuse_twice()
        self._sort()
        first = self._submit[0] if self._submit[0] >= CLOCK_SECONDS else 0
        if first:
            self._submit = array("q", (submit - first for submit in self._submit))
            self.notice("Submit times are times of day; they are counted from the first one.")
        return Trace(
            self._ids,
            self._submit,
            self._runtime,
            self._units,
            self._limit,
            tuple(self._notices),
            accounts=self._accounts if self._account_names.keys() != {""} else None,
            account_names=tuple(self._account_names),
            levels=self._levels if any(self._levels) else None,
            clock_seconds=first,
        )

    def _left_out(self) -> None:
        """Tell how many jobs are of other partitions.

        Raises:
            TraceMalformed: all are.
        """
        if not self._ids:
            known = ", ".join(repr(name) for name in sorted(self._elsewhere)[:PARTITIONS_NAMED] if name) or "none"
            words = f"No job of the trace is of the partition {self._partition!r}; it names {known}."
            raise TraceMalformed(words, remedy="Name a partition of the trace, or leave --partition out.")
        self.notice(f"{sum(self._elsewhere.values()):,} jobs of other partitions were left out.")

    def _sort(self) -> None:
        behind = sum(after < before for before, after in itertools.pairwise(self._submit))
        if not behind:
            return
        order = sorted(range(len(self._submit)), key=self._submit.__getitem__)
        self._ids = [str(self._ids[row]) for row in order]
        self._submit, self._runtime, self._units, self._limit, self._accounts, self._levels = (
            array("q", (column[row] for row in order))
            for column in (self._submit, self._runtime, self._units, self._limit, self._accounts, self._levels)
        )
        self.notice(f"The trace was not in order of submission ({behind:,} jobs came too late) and was sorted.")

    def _refuse_twice(self) -> None:
        if isinstance(self._ids, array) and all(before < after for before, after in itertools.pairwise(self._ids)):
            return
        if len(set(self._ids)) == len(self._ids):
            return
        seen: dict[str, int] = {}
        for job, line in zip(map(str, self._ids), self._lines, strict=True):
            if job in seen:
                words = f"is also the job of line {seen[job]}"
                refuse(line, "job_id", job, words, "Give every job its own identifier.")
            seen[job] = line


def whole_number(text: str, line: int, column: str) -> int:
    """Return a whole number as it stands in a file; `12.0` is one too.

    Raises:
        TraceMalformed: it is none, or it is too long.
    """
    if text.isdecimal() and len(text) < 18 and text.isascii():
        return int(text)
    found = _WHOLE.fullmatch(text.strip())
    if found is None and _TOO_LONG.fullmatch(text.strip()):
        _refuse_long(text, line, column)
    if found is None:
        refuse(line, column, text, "is no whole number", "Write times in whole seconds and units as a count.")
    return int(found[1])


def _refuse_long(text: str, line: int, column: str) -> Never:
    refuse(line, column, text, "is too large", "Write times in seconds and units as a count.")


def refuse(line: int, column: str, value: object, words: str, remedy: str) -> Never:
    """Raise the problem of one value, with its line and column."""
    shown = repr(value if isinstance(value, int) else str(value)[:60])
    raise TraceMalformed(
        f"Line {line}: the {column} {shown} {words}.", remedy=remedy, line=line, column=column, value=str(value)[:200]
    )


def _refuse_time(line: int, column: str, seconds: int) -> Never:
    if seconds < 0:
        refuse(line, column, seconds, "is negative", "Write times as whole seconds from 0 on.")
    remedy = f"Write times as whole seconds from 0 to {SECONDS_MAX:,}; are these perhaps milliseconds?"
    refuse(line, column, seconds, "is too large for a time in seconds", remedy)
