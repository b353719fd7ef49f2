"""Looks at the site's queue, accounting and disk: each rarely enough that Slurm hardly notices, remembered between."""

import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

from fabrica.engines.slurm.controller import Controller, Silent
from fabrica.engines.slurm.jobs import Job, Row, ours_by_name
from fabrica.engines.slurm.states import START_ENDED

_SHARE_OF_TIME = 20  # a look costs at most a twentieth of the time
_SHARE_WITH_REASON = 4  # and at most a fifth of it while jobs start
_PAUSE_SECONDS_MAX = 60.0
_SILENCE_SECONDS = 5.0
_DISK_FULL_BELOW_BYTES = 2**20
_DISK_FULL_SECONDS = 120.0


@dataclass(slots=True)
class Pace:
    """When the next question may be asked: after an interval, later when the last one was slow or in vain.

    One for which there is a reason may be asked sooner.
    """

    interval_seconds: float
    _due: float = 0.0
    _due_with_reason: float = 0.0

    def ready(self, *, with_reason: bool = False) -> bool:
        return time.monotonic() >= (self._due_with_reason if with_reason else self._due)

    def asked(self, began: float, *, in_vain: bool) -> None:
        """Note a question that began at a monotonic time and is over now."""
        now = time.monotonic()
        took = now - began
        pause = max(_SILENCE_SECONDS, took) if in_vain else min(_SHARE_OF_TIME * took, _PAUSE_SECONDS_MAX)
        self._due = now + max(self.interval_seconds, pause)
        self._due_with_reason = self._due if in_vain else now + min(_SHARE_WITH_REASON * took, pause)


@dataclass(slots=True)
class Queue:
    """What squeue last told. `asked_at`: epoch seconds before the question; `silence`: why it told nothing."""

    asked_at: float = 0.0
    names: frozenset[str] = frozenset()
    jobs: dict[str, list[Job]] = field(default_factory=dict)
    silence: str = ""

    def knows(self, name: str, since: float) -> bool:
        """Say whether this look covers a name, and began after an instant."""
        return not self.silence and name in self.names and self.asked_at > since


@dataclass(slots=True)
class History:
    """What sacct told so far, by name of job, with when each was last asked."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    asked_at: dict[str, float] = field(default_factory=dict)
    silence: str = ""

    def forget(self, name: str) -> None:
        self.rows.pop(name, None)
        self.asked_at.pop(name, None)


class Looks:
    """Asks for all at once, and only when it is time."""

    def __init__(
        self, controller: Callable[[], Controller], folder: Path, *, queue_seconds: float, history_seconds: float
    ) -> None:
        self._controller = controller
        self._folder = folder
        self._disk_full_at: float | None = None
        self._queue_pace = Pace(queue_seconds)
        self._history_pace = Pace(history_seconds)
        self.queue = Queue()
        self.history = History()
        self._booted_at: tuple[Queue, int | None] = (self.queue, None)

    def look_at_disk(self) -> None:
        """Note whether the site's disk is full now."""
        figures = os.statvfs(self._folder)
        if figures.f_bavail * figures.f_frsize < _DISK_FULL_BELOW_BYTES:
            self._disk_full_at = time.monotonic()

    @property
    def disk_was_full(self) -> bool:
        """Whether the disk was full a moment ago: an end is only judged some seconds after it came."""
        return self._disk_full_at is not None and time.monotonic() - self._disk_full_at < _DISK_FULL_SECONDS

    def look_at_queue(self, names: Collection[str], *, has_news: bool = False) -> bool:
        """Ask the queue for jobs of these names, when it is time; sooner when it has news. Say whether it was asked."""
        if not names or not self._queue_pace.ready(with_reason=has_news):
            return False
        began, asked_at = time.monotonic(), time.time()
        try:
            jobs = ours_by_name(self._controller().queue(names))
            self.queue = Queue(asked_at, frozenset(names), jobs)
        except Silent as trouble:
            self.queue = Queue(asked_at, frozenset(names), {}, silence=str(trouble) or "no answer")
        self._queue_pace.asked(began, in_vain=bool(self.queue.silence))
        return True

    def restarted_since(self, instant: int | None) -> bool:
        """Say whether Slurm's controller may have been started anew since; it is asked once for an answer of the queue.

        One that was may tell an end that is a second later than the one accounting has.
        """
        if self._booted_at[0] is not self.queue:
            try:
                self._booted_at = (self.queue, self._controller().booted_at())
            except Silent:
                self._booted_at = (self.queue, None)
        booted_at = self._booted_at[1]
        return booted_at is None or instant is None or booted_at >= instant

    def look_at_history(self, wanted: dict[str, str | None], *, since: int) -> None:
        """Ask accounting for jobs by name, when it is time; by their id those whose id is known (None: it is not)."""
        if not wanted or not self._history_pace.ready():
            return
        began, asked_at = time.monotonic(), time.time()
        known = {name: job for name, job in wanted.items() if job is not None}
        unknown = {name for name, job in wanted.items() if job is None}
        try:
            controller = self._controller()
            rows = controller.rows(known, list(known.values()), since=since) if known else []
            rows += controller.rows(unknown, (), since=since) if unknown else []
            self._keep(wanted, rows, asked_at)
        except Silent as trouble:
            self.history.silence = str(trouble) or "no answer"
        self._history_pace.asked(began, in_vain=bool(self.history.silence))

    def _keep(self, wanted: Collection[str], rows: Collection[Row], asked_at: float) -> None:
        self.history.silence = ""
        found: dict[str, list[Row]] = {name: [] for name in wanted}
        for row in rows:
            found[row.name].append(row if _is_whole(row) else _as_going_on(row))
        self.history.rows |= found
        self.history.asked_at |= dict.fromkeys(wanted, asked_at)


def _is_whole(row: Row) -> bool:
    """Say whether all of an end is told: accounting that was away tells its name before its time and what was held."""
    return row.ended_at is not None and (bool(row.allocated) or not row.elapsed_seconds)


def _as_going_on(row: Row) -> Row:
    """Return a row without the end's name: until its time is told what it gives as elapsed goes on growing."""
    return replace(row, state="RUNNING") if row.state in START_ENDED else row
