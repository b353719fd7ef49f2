"""What the job itself writes beside the run: when each start began, its last proof of life, how it ended.

Marks say how a command ended, which Slurm cannot, and outlive Slurm's memory of a job. They belong to whoever the job
runs as, so charges follow them only where Slurm keeps no account of its own.
"""

from dataclasses import dataclass
from pathlib import Path

from fabrica.engines.files import read_json
from fabrica.values.states import EndReason

ENGINE_FOLDER = "engine"
ORDER = "order.json"
KEEPER = "keeper.pyz"
OUTPUT = "slurm.out"
FIRST_JOB = "job"
TASKS_FOLDER = "tasks"


@dataclass(frozen=True, slots=True)
class EndMark:
    """How the command of one start ended, by the job's own word."""

    reason: EndReason
    exit_code: int | None
    words: str
    ended_at: float
    cpu_seconds: float | None
    memory_peak_bytes: int | None
    disk_bytes: int | None
    log_dropped_bytes: int


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one start. `beat` is whatever was last said; it changing is proof of life, its age is not."""

    started_at: float | None = None
    job: str = ""
    beat: str = ""
    beat_at: float | None = None
    disk_bytes: int | None = None
    log_dropped_bytes: int = 0
    end: EndMark | None = None


def read_marks(folder: Path, restart: int, *, task: int | None = None) -> Marks:
    """Read the marks of one start of an attempt, or of a task of its array; missing and spoilt ones are not written."""
    engine = folder / ENGINE_FOLDER
    if task is not None:
        engine = engine / TASKS_FOLDER / str(task)
    started = read_json(engine / f"started-{restart}.json") or {}
    beat = read_json(engine / f"usage-{restart}.json") or {}
    return Marks(
        started_at=_number(started.get("at")),
        job=str(started.get("job", "")),
        beat=str(beat.get("at", "")),
        beat_at=_number(beat.get("at")),
        disk_bytes=_count(beat.get("disk_bytes")),
        log_dropped_bytes=_count(beat.get("log_dropped_bytes")) or 0,
        end=_end(read_json(engine / f"ended-{restart}.json")),
    )


def _end(told: dict[str, object] | None) -> EndMark | None:
    if told is None:
        return None
    ended_at = _number(told.get("at"))
    try:
        reason = EndReason(str(told.get("reason")))
    except ValueError:
        return None
    if ended_at is None or reason not in OWN_REASONS:
        return None
    return EndMark(
        reason=reason,
        exit_code=_count(told.get("exit_code")),
        words=str(told.get("words", ""))[:500],
        ended_at=ended_at,
        cpu_seconds=_number(told.get("cpu_seconds")),
        memory_peak_bytes=_count(told.get("memory_peak_bytes")),
        disk_bytes=_count(told.get("disk_bytes")),
        log_dropped_bytes=_count(told.get("log_dropped_bytes")) or 0,
    )


OWN_REASONS = frozenset(
    {
        EndReason.COMPLETED,
        EndReason.EXIT_NONZERO,
        EndReason.KILLED_BY_SIGNAL,
        EndReason.COMMAND_NOT_FOUND,
        EndReason.FOLDER_FULL,
        EndReason.SITE_DISK_FULL,
        EndReason.TIME_LIMIT,
        EndReason.ENGINE_ERROR,
        EndReason.PROCESS_VANISHED,
    }
)
"""What a job may say of its own end."""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
