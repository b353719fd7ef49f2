"""Slurm's accounting as JSON: what `sacct --allocations --json` prints.

Source: Slurm's page of the command sacct; numbers are plain in older versions, and have `set` and `infinite` in newer.
"""

from collections.abc import Mapping
from typing import Any

from fabrica.planning.traces.rows import Rows
from fabrica.planning.traces.sacct_file import COMMAND, SacctJob, add_jobs, tell_states
from fabrica.wire.planning import TraceMalformed


def read_sacct_json(jobs: Any, rows: Rows) -> None:
    """Add every job of the list `jobs` that started; the line in a problem is its place, counted from 1.

    Raises:
        TraceMalformed: it is no list of jobs, or one of them lacks what it needs.
    """
    if not isinstance(jobs, list):
        raise TraceMalformed("The file has no list 'jobs'.", remedy=f"Make the file with '{COMMAND}'.")
    found: list[SacctJob] = []
    never_started = still_running = 0
    for place, job in enumerate(jobs, start=1):
        try:
            read = _job(job, place)
            still_running += read is not None and "RUNNING" in (job.get("state") or {}).get("current", ())
        except (KeyError, TypeError, ValueError, AttributeError) as broken:
            raise TraceMalformed(
                f"Job {place} of the list cannot be read: {broken!r:.80}.",
                remedy=f"Make the file with '{COMMAND}'.",
                line=place,
            ) from None
        never_started += read is None
        found += [] if read is None else [read]
    add_jobs(found, rows)
    tell_states(never_started, still_running, rows)


def _job(job: Mapping[str, Any], place: int) -> SacctJob | None:
    """Return a job; null where it never started."""
    time = job["time"]
    if not _number(time["start"]):
        return None
    minutes = _number(time.get("limit"))
    given = (job.get("tres") or {}).get("allocated") or ()
    resources = ",".join(f"{_kind(one)}={one['count']}" for one in given)
    return SacctJob(
        place,
        str(job["job_id"]),
        int(time["submission"]),
        int(time["elapsed"]),
        -1 if minutes is None else minutes * 60,
        str(job.get("account") or job.get("user") or ""),
        str(job.get("partition") or ""),
        resources,
    )


def _kind(resource: Mapping[str, Any]) -> str:
    return f"{resource['type']}/{resource['name']}" if resource.get("name") else str(resource["type"])


def _number(value: Any) -> int | None:
    """Return a number, plain or told with whether it is set; null where it is not, or without end."""
    if isinstance(value, dict):
        return int(value["number"]) if value.get("set") and not value.get("infinite") else None
    return None if value is None else int(value)
