"""The files of an array's attempt: each task's own log, the lines of those that failed, and the record of all.

Each task writes its own log, `record/tasks/NUMBER.log`, for tasks run on several nodes at once and a file system they
share need not let two of them append to one file. The attempt's `log` is the engine's alone: what a person reads first.
"""

import json
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from fabrica.engines.slurm.array_journal import Start
from fabrica.engines.slurm.array_tasks import TaskEnd, line_of_record, lines_of_failure
from fabrica.engines.slurm.array_text import array_of, index_of, read_indices
from fabrica.engines.slurm.ending import ROWS_FILE
from fabrica.engines.slurm.jobs import Row
from fabrica.engines.slurm.marks import read_marks
from fabrica.engines.slurm.store import Record
from fabrica.engines.slurm.usage import Charged, distinct, row_as_kept
from fabrica.run import CHAIN_START, chained_line, line_hash
from fabrica.values.files import write_whole

TASKS_FILE = "tasks.jsonl"
LOGS = "tasks"
_TAIL_BYTES = 4096
_RESTARTS_MAX = 1000


def rows_by_task(rows: Iterable[Row]) -> dict[int, list[Row]]:
    """Return accounting's rows by the task's number; one of tasks that never started stands for each of them.

    The number is in Slurm's own `JobID`; the raw id of an array's last task is the array's own.
    """
    found: dict[int, list[Row]] = {}
    for row in rows:
        index = index_of(row.job)
        if index is not None:
            found.setdefault(index, []).append(row)
        elif "_" in row.job:
            for one in read_indices(row.job.partition("_")[2]).known:
                found.setdefault(one, []).append(replace(row, job=f"{array_of(row.job)}_{one}"))
    return found


def starts_by_marks(record: Record) -> list[Start]:
    """Return the starts of a task by its own marks alone, with what was asked for each: nothing else knows of them."""
    submission = record["submission"]
    held = {"cpu": submission["cpus"] * submission["nodes"], "node": submission["nodes"]}
    if submission["gres"]:
        name, _, count = submission["gres"].rpartition(":")
        held[f"gres/{name.partition(':')[0]}"] = int(count) * submission["nodes"]
    starts = []
    for restart in range(_RESTARTS_MAX):
        began = read_marks(Path(record["folder"]), restart, task=record["task"]).started_at
        if began is None:
            break
        job = f"{record['job']}_{record['task']}"
        starts.append({"restart": restart, "job": job, "started_at": int(began), "allocated": held})
    return starts


def tell_failures(record: Record, ends: Iterable[TaskEnd]) -> None:
    """Append to the run's log what a person needs of each task that failed."""
    folder = Path(record["folder"])
    told = [
        lines_of_failure(end, _end_of_log(folder, end.task), tasks=record["tasks"]) for end in ends if end.letter == "f"
    ]
    if not told or not folder.is_dir():
        return
    descriptor = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "ab") as log:
        log.write("".join(told).encode())


def _end_of_log(folder: Path, index: int) -> str:
    """Return the end of a task's own log. The run may have put anything in its place: no link is followed."""
    opened: list[int] = []
    try:
        opened.append(os.open(folder / "record", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW))
        opened.append(os.open(LOGS, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=opened[-1]))
        opened.append(os.open(f"{index}.log", os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=opened[-1]))
        told = os.fstat(opened[-1])
        if not stat.S_ISREG(told.st_mode):
            return ""
        text = os.pread(opened[-1], _TAIL_BYTES, max(0, told.st_size - _TAIL_BYTES)).decode(errors="replace")
        return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
    except OSError:
        return ""
    finally:
        for descriptor in opened:
            os.close(descriptor)


def write_tasks(record: Record, ends: Sequence[TaskEnd]) -> None:
    """Put every task and every row of Slurm's into the run's record; a record that is gone needs none."""
    folder = Path(record["folder"]) / "record"
    if not folder.is_dir():
        return
    told = [one for end in ends if (one := line_of_record(end)) is not None]
    write_whole(folder / TASKS_FILE, "".join(json.dumps(one) + "\n" for one in told).encode())
    charged = Charged(**record["charged"])
    chained: list[bytes] = []
    previous = CHAIN_START
    rows = [(row, end.source) for end in ends for row in distinct(end.rows)]
    for number, (row, source) in enumerate(rows, start=1):
        line = chained_line(number, previous, row_as_kept(row, charged) | {"source": source})
        previous = line_hash(line) or ""
        chained.append(line + b"\n")
    write_whole(folder / ROWS_FILE, b"".join(chained))
