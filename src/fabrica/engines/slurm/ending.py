"""Settles how an attempt ended and what it used, once: from Slurm's rows, the queue's figures and the job's marks."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from fabrica.engines.contract import Observation
from fabrica.engines.slurm.jobs import Job, Row
from fabrica.engines.slurm.marks import Marks, read_marks
from fabrica.engines.slurm.states import End, Told, judge, phase_of
from fabrica.engines.slurm.store import Record
from fabrica.engines.slurm.usage import Charged, distinct, row_as_kept, usage_of
from fabrica.run import append_line
from fabrica.values.states import EndReason
from fabrica.wire.runs import Usage

ROWS_FILE = "slurm_rows.jsonl"


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of an attempt's starts, where its figures come from, and words when they are not whole."""

    rows: tuple[Row, ...]
    marks: Marks
    source: Literal["sacct", "squeue"] = "sacct"
    words: str = ""


def row_of_job(job: Job, cluster: str = "") -> Row:
    """Return the start that the queue tells of as accounting would; it holds nothing yet when it has no nodes."""
    started = bool(job.nodes) and phase_of(job.state) in ("running", "ended")
    return Row(
        cluster=cluster,
        job=job.job,
        name=job.name,
        state=job.state,
        exit_code=job.exit_code,
        signal_number=job.signal_number,
        started_at=job.started_at if started else None,
        ended_at=job.ended_at if phase_of(job.state) == "ended" else None,
        elapsed_seconds=job.elapsed_seconds if started else 0,
        allocated=job.allocated if started else {},
    )


def note_start(record: Record, job: Job) -> bool:
    """Put a start that the queue tells of into the record; say whether it is new there."""
    row = row_of_job(job)
    if row.started_at is None or any(one["started_at"] == row.started_at for one in record["starts"]):
        return False
    record["starts"].append(
        {"restart": job.restarts, "job": job.job, "started_at": row.started_at, "allocated": dict(row.allocated)}
    )
    return True


def rows_without_accounting(record: Record, job: Job | None, cluster: str) -> tuple[Row, ...]:
    """Return the starts that the queue told of. One that is over ended when its mark says, or at its last beat."""
    rows = [_noted_row(record, start, cluster) for start in record["starts"]]
    current = row_of_job(job, cluster) if job else None
    if current is not None and current.started_at is not None:
        rows = [row for row in rows if row.started_at != current.started_at] + [current]
    return tuple(distinct(rows))


def with_own_figures(rows: tuple[Row, ...], marks: Marks) -> tuple[Row, ...]:
    """Return the starts with what the job itself counted in the last of them."""
    end = marks.end
    if end is None or not rows or rows[-1].cpu_seconds is not None:
        return rows
    return *rows[:-1], replace(rows[-1], cpu_seconds=end.cpu_seconds, memory_peak_bytes=end.memory_peak_bytes)


def _noted_row(record: Record, start: dict[str, Any], cluster: str) -> Row:
    marks = read_marks(Path(record["folder"]), start["restart"], task=record.get("task"))
    last = marks.end.ended_at if marks.end else marks.beat_at
    # Marks carry the node's clock; the start in it cancels what that clock is off.
    elapsed = 0 if last is None or marks.started_at is None else max(0, round(last - marks.started_at))
    return Row(
        cluster=cluster,
        job=start["job"],
        name=record["name"],
        state="COMPLETED" if marks.end else "",
        started_at=start["started_at"],
        ended_at=start["started_at"] + elapsed,
        elapsed_seconds=elapsed,
        allocated=start["allocated"],
        cpu_seconds=marks.end.cpu_seconds if marks.end else None,
        memory_peak_bytes=marks.end.memory_peak_bytes if marks.end else None,
    )


def current_usage(record: Record, evidence: Evidence, *, energy_counted: bool) -> Usage:
    """Return what an attempt has used by the evidence."""
    marks = evidence.marks
    return usage_of(
        evidence.rows,
        Charged(**record["charged"]),
        asked_devices=record["devices"],
        disk_bytes=marks.end.disk_bytes if marks.end else marks.disk_bytes,
        energy_counted=energy_counted,
    )


def is_told_whole(record: Record, job: Job, marks: Marks, *, energy_counted: bool) -> bool:
    """Say whether queue and marks tell all that accounting would of a job that has ended.

    Of a job of one start they do: its times and devices are the queue's own, and what it used stands in its mark.
    """
    if job.restarts or energy_counted or (job.state == "CANCELLED" and not record["stop"]):
        return False
    if job.state == "NODE_FAIL":  # the queue and accounting may be told ends that are a second apart
        return False
    return not job.nodes or (marks.end is not None and marks.end.cpu_seconds is not None)


def told_by_job(job: Job) -> Told:
    """Return what the queue says of an ended job."""
    return Told(
        state=job.state,
        started=bool(job.nodes),
        reason=job.reason,
        exit_code=job.exit_code,
        signal_number=job.signal_number,
    )


def told_by_row(row: Row) -> Told:
    """Return what accounting says of an ended job."""
    return Told(
        state=row.state,
        started=bool(row.allocated),
        cancelled_by=row.cancelled_by,
        exit_code=row.exit_code,
        signal_number=row.signal_number,
    )


def told_by_marks(marks: Marks) -> Told:
    """Return what the job's own last word says, where Slurm has forgotten it."""
    assert marks.end is not None
    completed = marks.end.reason is EndReason.COMPLETED
    return Told(state="COMPLETED" if completed else "FAILED", started=True, exit_code=marks.end.exit_code)


VANISHED = End(
    EndReason.PROCESS_VANISHED,
    None,
    "Neither Slurm nor the job itself says anything of it any more; Slurm may have lost it in a restart.",
)


def end_of(record: Record, told: Told, evidence: Evidence, *, disk_full: bool) -> End:
    """Return why an attempt ended. `disk_full`: whether the agent has just seen the site's disk full."""
    stop = record["stop"]
    return judge(
        told,
        mark=evidence.marks.end,
        began=evidence.marks.started_at is not None,
        elapsed_seconds=sum(row.elapsed_seconds for row in evidence.rows),
        disk_full=disk_full,
        asked=EndReason(stop["reason"]) if stop else None,
    )


def ended_as_kept(end: End, evidence: Evidence, usage: Usage) -> dict[str, Any]:
    """Return an end as the record keeps it for all time."""
    started = [row for row in evidence.rows if row.started_at is not None and row.allocated]
    ended_at = [row.ended_at for row in evidence.rows if row.ended_at is not None]
    dropped = evidence.marks.end.log_dropped_bytes if evidence.marks.end else evidence.marks.log_dropped_bytes
    return {
        "reason": end.reason.value,
        "exit_code": end.exit_code,
        "words": f"{end.words} {evidence.words}".strip(),
        "started_at": started[0].started_at if started else None,
        "ended_at": max(ended_at, default=int(time.time())),
        "usage": usage.model_dump(mode="json"),
        "log_bytes_dropped": dropped,
    }


def observation_of(ended: dict[str, Any]) -> Observation:
    """Return the last observation of an attempt, the same whenever it is asked."""
    return Observation(
        "ended",
        reason=EndReason(ended["reason"]),
        exit_code=ended["exit_code"],
        started_at=instant(ended["started_at"]),
        ended_at=instant(ended["ended_at"]),
        words=ended["words"],
        usage=Usage.model_validate(ended["usage"]),
        tasks=ended.get("tasks", ""),
        log_bytes_dropped=ended["log_bytes_dropped"],
    )


def instant(seconds: float | None) -> datetime | None:
    """Return epoch seconds as an instant."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def write_rows(record: Record, rows: Sequence[Row], *, source: str) -> None:
    """Put Slurm's rows into the run's record, each with what it costs; a record that is gone needs none."""
    folder = Path(record["folder"]) / "record"
    charged = Charged(**record["charged"])
    if not folder.is_dir():
        return
    (folder / ROWS_FILE).unlink(missing_ok=True)
    for row in distinct(rows):
        line = row_as_kept(row, charged) | {"source": source}
        append_line(folder / ROWS_FILE, json.loads(json.dumps(line)))
