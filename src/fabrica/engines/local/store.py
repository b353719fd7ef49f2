"""What the local engine keeps on disk: settings, known attempts, the queue, and who holds which devices.

ENGINE FOLDER/
  lock              held by whoever changes the rest
  settings.json     devices and limits of this machine
  attempts/ID.json  every attempt that was started: its folder and what it asks for
  queue/NUMBER-ID   attempts that wait, oldest first
  claims/ID.json    attempts that hold devices, and the keeper that holds them
ATTEMPT FOLDER/engine/
  order.json        what to run
  started.json      written before the command starts: without it, it never ran
  usage.json        about once a second: proof of life and what was used
  stop.json         somebody asked for the end
  ended.json        the end; never changes
  tasks             of a job array: one letter a task
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fabrica.engines.files import read_json, write_json
from fabrica.engines.local.processes import boot_id

Record = dict[str, Any]


class AttemptFolder:
    """The engine's files of one attempt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = folder / "engine"
        self.order = self.engine / "order.json"
        self.started = self.engine / "started.json"
        self.usage = self.engine / "usage.json"
        self.stop = self.engine / "stop.json"
        self.ended = self.engine / "ended.json"
        self.tasks = self.engine / "tasks"
        self.ended_reserve = self.engine / "ended.reserve"
        self.keeper_log = self.engine / "keeper.log"
        self.log = folder / "log"


class Store:
    """The engine's folder. Methods that change something expect the caller to hold the lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._attempts = folder / "attempts"
        self._queue = folder / "queue"
        self._claims = folder / "claims"

    def make(self) -> None:
        """Create the folders that are missing."""
        for folder in (self._attempts, self._queue, self._claims):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the engine's lock. It is given up by closing, so a forked child may close its copy without harm."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def settings(self) -> Record:
        """Return devices and limits of this machine, as the engine wrote them."""
        return read_json(self.folder / "settings.json") or {}

    def save_settings(self, settings: Record) -> None:
        """Write devices and limits, when they changed."""
        if self.settings() != settings:
            write_json(self.folder / "settings.json", settings, durable=True)

    def attempt(self, attempt: str) -> Record | None:
        """Return what is known of an attempt; None when it was never started here."""
        return read_json(self._attempts / f"{attempt}.json")

    def enqueue(self, attempt: str, record: Record) -> None:
        """Make an attempt known and let it wait. The attempt's own file is the last step, and makes it true."""
        number = record.setdefault("number", self._next_number())
        record.setdefault("boot", boot_id())
        (self._queue / _entry(number, attempt)).touch(mode=0o600)
        write_json(self._attempts / f"{attempt}.json", record, durable=True)

    def _next_number(self) -> int:
        """Return a number after all that wait. Numbers only order what waits, so an empty queue begins anew."""
        last = max(os.listdir(self._queue), default="0-")  # noqa: PTH208 - ten times faster than a Path for each
        return int(last.partition("-")[0]) + 1

    def requeue(self, attempt: str, record: Record) -> None:
        """Let a known attempt wait again at its old place."""
        (self._queue / _entry(record["number"], attempt)).touch(mode=0o600)

    def waiting(self) -> list[str]:
        """Return the attempts that wait, oldest first."""
        return [name.partition("-")[2] for name in sorted(os.listdir(self._queue))]  # noqa: PTH208

    def waiting_records(self) -> Iterator[tuple[str, Record]]:
        """Yield the attempts that wait, oldest first, with what they ask for; drop entries that a crash left."""
        for name in sorted(os.listdir(self._queue)):  # noqa: PTH208
            attempt = name.partition("-")[2]
            record = self.attempt(attempt)
            if record is None or name != _entry(record["number"], attempt):
                (self._queue / name).unlink(missing_ok=True)
            else:
                yield attempt, record

    def leave_queue(self, attempt: str, record: Record) -> None:
        """Take an attempt out of the queue."""
        (self._queue / _entry(record["number"], attempt)).unlink(missing_ok=True)

    def is_waiting(self, attempt: str, record: Record) -> bool:
        """Say whether an attempt waits."""
        return (self._queue / _entry(record["number"], attempt)).exists()

    def claim(self, attempt: str) -> Record | None:
        """Return the devices an attempt holds, and its keeper; None when it holds none."""
        return read_json(self._claims / f"{attempt}.json")

    def claims(self) -> dict[str, Record]:
        """Return all claims by attempt."""
        found = {path.stem: read_json(path) for path in self._claims.glob("att_*.json")}
        return {attempt: claim for attempt, claim in found.items() if claim is not None}

    def save_claim(self, attempt: str, claim: Record) -> None:
        """Write which devices an attempt holds."""
        write_json(self._claims / f"{attempt}.json", claim)

    def release(self, attempt: str) -> None:
        """Free the devices of an attempt."""
        (self._claims / f"{attempt}.json").unlink(missing_ok=True)

    def forget_removed(self) -> None:
        """Forget ended attempts whose folder the agent has removed."""
        for path in self._attempts.glob("att_*.json"):
            record = read_json(path)
            if record is not None and not Path(record["folder"]).exists() and self.claim(path.stem) is None:
                self.leave_queue(path.stem, record)
                path.unlink(missing_ok=True)


def _entry(number: int, attempt: str) -> str:
    return f"{number:012d}-{attempt}"
