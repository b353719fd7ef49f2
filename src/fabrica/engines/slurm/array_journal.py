"""What is known of an array's tasks, on disk in the engine's own folder: one line for each start and each end.

A line is written once and never changed, by any number of processes; the first end of a task stands.
"""

import contextlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fabrica.engines.slurm.array_tasks import TaskEnd, task_end_of

Start = dict[str, Any]


@dataclass(slots=True)
class Tasks:
    """The tasks of one array as they are known: ends by number, and starts by number."""

    ends: dict[int, TaskEnd] = field(default_factory=dict)
    starts: dict[int, list[Start]] = field(default_factory=dict)
    read_bytes: int = 0

    def knows_start(self, index: int, started_at: int | None) -> bool:
        return any(one["started_at"] == started_at for one in self.starts.get(index, ()))


class ArrayJournal:
    """One array's file. Who appends holds the attempt's lock."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.tasks = Tasks()

    def catch_up(self) -> Tasks:
        """Read what was written since the last time; a line that a crash left half-written is none."""
        with contextlib.suppress(FileNotFoundError), self._place.open("rb") as file:
            file.seek(self.tasks.read_bytes)
            whole = file.read().rpartition(b"\n")
            self.tasks.read_bytes += len(whole[0]) + len(whole[1])
            for line in whole[0].splitlines():
                self._take(line)
        return self.tasks

    def _take(self, line: bytes) -> None:
        try:
            told = json.loads(line)
            if "start" in told:
                start = dict(told["start"])
                if not self.tasks.knows_start(int(told["task"]), start["started_at"]):
                    self.tasks.starts.setdefault(int(told["task"]), []).append(start)
            else:
                end = task_end_of(told)
                self.tasks.ends.setdefault(end.task, end)
        except (ValueError, TypeError, KeyError):
            return

    def append(self, *, starts: Iterable[tuple[int, Start]], ends: Iterable[TaskEnd]) -> None:
        """Write starts and ends that are not known yet; they survive a power cut."""
        self.catch_up()
        lines = [
            {"task": index, "start": start}
            for index, start in starts
            if not self.tasks.knows_start(index, start["started_at"])
        ]
        lines += [end.as_kept() for end in ends if end.task not in self.tasks.ends]
        if not lines:
            return
        self._place.parent.mkdir(mode=0o700, exist_ok=True)
        with self._place.open("a+b") as file:
            size = file.seek(0, os.SEEK_END)
            torn = size > self.tasks.read_bytes
            text = "".join(json.dumps(line) + "\n" for line in lines)
            file.write((b"\n" if torn else b"") + text.encode())
            file.flush()
            os.fsync(file.fileno())
        self.catch_up()

    def remove(self) -> None:
        """Drop the file of an array that has ended: the attempt's record says what became of it."""
        self._place.unlink(missing_ok=True)
