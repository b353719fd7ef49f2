"""What the Slurm engine keeps on disk: one file for each attempt, written before anything is asked of Slurm.

ENGINE FOLDER/
  attempts/ID.json  the attempt: its folder, what it asks for, the intent to submit, then the end
  attempts/ID.job   Slurm's job id, until the file above holds it; a power cut may take it: it is then found by its name
  arrays/ID.jsonl   of a job array: each start and each end of a task, until all have ended
  locks/NN          held while an attempt is submitted, adopted or stopped; an attempt's id says which
"""

import fcntl
import json
import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fabrica.engines.files import read_json, write_json
from fabrica.values.files import sync
from fabrica.values.ids import AttemptId

Record = dict[str, Any]

_LOCKS = 64
_SETTLED_MAX = 256
_SYNCS_AT_ONCE = 8


class Store:
    """The engine's folder. Methods that change something expect the caller to hold the attempt's lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._attempts = folder / "attempts"
        self._locks = folder / "locks"
        self._settled: dict[str, Record] = {}
        self._syncers = ThreadPoolExecutor(_SYNCS_AT_ONCE, thread_name_prefix="slurm-sync")

    def make(self) -> None:
        """Create the folders that are missing."""
        for folder in (self._attempts, self._locks):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def locked(self, attempt: str) -> Iterator[None]:
        """Hold an attempt's lock, also against other processes."""
        number = zlib.crc32(attempt.encode()) % _LOCKS
        descriptor = os.open(self._locks / f"{number:02d}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read(self, attempt: str) -> Record | None:
        """Return what is known of an attempt; None when it was never started here, or is no attempt's id."""
        if settled := self._settled.get(attempt):
            return settled
        try:
            AttemptId.parse(attempt)
        except ValueError:
            return None
        record = read_json(self._place(attempt))
        if record is not None and record["job"] is None:
            record |= read_json(self._job_place(attempt)) or {}
        return record

    def create(self, attempt: str, record: Record) -> Callable[[], None]:
        """Write what a new attempt asks for; return what waits until that would survive a power cut.

        Content and name go to the disk at the same time. Half a file is as none: nothing is asked of Slurm before.
        """
        place = self._place(attempt)
        place.write_text(json.dumps(record), encoding="utf-8")
        waits = [self._syncers.submit(sync, one) for one in (place, place.parent)]

        def wait() -> None:
            for one in waits:
                one.result()

        return wait

    def write(self, attempt: str, record: Record) -> None:
        """Keep what is known of an attempt; it survives a power cut."""
        write_json(self._place(attempt), record, durable=True)

    def adopt(self, attempt: str, job: str, *, submitted_at: float) -> None:
        """Keep the job's id beside the intent, without the wait until it would survive a power cut."""
        self._job_place(attempt).write_text(json.dumps({"job": job, "submitted_at": submitted_at}), encoding="ascii")

    def remember(self, attempt: str, record: Record) -> None:
        """Keep an ended attempt in memory, too: it never changes again. Only the last ones are asked for again."""
        self._settled[attempt] = record
        while len(self._settled) > _SETTLED_MAX:
            self._settled.pop(next(iter(self._settled)), None)

    def forget(self, attempt: str) -> None:
        """Drop an attempt that Slurm has refused."""
        self._place(attempt).unlink(missing_ok=True)
        self._job_place(attempt).unlink(missing_ok=True)

    def forget_removed(self) -> None:
        """Forget ended attempts whose folder the agent has removed."""
        for path in self._attempts.glob("att_*.json"):
            record = read_json(path)
            if record is not None and record.get("ended") and not Path(record["folder"]).exists():
                self.forget(path.stem)
                self.tasks_place(path.stem).unlink(missing_ok=True)

    def tasks_place(self, attempt: str) -> Path:
        """Return the file of what is known of the tasks of an array."""
        return self.folder / "arrays" / f"{attempt}.jsonl"

    def _place(self, attempt: str) -> Path:
        return self._attempts / f"{attempt}.json"

    def _job_place(self, attempt: str) -> Path:
        return self._attempts / f"{attempt}.job"
