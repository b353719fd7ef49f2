"""The trace as CSV: `job_id, submit_s, runtime_s, units[, limit_s, user, level, partition]`, with a header.

Fields are parted by commas, semicolons, tabs or bars, whichever the header is parted by.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from fabrica.planning.traces.rows import Rows, refuse, whole_number
from fabrica.wire.planning import TraceMalformed

NEEDED = ("job_id", "submit_s", "runtime_s", "units")
OPTIONAL = ("limit_s", "user", "level", "partition")
_SEPARATORS = ",;\t|"
_NAMES_SHOWN = 20


def read_csv(lines: Iterable[str], rows: Rows) -> None:
    """Add every job. An empty level for 0. Lines before the header may be empty, or begin with `#`.

    Raises:
        TraceMalformed: a column is missing, or a line is broken.
    """
    texts = iter(lines)
    before, header = _header(texts)
    names, separator = names_of(header), _separator(header)
    _check_header(names, rows, before)
    job, submit, runtime, units = (names.index(name) for name in NEEDED)
    limit, user, level, partition = (names.index(name) if name in names else None for name in OPTIONAL)
    reader = csv.reader(texts, strict=True, delimiter=separator, skipinitialspace=True)
    try:
        for fields in reader:
            line = before + reader.line_num
            if not fields:
                continue
            if len(fields) != len(names):
                words = f"has {len(fields)} fields where the header has {len(names)}"
                refuse(line, "line", separator.join(fields), words, "Is the file cut off, or a separator missing?")
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
        refuse(before + reader.line_num, "line", "", f"cannot be read as CSV: {broken}", "Repair this line.")


def _header(texts: Iterator[str]) -> tuple[int, str]:
    """Return the first line that tells something, and its number."""
    for line, text in enumerate(texts, start=1):
        if text.strip() and not text.startswith("#"):
            return line, text
    return 1, ""


def is_csv(header: str) -> bool:
    """Return whether a line names columns of this kind of trace."""
    return not set(NEEDED).isdisjoint(names_of(header))


def names_of(header: str) -> list[str]:
    """Return the names of the columns, in small letters."""
    fields = next(csv.reader([header], delimiter=_separator(header), skipinitialspace=True), [])
    return [name.strip().lower() for name in fields]


def _separator(header: str) -> str:
    """Return what parts the fields of a header: the mark that it holds most of."""
    return max(_SEPARATORS, key=header.count)


def _check_header(names: Sequence[str], rows: Rows, line: int) -> None:
    missing = [name for name in NEEDED if name not in names]
    if missing:
        found = _some([name for name in names if name])
        raise TraceMalformed(
            f"Line {line}: the header lacks {', '.join(missing)}; it has {found or 'nothing'}.",
            remedy=f"Start with the line '{','.join(NEEDED)}', and 'limit_s', 'user' and 'level' where known, parted "
            "by commas, semicolons or tabs.",
            line=line,
            missing=missing,
        )
    told = [name for name in names if name]
    twice = sorted(name for name, count in Counter(told).items() if count > 1)
    if twice:
        refuse(line, "header", _some(twice), "names a column twice", "Name every column once.")
    unused = [name for name in told if name not in NEEDED + OPTIONAL]
    if unused:
        rows.notice(f"Columns that are not used: {_some(unused)}.")


def _some(names: Sequence[str]) -> str:
    """Return the first of many names, for people."""
    more = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(name[:40] for name in names[:_NAMES_SHOWN]) + more
