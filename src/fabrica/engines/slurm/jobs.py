"""What Slurm says of jobs, as plain values, and the reading of its text. Times are epoch seconds.

The queue tells one line for each job it knows now; accounting one row for each start of each job, followed by its
steps. Text with fields of our own choice is the same in every Slurm since 20.11 and a twentieth of the JSON.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

NAME_PREFIX = "fab-"
"""Begins the name of every job of ours; the attempt's id follows. Slurm keeps a name wherever it keeps the job."""

REQUEUED = "REQUEUED"
"""The state of a job whose start is being ended so that it can wait again. For a moment the queue calls it completing
and tells, as if it had started now, when it may start and how long it may take then: that is no start."""
_LIMIT_SECONDS_MIN = 60  # Slurm's limits are whole minutes

_NONE = frozenset({"", "N/A", "Unknown", "None", "(null)", "NONE", "Unlimited", "UNLIMITED"})
_SIZES = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40, "P": 2**50}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([KMGTP]?)[cn]?", re.ASCII)
_SPAN = re.compile(r"(?:([0-9]+)-)?(?:([0-9]+):)?([0-9]+):([0-9]+(?:\.[0-9]+)?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Job:
    """One job as the queue knows it now. `nodes` empty: it never started, or waits to start again.

    `job`: its id, `12_3` for a task of an array, `12_[5-999%50]` for all of them that wait. `state`: Slurm's own word.
    `exit_code` is what the batch script returned, `signal_number` what ended it. `started_at` of a job that waits is
    Slurm's estimate.
    """

    name: str
    job: str
    state: str
    reason: str = ""
    exit_code: int | None = None
    signal_number: int | None = None
    restarts: int = 0
    started_at: int | None = None
    ended_at: int | None = None
    elapsed_seconds: int = 0
    allocated: Mapping[str, int] = field(default_factory=dict)
    nodes: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One start of one job as accounting keeps it: (cluster, job, started_at) is its key for all time.

    `allocated`: what it held, by Slurm's name of the resource; empty: it never started. `started_at` null: the same.
    `joules` is only told where the site's energy plugin measures.
    """

    cluster: str
    job: str
    name: str
    state: str
    cancelled_by: str = ""
    exit_code: int | None = None
    signal_number: int | None = None
    submitted_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    elapsed_seconds: int = 0
    allocated: Mapping[str, int] = field(default_factory=dict)
    cpu_seconds: float | None = None
    memory_peak_bytes: int | None = None
    joules: float | None = None

    @property
    def key(self) -> tuple[str, str, int | None]:
        return self.cluster, self.job, self.started_at


class Garbled(ValueError):
    """Slurm printed something that is none of its own shapes."""


QUEUE_FIELDS = (
    *("ArrayJobID", "ArrayTaskID", "JobID", "Name", "State", "exit_code", "StartTime", "EndTime", "TimeUsed"),
    *("restartcnt", "tres-alloc", "NodeList", "UserName", "Reason"),
)
QUEUE_FORMAT = ",".join(f"{one}:|" for one in QUEUE_FIELDS)

ROW_FIELDS = (
    *("Cluster", "JobID", "JobName", "State", "ExitCode", "Submit", "Start", "End", "ElapsedRaw", "AllocTRES"),
    *("TotalCPU", "TRESUsageInTot", "ConsumedEnergyRaw"),
)
ROW_FORMAT = ",".join(ROW_FIELDS)


def read_queue(text: str) -> list[Job]:
    """Read what `squeue --Format` printed, a line for each job; jobs of others are left out.

    Raises:
        Garbled: a line of one of our jobs has another number of fields, or a number is none.
    """
    jobs = []
    for line in text.splitlines():
        parts = line.rstrip().removesuffix("|").split("|", len(QUEUE_FIELDS) - 1)
        if len(parts) != len(QUEUE_FIELDS):
            if f"|{NAME_PREFIX}att_" in line:
                raise Garbled(f"squeue printed a line of {len(parts)} fields")
            continue
        told = dict(zip(QUEUE_FIELDS, (part.strip() for part in parts), strict=True))
        if not told["Name"].startswith(NAME_PREFIX):
            continue
        code, signal_number = _exit(told["exit_code"])
        state, started, ended = told["State"].upper(), _whole(told["StartTime"]), _whole(told["EndTime"])
        elapsed = int(span_seconds(told["TimeUsed"]) or 0)
        if state == "COMPLETING" and not elapsed and (ended or 0) - (started or 0) >= _LIMIT_SECONDS_MIN:
            state = REQUEUED
        jobs.append(
            Job(
                name=told["Name"],
                job=_job_id(told["ArrayJobID"], told["ArrayTaskID"], told["JobID"]),
                state=state,
                reason="" if told["Reason"] in _NONE else told["Reason"],
                exit_code=code,
                signal_number=signal_number,
                restarts=_whole(told["restartcnt"]) or 0,
                started_at=started,
                ended_at=ended,
                elapsed_seconds=elapsed,
                allocated=read_tres(told["tres-alloc"]),
                nodes="" if told["NodeList"] in _NONE else told["NodeList"],
                user=told["UserName"],
            )
        )
    return jobs


def _exit(text: str) -> tuple[int | None, int | None]:
    """Read a wait status as 22.05 prints it, `256`, or exit code and signal as 24.11 does, `1:0`."""
    if ":" not in text:
        status = _whole(text)
        return (None, None) if status is None else split_status(status)
    code, _, signal_number = text.partition(":")
    return _whole(code), _whole(signal_number) or None


def _job_id(array: str, index: str, job: str) -> str:
    if index in _NONE:
        return job
    return f"{array}_{index}" if index.isdecimal() else f"{array}_[{index}]"


def read_rows(text: str) -> list[Row]:
    """Read what `sacct --duplicates --parsable2` printed: rows of jobs, each with what its steps used.

    Raises:
        Garbled: a line has another number of fields, or a number is none.
    """
    rows: list[Row] = []
    for line in text.splitlines():
        parts = line.split("|")
        if len(parts) < len(ROW_FIELDS):
            raise Garbled(f"sacct printed a line of {len(parts)} fields")
        extra = len(parts) - len(ROW_FIELDS)  # a step's name may hold the separator
        parts[2 : 3 + extra] = ["|".join(parts[2 : 3 + extra])]
        told = dict(zip(ROW_FIELDS, parts, strict=True))
        if "." in told["JobID"]:
            if rows:
                rows[-1] = _with_step(rows[-1], told)
        else:
            rows.append(_row(told))
    return rows


def _row(told: Mapping[str, str]) -> Row:
    state, _, by = told["State"].partition(" by ")
    code, signal_number = _exit(told["ExitCode"])
    return Row(
        cluster=told["Cluster"],
        job=told["JobID"],
        name=told["JobName"],
        state=state.strip().upper(),
        cancelled_by=by.strip(),
        exit_code=code,
        signal_number=signal_number,
        submitted_at=_whole(told["Submit"]),
        started_at=_whole(told["Start"]),
        ended_at=_whole(told["End"]),
        elapsed_seconds=_whole(told["ElapsedRaw"]) or 0,
        allocated=read_tres(told["AllocTRES"]),
        cpu_seconds=span_seconds(told["TotalCPU"]),
        joules=_energy(told["ConsumedEnergyRaw"]),
    )


def _with_step(row: Row, told: Mapping[str, str]) -> Row:
    """Add what a step says: the memory of all its tasks together, and energy where it alone tells it."""
    held = read_tres(told["TRESUsageInTot"]).get("mem")
    peak = max((one for one in (row.memory_peak_bytes, held) if one is not None), default=None)
    joules = max((one for one in (row.joules, _energy(told["ConsumedEnergyRaw"])) if one is not None), default=None)
    return replace(row, memory_peak_bytes=peak, joules=joules)


def _energy(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text.strip(), re.ASCII) else None


def read_tres(text: str) -> dict[str, int]:
    """Read `cpu=8,mem=4G,node=1,gres/gpu=2,gres/gpu:h100=2`; sizes become bytes, what is no number is left out."""
    found = {}
    for part in text.split(","):
        name, _, amount = part.strip().rpartition("=")
        match = _SIZE.fullmatch(amount.strip())
        if not name or not match:
            continue
        found[name] = int(float(match[1]) * _SIZES[match[2]])
    return found


def devices_of(allocated: Mapping[str, int], *, gres: str | None) -> int:
    """Return how many devices were held: `gres` of any type, or CPUs when it is null.

    The typed counts repeat the untyped one, so they are only added up where that is missing.
    """
    if gres is None:
        return allocated.get("cpu", 0)
    untyped = allocated.get(f"gres/{gres}")
    if untyped is not None:
        return untyped
    return sum(count for name, count in allocated.items() if name.startswith(f"gres/{gres}:"))


def split_status(status: int) -> tuple[int, int | None]:
    """Split a wait status, as the queue tells it, into exit code and signal."""
    return (status >> 8) & 0xFF, (status & 0x7F) or None


def span_seconds(text: str) -> float | None:
    """Read `3-04:05:06`, `4:05`, `00:00.014` as seconds; None when there is none."""
    if text in _NONE or text == "INVALID":
        return None
    match = _SPAN.fullmatch(text)
    if not match:
        raise Garbled(f"{text!r} is no duration of Slurm's")
    days, hours, minutes, seconds = match.groups()
    return ((int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes)) * 60 + float(seconds)


def _whole(text: str) -> int | None:
    if text in _NONE:
        return None
    if not re.fullmatch(r"-?[0-9]+", text, re.ASCII):
        raise Garbled(f"{text!r} is no whole number")
    return int(text)


def ours_by_name(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    """Return our jobs by name; more than one of a name means that a lost submission came after all."""
    found: dict[str, list[Job]] = {}
    for job in jobs:
        found.setdefault(job.name, []).append(job)
    return found
