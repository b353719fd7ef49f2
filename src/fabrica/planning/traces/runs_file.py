"""The live service's own records as a trace: what `fabrica runs --json` prints."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from fabrica.planning.traces.rows import Rows
from fabrica.wire.planning import TraceMalformed
from fabrica.wire.runs import Run, RunList


def read_runs(document: Mapping[str, Any], rows: Rows) -> None:
    """Add every run that has started and ended, with the devices it asked for and the time from its start to its end.

    Raises:
        TraceMalformed: it is no list of runs.
    """
    try:
        listed = RunList.model_validate(document)
    except ValidationError as error:
        raise TraceMalformed(
            f"The file is no list of runs: {error.errors(include_url=False)[0]['msg']}.",
            remedy="Give what 'fabrica runs --json' or 'sacct --allocations --json' prints.",
        ) from None
    for run in listed.runs:
        _add(run, rows)
    left_out = len(listed.runs) - rows.count
    if left_out:
        rows.notice(f"{left_out:,} runs have not started, or not ended, and were left out.")
    arrays = sum(run.spec.resources.tasks > 1 for run in listed.runs)
    if arrays:
        rows.notice(f"{arrays:,} runs are of several tasks and count as if as many ran at once as were allowed to.")
    if listed.next_cursor:
        rows.notice("There are older runs that are not in this list.")


def _add(run: Run, rows: Rows) -> None:
    if run.started_at is None or run.ended_at is None:
        return
    asked = run.spec.resources
    rows.add(
        rows.count + 1,
        str(run.id),
        int(run.submitted_at.timestamp()),
        max(int((run.ended_at - run.started_at).total_seconds()), 0),
        asked.devices_total * min(asked.tasks, asked.tasks_at_once or asked.tasks),
        asked.time_limit_seconds,
    )
