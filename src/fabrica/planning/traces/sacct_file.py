"""Slurm's accounting: what `sacct --allocations --parsable2` prints, with a header.

Source: Slurm's page of the command sacct, https://slurm.schedmd.com/sacct.html.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from fabrica.planning.traces.rows import Rows, refuse
from fabrica.wire.planning import TraceMalformed

FIELDS = "JobID,Submit,Start,Elapsed,Timelimit,AllocTRES"
COMMAND = f"sacct --allocations --parsable2 --format={FIELDS}"
_ELAPSED = re.compile(r"(?:(\d{1,6})-)?(?:(\d{1,2}):)?(\d{1,2}):(\d{2})(?:\.\d+)?", re.ASCII)
_GPUS = re.compile(r"(?:^|,)gres/gpu=(\d{1,9})(?:,|$)", re.ASCII)
_GPUS_BY_KIND = re.compile(r"(?:^|,)gres/gpu:[^=,]+=(\d{1,9})(?=,|$)", re.ASCII)
_CPUS = re.compile(r"(?:^|,)cpu=(\d{1,9})(?:,|$)", re.ASCII)
_Found = tuple[int, str, int, int, int, str, str, str]
_NO_LIMIT = ("", "unlimited", "partition_limit")


def read_sacct(lines: Iterable[str], rows: Rows) -> None:
    """Add every job that started; lines of job steps are passed over. `Partition` and `Account`, else `User`, are
    read where given.

    Units are GPUs where any job was given one, and CPUs otherwise; the two are never mixed.

    Raises:
        TraceMalformed: a column is missing, or a line is broken.
    """
    found: list[_Found] = []
    names: list[str] = []
    never_started = still_running = 0
    for line, text in enumerate(lines, start=1):
        fields = text.rstrip("\r\n").split("|")
        if not names:
            names = _header(fields)
            continue
        if fields == [""]:
            continue
        if len(fields) != len(names):
            words = f"has {len(fields)} fields where the header has {len(names)}"
            refuse(line, "line", text.strip(), words, "Is the file cut off? A name with '|' in it cannot be read.")
        job = dict(zip(names, fields, strict=True))
        if "." in job["jobid"]:
            continue
        if job["start"] in ("Unknown", "None", ""):
            never_started += 1
            continue
        still_running += job.get("state", "").startswith("RUNNING")
        limit = -1 if job["timelimit"].lower() in _NO_LIMIT else _seconds(job["timelimit"], line, "Timelimit")
        submit, elapsed = _instant(job["submit"], line), _seconds(job["elapsed"], line, "Elapsed")
        account = job.get("account") or job.get("user", "")
        found.append((line, job["jobid"], submit, elapsed, limit, account, job.get("partition", ""), job["alloctres"]))
    _add_all(found, rows)
    if never_started:
        rows.notice(f"{never_started:,} jobs never started and were left out.")
    if still_running:
        rows.notice(f"{still_running:,} jobs were still running; they count as ended when sacct was asked.")


def _header(fields: list[str]) -> list[str]:
    names = [name.strip().lower() for name in fields]
    missing = [name for name in FIELDS.split(",") if name.lower() not in names]
    if missing:
        raise TraceMalformed(
            f"Line 1: the header lacks {', '.join(missing)}.",
            remedy=f"Make the file with '{COMMAND}'.",
            line=1,
            missing=missing,
        )
    return names


def _instant(text: str, line: int) -> int:
    """Return seconds since 1970; sacct prints the cluster's own clock without a zone, and only differences count."""
    try:
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).timestamp())
    except ValueError:
        refuse(line, "Submit", text, "is no time", "sacct writes 2026-11-20T12:00:00; unset SLURM_TIME_FORMAT.")


def _seconds(text: str, line: int, column: str) -> int:
    parts = _ELAPSED.fullmatch(text)
    if parts is None:
        refuse(line, column, text, "is no duration", "sacct writes 1-12:00:00, 04:30:00 or 00:30.")
    days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _add_all(found: list[_Found], rows: Rows) -> None:
    gpus = any(_gpus(resources) for *_, resources in found)
    count_of = _gpus if gpus else _cpus
    without = 0
    for line, job, submit, elapsed, limit, account, partition, resources in found:
        count = count_of(resources)
        if count == 0:
            without += 1
            continue
        rows.add(line, job, submit, elapsed, count, limit, account, partition=partition)
    rows.notice(f"A unit is a {'GPU' if gpus else 'CPU'}.")
    if without:
        rows.notice(f"{without:,} jobs were given no {'GPU' if gpus else 'CPU'} and were left out.")


def _gpus(resources: str) -> int:
    """Return the GPUs of all kinds; a cluster may account them by kind only, as `gres/gpu:h100=4`."""
    total = _GPUS.search(resources)
    return int(total[1]) if total else sum(int(count) for count in _GPUS_BY_KIND.findall(resources))


def _cpus(resources: str) -> int:
    total = _CPUS.search(resources)
    return int(total[1]) if total else 0
