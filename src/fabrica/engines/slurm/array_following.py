"""Follows job arrays: each task by its own line of the queue, its own rows and its own marks, to one observation."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fabrica.engines.contract import Handle, Observation
from fabrica.engines.slurm import array_files, ending
from fabrica.engines.slurm.array_journal import ArrayJournal, Start, Tasks
from fabrica.engines.slurm.array_tasks import TaskEnd, end_of_array, letters_of
from fabrica.engines.slurm.array_text import Elements, elements_of
from fabrica.engines.slurm.ending import Evidence
from fabrica.engines.slurm.jobs import Job, Row
from fabrica.engines.slurm.looks import Looks
from fabrica.engines.slurm.marks import Marks, read_marks
from fabrica.engines.slurm.settings import SlurmSettings
from fabrica.engines.slurm.states import START_ENDED, End, Told, phase_of, words_of_wait
from fabrica.engines.slurm.store import Record, Store
from fabrica.engines.slurm.usage import Charged, usage_of
from fabrica.values.states import EndReason
from fabrica.wire.runs import Usage

_RESTARTED_PATIENCE = 6
_NOT_ACCOUNTED = "Slurm's accounting did not tell of it in time."


@dataclass(frozen=True, slots=True)
class Site:
    """What the tasks' figures depend on at this site."""

    cluster: str
    accounted: bool
    energy_counted: bool


@dataclass(slots=True)
class _Watched:
    """What is remembered of one array between two looks."""

    journal: ArrayJournal
    over_since: dict[int, float] = field(default_factory=dict)
    absent_since: dict[int, tuple[float, str]] = field(default_factory=dict)
    asks_history: bool = False


@dataclass(slots=True)
class _Look:
    """What one look tells of one array."""

    record: Record
    site: Site
    elements: Elements
    rows: dict[int, list[Row]]
    starts: list[tuple[int, Start]] = field(default_factory=list)
    ends: list[TaskEnd] = field(default_factory=list)
    running: dict[int, tuple[Row, ...]] = field(default_factory=dict)
    waiting: Job | None = None


class ArrayFollowing:
    """What is known of arrays between two looks, and how their tasks are settled, each once."""

    def __init__(self, store: Store, settings: SlurmSettings, looks: Looks, site: Callable[[], Site]) -> None:
        self._store = store
        self._settings = settings
        self._looks = looks
        self._site = site
        self._watched: dict[Handle, _Watched] = {}

    def wants_history(self, handle: Handle) -> bool:
        """Say whether the last look left tasks of which accounting knows more."""
        return handle in self._watched and self._watched[handle].asks_history

    def observe(self, handle: Handle, record: Record, jobs: Sequence[Job]) -> Observation:
        """Return the array's state from its lines in the queue, none when Slurm has forgotten it."""
        watched = self._watched.setdefault(handle, _Watched(ArrayJournal(self._store.tasks_place(handle))))
        tasks = watched.journal.catch_up()
        rows = array_files.rows_by_task(self._looks.history.rows.get(record["name"], []))
        look = _Look(record, self._site(), elements_of(jobs, tasks=record["tasks"]), rows)
        watched.asks_history = False
        for index in range(record["tasks"]):
            if index not in tasks.ends:
                self._look_at(index, look, watched, tasks)
        if look.starts or look.ends:
            self._keep(handle, look, watched)
        if len(tasks.ends) == record["tasks"]:
            return self._end(handle, record, watched)
        return self._going_on(look, tasks)

    def _look_at(self, index: int, look: _Look, watched: _Watched, tasks: Tasks) -> None:
        """Look at one task that has not ended for us."""
        job = look.elements.of(index)
        if job is None:
            self._absent(index, look, watched, tasks)
            return
        watched.absent_since.pop(index, None)
        phase = phase_of(job.state)
        if phase != "ended" and not job.restarts and not job.nodes:
            look.waiting = look.waiting or job
            return
        one = replace(job, job=f"{look.record['job']}_{index}")
        record = _task_record(look.record, index, tasks)
        if ending.note_start(record, one):
            look.starts.append((index, record["starts"][-1]))
        watched.asks_history = watched.asks_history or (look.site.accounted and job.restarts > 0)
        if phase == "ended":
            self._over(index, record, one, look, watched)
            return
        look.waiting = look.waiting if phase == "running" else look.waiting or job
        rows = self._evidence(index, record, one, look).rows
        if rows:
            look.running[index] = rows if phase == "running" else ()

    def _evidence(self, index: int, record: Record, job: Job | None, look: _Look) -> Evidence:
        """Return the best that is known of a task now: accounting's rows, with the queue's word on its last start."""
        last = max((start["restart"] for start in record["starts"]), default=0)
        marks = read_marks(Path(record["folder"]), job.restarts if job else last, task=index)
        rows = look.rows.get(index, [])
        if not rows:
            return self._own_figures(record, job, marks, look)
        current = ending.row_of_job(job, look.site.cluster) if job else None
        if current is not None and current.started_at is not None:
            same = [row for row in rows if row.started_at == current.started_at and row.state in START_ENDED]
            rows = [*(row for row in rows if row.started_at != current.started_at), same[-1] if same else current]
        return Evidence(tuple(rows), marks)

    def _own_figures(self, record: Record, job: Job | None, marks: Marks, look: _Look) -> Evidence:
        if job is None and not record["starts"]:
            record = record | {"starts": array_files.starts_by_marks(record)}
        rows = ending.rows_without_accounting(record, job, look.site.cluster)
        words = _NOT_ACCOUNTED if look.site.accounted else ""
        return Evidence(ending.with_own_figures(rows, marks), marks, "squeue", words)

    def _over(self, index: int, record: Record, job: Job, look: _Look, watched: _Watched) -> None:
        """Settle a task that the queue says has ended, once what comes late is there or has had its time."""
        waited = time.monotonic() - watched.over_since.setdefault(index, time.monotonic())
        evidence = self._evidence(index, record, job, look)
        marks = evidence.marks
        prompt = self._is_told_whole(record, job, marks, look)
        accounted = prompt or not look.site.accounted or _is_accounted(record, job, look.rows.get(index, []))
        marked = marks.end is not None or job.state not in ("COMPLETED", "FAILED") or not job.nodes
        patience = self._settings.settle_seconds * (_RESTARTED_PATIENCE if job.restarts else 1)
        if (not accounted and waited < patience) or (not marked and waited < self._settings.settle_seconds):
            watched.asks_history = watched.asks_history or (look.site.accounted and not accounted)
            if evidence.rows:
                look.running[index] = evidence.rows
            return
        if not accounted:
            evidence = self._own_figures(record, job, marks, look)
        told = ending.told_by_job(job)
        by = next((row.cancelled_by for row in reversed(evidence.rows) if row.cancelled_by), "")
        self._settle(index, record, replace(told, cancelled_by=by), evidence, look, prompt=prompt)

    def _is_told_whole(self, record: Record, job: Job, marks: Marks, look: _Look) -> bool:
        """Say whether queue and marks tell all that accounting would, which is some seconds late."""
        if not ending.is_told_whole(record, job, marks, energy_counted=look.site.energy_counted):
            return False
        return not (job.nodes and look.site.accounted and self._looks.restarted_since(job.started_at))

    def _absent(self, index: int, look: _Look, watched: _Watched, tasks: Tasks) -> None:
        """Settle a task that the queue has forgotten: by accounting, by its own last word, or as vanished."""
        record = _task_record(look.record, index, tasks)
        evidence = self._evidence(index, record, None, look)
        rows, marks = evidence.rows, evidence.marks
        if look.site.accounted and evidence.source == "sacct" and rows and phase_of(rows[-1].state) == "ended":
            self._settle(index, record, ending.told_by_row(rows[-1]), evidence, look)
            return
        watched.asks_history = look.site.accounted
        since, beat = watched.absent_since.setdefault(index, (time.monotonic(), marks.beat))
        if beat != marks.beat:
            watched.absent_since[index] = since, beat = (time.monotonic(), marks.beat)
        waited = time.monotonic() - since
        own = self._own_figures(record, None, marks, look)
        if marks.end is not None and waited >= self._settings.settle_seconds:
            self._settle(index, record, ending.told_by_marks(marks), own, look)
        elif marks.end is None and waited >= self._settings.vanish_seconds and not self._looks.history.silence:
            asked = record["stop"]
            end = End(EndReason(asked["reason"]), None, "It was asked to end.") if asked else ending.VANISHED
            look.ends.append(_task_end(index, end, own))
        elif own.rows:
            look.running[index] = own.rows

    def _settle(
        self, index: int, record: Record, told: Told, evidence: Evidence, look: _Look, *, prompt: bool = False
    ) -> None:
        evidence = replace(evidence, words="") if prompt else evidence
        end = ending.end_of(record, told, evidence, disk_full=self._looks.disk_was_full)
        look.ends.append(_task_end(index, end, evidence))

    def _keep(self, handle: Handle, look: _Look, watched: _Watched) -> None:
        """Keep what is new. What failed is told in the run's log first: a crash tells it twice rather than never."""
        with self._store.locked(handle):
            known = watched.journal.catch_up().ends
            array_files.tell_failures(look.record, (end for end in look.ends if end.task not in known))
            watched.journal.append(starts=look.starts, ends=look.ends)
        for end in look.ends:
            watched.over_since.pop(end.task, None)
            watched.absent_since.pop(end.task, None)

    def _going_on(self, look: _Look, tasks: Tasks) -> Observation:
        running = {index for index, rows in look.running.items() if rows}
        rows = [row for end in tasks.ends.values() for row in end.rows]
        rows += [row for held in look.running.values() for row in held]
        letters = letters_of(tasks.ends, running, tasks=look.record["tasks"])
        usage = _usage(look.record, rows, None, look.site)
        started = min((row.started_at for row in rows if row.started_at is not None), default=None)
        waits = words_of_wait(look.waiting.state, look.waiting.reason) if look.waiting else ""
        if started is None:
            expected = look.waiting.started_at if look.waiting else None
            words = waits or "Slurm's queue does not know it any more; accounting and its marks are looked at."
            return Observation(
                "queued", expected_start_at=ending.instant(expected), words=words, usage=usage, tasks=letters
            )
        words = waits if waits and not running else "Its tasks run."
        return Observation("running", started_at=ending.instant(started), words=words, usage=usage, tasks=letters)

    def _end(self, handle: Handle, record: Record, watched: _Watched) -> Observation:
        """Keep the array's end, for all time; one that another process has kept already stands."""
        site, tasks = self._site(), watched.journal.tasks
        ends = [tasks.ends[index] for index in range(record["tasks"])]
        rows = [row for end in ends for row in end.rows]
        asked = EndReason(record["stop"]["reason"]) if record["stop"] else None
        disk = max((end.disk_bytes for end in ends if end.disk_bytes is not None), default=None)
        with self._store.locked(handle):
            written = self._store.read(handle) or record
            if not written["ended"]:
                array_files.write_tasks(written, ends)
                evidence = Evidence(tuple(rows), Marks())
                end = end_of_array(ends, asked=asked)
                written["ended"] = ending.ended_as_kept(end, evidence, _usage(record, rows, disk, site)) | {
                    "tasks": letters_of(tasks.ends, (), tasks=record["tasks"]),
                    "log_bytes_dropped": sum(end.log_bytes_dropped for end in ends),
                }
                self._store.write(handle, written)
            watched.journal.remove()
        self._looks.history.forget(record["name"])
        self._store.remember(handle, written)
        del self._watched[handle]
        return ending.observation_of(written["ended"])


def _task_record(record: Record, index: int, tasks: Tasks) -> Record:
    """Return what the array's record says of one task, as that of a run of its own."""
    return record | {"task": index, "starts": list(tasks.starts.get(index, ()))}


def _is_accounted(record: Record, job: Job, rows: Iterable[Row]) -> bool:
    """Say whether accounting has the last start's end, and every start before it."""
    ended = [row for row in rows if row.state in START_ENDED]
    if not job.nodes and not job.restarts:
        return bool(ended)
    known = {row.started_at for row in ended}
    return job.started_at in known and all(start["started_at"] in known for start in record["starts"])


def _task_end(index: int, end: End, evidence: Evidence) -> TaskEnd:
    marks = evidence.marks
    return TaskEnd(
        task=index,
        reason=end.reason,
        exit_code=end.exit_code,
        words=f"{end.words} {evidence.words}".strip(),
        rows=evidence.rows,
        source=evidence.source,
        disk_bytes=marks.end.disk_bytes if marks.end else marks.disk_bytes,
        log_bytes_dropped=marks.end.log_dropped_bytes if marks.end else marks.log_dropped_bytes,
    )


def _usage(record: Record, rows: Sequence[Row], disk_bytes: int | None, site: Site) -> Usage:
    return usage_of(
        rows,
        Charged(**record["charged"]),
        asked_devices=record["devices"],
        disk_bytes=disk_bytes,
        energy_counted=site.energy_counted,
    )
