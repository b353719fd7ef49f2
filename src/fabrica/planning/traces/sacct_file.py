"""Slurm's accounting: what `sacct --allocations --parsable2` prints, with a header.

Source: Slurm's page of the command sacct, https://slurm.schedmd.com/sacct.html.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fabrica.planning.traces.rows import Rows, refuse
from fabrica.wire.planning import TraceMalformed

FIELDS = "JobID,Submit,Start,Elapsed,Timelimit,AllocTRES"
COMMAND = f"sacct --allocations --parsable2 --format={FIELDS}"
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "JobID": ("jobid", "jobidraw"),
    "Submit": ("submit",),
    "Elapsed": ("elapsed", "elapsedraw"),
    "AllocTRES": ("alloctres", "reqtres", "alloccpus", "ncpus", "reqcpus"),
}
"""Each column that is needed, by its first name; where that is not there, the next one stands in."""
_ELAPSED = re.compile(r"(?:(\d{1,6})-)?(?:(\d{1,2}):)?(\d{1,2}):(\d{2})(?:\.\d+)?", re.ASCII)
_RAW = re.compile(r"\d{1,11}", re.ASCII)
_GPUS = re.compile(r"(?:^|,)gres/gpu=(\d{1,9})(?:,|$)", re.ASCII)
_GPUS_BY_KIND = re.compile(r"(?:^|,)gres/gpu:[^=,]+=(\d{1,9})(?=,|$)", re.ASCII)
_CPUS = re.compile(r"(?:^|,)cpu=(\d{1,9})(?:,|$)", re.ASCII)
_JOB_ID = re.compile(r"\bjobid(?:raw)?\b", re.ASCII | re.IGNORECASE)
_NO_LIMIT = ("", "unlimited", "partition_limit", "none")
_NO_START = ("Unknown", "None", "")
_NO_TIME = ("invalid", "")
"""What Slurm prints of a run time that its clocks contradict."""


@dataclass(frozen=True, slots=True)
class SacctJob:
    """One job that started; `limit_seconds` is negative where there is none, `resources` as Slurm writes them."""

    line: int
    name: str
    submit_seconds: int
    elapsed_seconds: int
    limit_seconds: int
    account: str
    partition: str
    resources: str


def read_sacct(lines: Iterable[str], rows: Rows) -> None:
    """Add every job that started; lines of job steps are passed over. `Timelimit`, `Partition` and `Account`, else
    `User`, are read where given.

    Units are GPUs where any job was given one, and CPUs otherwise; the two are never mixed.

    Raises:
        TraceMalformed: a column is missing, or a line is broken.
    """
    found: list[SacctJob] = []
    names: list[str] = []
    never_started = still_running = without_time = 0
    for line, text in enumerate(lines, start=1):
        fields = [field.strip() for field in text.split("|")]
        if fields == [""]:
            continue
        if not names:
            names = _header(fields, line)
            continue
        if len(fields) != len(names):
            words = f"has {len(fields)} fields where the header has {len(names)}"
            refuse(line, "line", text.strip(), words, "Is the file cut off? A name with '|' in it cannot be read.")
        told = dict(zip(names, fields, strict=True))
        if "." in _needed(told, "JobID"):
            continue
        if told.get("start", "told") in _NO_START:
            never_started += 1
        elif _needed(told, "Elapsed").lower() in _NO_TIME:
            without_time += 1
        else:
            still_running += told.get("state", "").startswith("RUNNING")
            found.append(_job(told, line))
    add_jobs(found, rows)
    tell_states(never_started, still_running, rows)
    if without_time:
        rows.notice(f"{without_time:,} jobs have no valid run time and were left out.")


def is_sacct(header: str) -> bool:
    """Return whether a line names columns of Slurm's, however they are parted."""
    return _JOB_ID.search(header) is not None


def _header(fields: list[str], line: int) -> list[str]:
    if len(fields) == 1:
        raise TraceMalformed(
            f"Line {line}: there are no bars between the columns of sacct, so values may be cut off or run together.",
            remedy=f"Make the file with '{COMMAND}'.",
            line=line,
        )
    names = [name.lower() for name in fields]
    missing = [name for name, columns in _NEEDED.items() if not any(column in names for column in columns)]
    if missing:
        raise TraceMalformed(
            f"Line {line}: the header lacks {', '.join(missing)}.",
            remedy=f"Make the file with '{COMMAND}'.",
            line=line,
            missing=missing,
        )
    return names


def _needed(told: Mapping[str, str], name: str) -> str:
    """Return a needed column, or the one that stands in."""
    return next(told[column] for column in _NEEDED[name] if column in told)


def _job(told: Mapping[str, str], line: int) -> SacctJob:
    limit, submit, ran = _limit(told, line), _instant(told["submit"], line), _needed(told, "Elapsed")
    elapsed = int(ran) if _RAW.fullmatch(ran) else _seconds(ran, line, "Elapsed")
    account = told.get("account") or told.get("user", "")
    resources = _needed(told, "AllocTRES")
    if resources.isdecimal():
        resources = f"cpu={resources}"
    partition = told.get("partition", "")
    return SacctJob(line, _needed(told, "JobID"), submit, elapsed, limit, account, partition, resources)


def _limit(told: Mapping[str, str], line: int) -> int:
    """Return the seconds of a time limit; `TimelimitRaw` counts minutes."""
    text = told.get("timelimit", "")
    if text.lower() not in _NO_LIMIT:
        return _seconds(text, line, "Timelimit")
    minutes = told.get("timelimitraw", "")
    return int(minutes) * 60 if _RAW.fullmatch(minutes) else -1


def _instant(text: str, line: int) -> int:
    """Return seconds since 1970; sacct prints the cluster's own clock without a zone, and only differences count."""
    if _RAW.fullmatch(text):
        return int(text)
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


def add_jobs(found: Sequence[SacctJob], rows: Rows) -> None:
    """Add jobs, in GPUs where any was given one and in CPUs otherwise, and tell which.

    Raises:
        TraceMalformed: a value that no job can have.
    """
    gpus = any(_gpus(job.resources) for job in found)
    count_of = _gpus if gpus else _cpus
    without = 0
    for job in found:
        count = count_of(job.resources)
        if count == 0:
            without += 1
            continue
        times = job.submit_seconds, job.elapsed_seconds
        rows.add(job.line, job.name, *times, count, job.limit_seconds, job.account, partition=job.partition)
    rows.notice(f"A unit is a {'GPU' if gpus else 'CPU'}.")
    if without:
        rows.notice(f"{without:,} jobs were given no {'GPU' if gpus else 'CPU'} and were left out.")


def tell_states(never_started: int, still_running: int, rows: Rows) -> None:
    """Tell of jobs that never started, or had not ended."""
    if never_started:
        rows.notice(f"{never_started:,} jobs never started and were left out.")
    if still_running:
        rows.notice(f"{still_running:,} jobs were still running; they count as ended when sacct was asked.")


def _gpus(resources: str) -> int:
    """Return the GPUs of all kinds; a cluster may account them by kind only, as `gres/gpu:h100=4`."""
    total = _GPUS.search(resources)
    return int(total[1]) if total else sum(int(count) for count in _GPUS_BY_KIND.findall(resources))


def _cpus(resources: str) -> int:
    total = _CPUS.search(resources)
    return int(total[1]) if total else 0
