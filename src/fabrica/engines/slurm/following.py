"""Follows submitted attempts: from what queue, accounting and marks tell to one observation each."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from fabrica.engines.contract import Handle, Observation
from fabrica.engines.slurm import ending
from fabrica.engines.slurm.array_following import ArrayFollowing, Site
from fabrica.engines.slurm.array_text import array_of
from fabrica.engines.slurm.controller import Controller, Refused, Silent
from fabrica.engines.slurm.ending import Evidence
from fabrica.engines.slurm.jobs import Job, Row
from fabrica.engines.slurm.looks import Looks
from fabrica.engines.slurm.marks import ENGINE_FOLDER, FIRST_JOB, Marks, read_marks
from fabrica.engines.slurm.settings import SlurmSettings
from fabrica.engines.slurm.starting import Starter
from fabrica.engines.slurm.states import START_ENDED, End, Told, phase_of, words_of_wait
from fabrica.engines.slurm.store import Record, Store
from fabrica.values.states import EndReason
from fabrica.values.time import show_duration

_CANCEL_AGAIN_SECONDS = 30.0
_RESTARTED_PATIENCE = 6  # an attempt of several starts waits that much longer for accounting: nothing else knows them
_TRIES_MAX = 10
_MARKS_LOOKED_AT_MAX = 256
_NOT_ACCOUNTED = "Slurm's accounting did not tell of it in time; its figures are the queue's and the job's own."
_NO_ACCOUNTING = "The site keeps no accounting; its figures are the queue's and the job's own."
_log = logging.getLogger("fabrica.engines.slurm")


class Following:
    """What is known of attempts between two looks, and how it is settled."""

    def __init__(
        self, store: Store, settings: SlurmSettings, starter: Starter, controller: Callable[[], Controller]
    ) -> None:
        self._store = store
        self._settings = settings
        self._starter = starter
        self._controller = controller
        self._looks = Looks(
            controller, store.folder, queue_seconds=settings.look_seconds, history_seconds=settings.accounting_seconds
        )
        self._arrays = ArrayFollowing(store, settings, self._looks, self._site)
        self._last: dict[Handle, Observation] = {}
        self._over_since: dict[Handle, float] = {}
        self._absent_since: dict[Handle, tuple[float, str]] = {}
        self._cancelled_at: dict[str, float] = {}
        self._begun: set[Handle] = set()
        self._has_news = False

    def observe(self, handles: Iterable[Handle]) -> dict[Handle, Observation]:
        """Return the state of each handle."""
        records = {handle: self._store.read(handle) for handle in handles}
        live = {handle: record for handle, record in records.items() if record and not record["ended"]}
        if live:
            self._looks.look_at_disk()
            self._has_news |= self._one_has_started(live)
            if self._looks.look_at_queue([record["name"] for record in live.values()], has_news=self._has_news):
                self._has_news = False
            self._look_back(live)
        return {handle: self._observe(handle, record) for handle, record in records.items()}

    def _one_has_started(self, live: dict[Handle, Record]) -> bool:
        """Say whether a job that waited when last looked has left its first mark: its start is told at once."""
        waiting = (handle for handle in live if handle not in self._begun and self._waits(handle))
        begun = {
            handle
            for handle in islice(waiting, _MARKS_LOOKED_AT_MAX)
            if (Path(live[handle]["folder"]) / ENGINE_FOLDER / FIRST_JOB).exists()
        }
        self._begun |= begun
        return bool(begun)

    def _waits(self, handle: Handle) -> bool:
        last = self._last.get(handle)
        return last is None or last.state == "queued"

    def _look_back(self, live: dict[Handle, Record]) -> None:
        """Ask accounting for what only it can tell: ends, earlier starts, and jobs that the queue does not know."""
        queue = self._looks.queue
        if queue.silence or not self._has_accounting():
            return
        wanted, since = {}, []
        for handle, record in live.items():
            if record.get("tasks", 1) > 1 and record["job"] is not None:
                if self._arrays.wants_history(handle):
                    wanted[record["name"]] = record["job"]
                    since.append(record["since"])
                continue
            job = self._job_of(handle, record)
            restarted = job is not None and job.restarts > 0
            if job is None or restarted or phase_of(job.state) == "ended":
                wanted[record["name"]] = record["job"]
                since.append(record["since"])
        if wanted:
            self._looks.look_at_history(wanted, since=min(since) - 86_400)

    def _has_accounting(self) -> bool:
        try:
            return self._controller().has_accounting
        except Silent:
            return False

    def _observe(self, handle: Handle, record: Record | None) -> Observation:
        if record is None:
            return Observation("unknown", words="This engine has never started it.")
        if record["ended"]:
            self._store.remember(handle, record)
            return ending.observation_of(record["ended"])
        queue = self._looks.queue
        if queue.silence:
            return self._unheard(handle, record, queue.silence)
        if not queue.knows(record["name"], record.get("submitted_at") or record["intent_at"]):
            return self._last.get(handle) or Observation("queued", words=_words_of_submission(record))
        jobs = self._jobs_of(handle, record)
        job = jobs[0] if jobs else None
        if record.get("tasks", 1) > 1 and record["job"] is not None:
            if record["stop"]:
                self.cancel(handle, record)
            seen = self._arrays.observe(handle, record, jobs)
        elif job is None:
            seen = self._absent(handle, record) if record["job"] else self._in_doubt(handle, record)
        else:
            seen = self._present(handle, record, job)
        return self._never_falling(handle, seen)

    def _unheard(self, handle: Handle, record: Record, silence: str) -> Observation:
        """Return what was known last: a silent Slurm ends nothing."""
        self._starter.not_empty(handle)
        self._absent_since.pop(handle, None)
        last = self._last.get(handle)
        words = f"Slurm does not answer now: {silence}."
        if last is not None:
            return replace(last, words=f"{words} {last.words}".strip())
        return Observation("queued" if record["job"] is None else "unknown", words=words)

    def _never_falling(self, handle: Handle, seen: Observation) -> Observation:
        """Keep what was told as used, until accounting tells of a start that the queue has forgotten."""
        last = self._last.get(handle)
        if seen.state == "ended":
            for kept in (self._last, self._over_since, self._absent_since):
                kept.pop(handle, None)
            self._begun.discard(handle)
            return seen
        if last is not None and last.usage.charged_milliseconds > seen.usage.charged_milliseconds:
            seen = replace(seen, usage=last.usage)
        self._last[handle] = seen
        return seen

    def _job_of(self, handle: Handle, record: Record) -> Job | None:
        return next(iter(self._jobs_of(handle, record)), None)

    def _jobs_of(self, handle: Handle, record: Record) -> list[Job]:
        """Return the attempt's job as the queue knows it, of an array its tasks; adopt one not known, end a second."""
        jobs = self._looks.queue.jobs.get(record["name"], [])
        if not jobs:
            return []
        if record["job"] is None:
            first = min(jobs, key=lambda job: int(array_of(job.job)))
            with self._store.locked(handle):
                written = self._store.read(handle)
                if written is None:
                    return []
                if written["job"] is None:
                    self._starter.adopt(handle, written, array_of(first.job))
                record.update(written)
        for job in jobs:
            if array_of(job.job) != record["job"] and phase_of(job.state) != "ended":
                self._ask_cancel(array_of(job.job), record["account"], why=f"it is a second one of {handle}")
        return [job for job in jobs if array_of(job.job) == record["job"]]

    def _present(self, handle: Handle, record: Record, job: Job) -> Observation:
        self._absent_since.pop(handle, None)
        phase = phase_of(job.state)
        if phase != "ended" and record["stop"]:
            self.cancel(handle, record)
        if ending.note_start(record, job):
            self._keep_start(handle, job)
        if phase == "ended":
            return self._over(handle, record, job)
        evidence = self._evidence(record, job)
        usage = ending.current_usage(record, evidence, energy_counted=self._energy_counted())
        if phase == "running":
            started = next((row.started_at for row in evidence.rows if row.started_at is not None), job.started_at)
            words = f"It has run for {show_duration(usage.elapsed_seconds)}."
            if job.state in ("SUSPENDED", "STOPPED"):
                words = "The site has suspended it."
            return Observation("running", started_at=ending.instant(started), words=words, usage=usage)
        expected = ending.instant(job.started_at) if job.state == "PENDING" else None
        words = words_of_wait(job.state, job.reason)
        return Observation("queued", expected_start_at=expected, words=words, usage=usage)

    def _keep_start(self, handle: Handle, job: Job) -> None:
        with self._store.locked(handle):
            written = self._store.read(handle)
            if written is not None and ending.note_start(written, job):
                self._store.write(handle, written)

    def _evidence(self, record: Record, job: Job | None) -> Evidence:
        """Return the best that is known now: accounting's rows with the queue's word on the start that goes on."""
        restart = job.restarts if job else max((start["restart"] for start in record["starts"]), default=0)
        marks = read_marks(Path(record["folder"]), restart)
        rows = self._looks.history.rows.get(record["name"], [])
        if not rows:
            return self._own_figures(record, job, marks)
        current = ending.row_of_job(job, self._cluster()) if job else None
        if current is not None and current.started_at is not None:
            same = [row for row in rows if row.started_at == current.started_at and row.state in START_ENDED]
            rows = [*(row for row in rows if row.started_at != current.started_at), same[-1] if same else current]
        return Evidence(tuple(rows), marks)

    def _own_figures(self, record: Record, job: Job | None, marks: Marks) -> Evidence:
        """Return the queue's and the marks' figures, where accounting has none that are whole."""
        words = _NOT_ACCOUNTED if self._has_accounting() else _NO_ACCOUNTING
        rows = ending.with_own_figures(ending.rows_without_accounting(record, job, self._cluster()), marks)
        return Evidence(rows, marks, "squeue", words)

    def _site(self) -> Site:
        return Site(self._cluster(), accounted=self._has_accounting(), energy_counted=self._energy_counted())

    def _cluster(self) -> str:
        try:
            return self._controller().cluster
        except Silent:
            return ""

    def _energy_counted(self) -> bool:
        try:
            return self._controller().measures_energy
        except Silent:
            return False

    def _over(self, handle: Handle, record: Record, job: Job) -> Observation:
        """Settle a job that the queue says has ended, once what comes late is there or has had its time."""
        waited = time.monotonic() - self._over_since.setdefault(handle, time.monotonic())
        evidence = self._evidence(record, job)
        patience = self._settings.settle_seconds * (_RESTARTED_PATIENCE if job.restarts else 1)
        prompt = self._is_told_whole(record, job, evidence.marks)
        accounted = prompt or not self._has_accounting() or self._is_accounted(record, job)
        marked = evidence.marks.end is not None or job.state not in ("COMPLETED", "FAILED") or not job.nodes
        if (not accounted and waited < patience) or (not marked and waited < self._settings.settle_seconds):
            usage = ending.current_usage(record, evidence, energy_counted=self._energy_counted())
            started = ending.instant(job.started_at) if job.nodes else None
            words = "It has ended; the site's last word on it is awaited."
            return Observation("running" if job.nodes else "queued", started_at=started, words=words, usage=usage)
        if not accounted:
            evidence = self._own_figures(record, job, evidence.marks)
        elif prompt and evidence.source == "squeue":
            evidence = replace(evidence, words="")
        told = ending.told_by_job(job)
        last = next((row for row in reversed(evidence.rows) if row.cancelled_by), None)
        if last is not None:
            told = replace(told, cancelled_by=last.cancelled_by)
        return self._end(handle, record, self._judged(record, told, evidence), evidence)

    def _is_told_whole(self, record: Record, job: Job, marks: Marks) -> bool:
        """Say whether queue and marks tell all that accounting would, which is some seconds late."""
        if not ending.is_told_whole(record, job, marks, energy_counted=self._energy_counted()):
            return False
        return not (job.nodes and self._has_accounting() and self._looks.restarted_since(job.started_at))

    def _is_accounted(self, record: Record, job: Job) -> bool:
        """Say whether accounting has the last start's end, and every start before it."""
        rows = self._looks.history.rows.get(record["name"], [])
        ended = [row for row in rows if row.state in START_ENDED]
        if not job.nodes and not job.restarts:
            return bool(ended)
        known = {row.started_at for row in ended}
        return job.started_at in known and all(start["started_at"] in known for start in record["starts"])

    def _absent(self, handle: Handle, record: Record) -> Observation:
        """Settle a job that the queue has forgotten: by accounting, by its own last word, or as vanished."""
        evidence = self._evidence(record, None)
        rows: tuple[Row, ...] = evidence.rows
        accounted = self._has_accounting()
        if accounted and evidence.source == "sacct" and rows and phase_of(rows[-1].state) == "ended":
            told = ending.told_by_row(rows[-1])
            return self._end(handle, record, self._judged(record, told, evidence), evidence)
        marks = evidence.marks
        since, beat = self._absent_since.setdefault(handle, (time.monotonic(), marks.beat))
        if beat != marks.beat:
            self._absent_since[handle] = since, beat = (time.monotonic(), marks.beat)  # it lives, and Slurm forgot it
        waited = time.monotonic() - since
        if marks.end is not None and waited >= self._settings.settle_seconds:
            own = self._own_figures(record, None, marks)
            return self._end(handle, record, self._judged(record, ending.told_by_marks(marks), own), own)
        if marks.end is None and waited >= self._settings.vanish_seconds and not self._looks.history.silence:
            own = self._own_figures(record, None, marks)
            asked = record["stop"]
            end = End(EndReason(asked["reason"]), None, "It was asked to end.") if asked else ending.VANISHED
            return self._end(handle, record, end, own)
        usage = ending.current_usage(record, evidence, energy_counted=self._energy_counted())
        words = "Slurm's queue does not know it any more; accounting and the job's own marks are looked at."
        started = next((row.started_at for row in rows if row.started_at is not None), None)
        if started is None and marks.started_at is None:
            return Observation("queued", words=words, usage=usage)
        return Observation("running", started_at=ending.instant(started), words=words, usage=usage)

    def _judged(self, record: Record, told: Told, evidence: Evidence) -> End:
        return ending.end_of(record, told, evidence, disk_full=self._looks.disk_was_full)

    def _in_doubt(self, handle: Handle, record: Record) -> Observation:
        """Settle a submission of which no id came: look in both places until it is found, or lost for certain."""
        history = self._looks.history
        if self._has_accounting():
            rows = history.rows.get(record["name"], [])
            if rows:
                with self._store.locked(handle):
                    written = self._store.read(handle)
                    if written is not None and written["job"] is None:
                        self._starter.adopt(handle, written, array_of(rows[-1].job))
                return Observation("queued", words=_words_of_submission(record))
            if history.silence or history.asked_at.get(record["name"], 0) <= record["intent_at"]:
                if history.silence:
                    self._starter.not_empty(handle)
                return Observation("queued", words=self._words_of_doubt(handle))
        if not self._starter.is_lost(handle, record):
            return Observation("queued", words=self._words_of_doubt(handle))
        return self._lost(handle, record)

    def _words_of_doubt(self, handle: Handle) -> str:
        trouble = self._starter.doubts.get(handle)
        told = f" {trouble}." if trouble else ""
        return f"It is not known whether Slurm took it; it is looked for by its name.{told}"

    def _lost(self, handle: Handle, record: Record) -> Observation:
        """Submit a lost submission again, unless its end was asked for or Slurm has failed too often."""
        nothing = Evidence((), read_marks(Path(record["folder"]), 0))
        if record["stop"]:
            end = End(EndReason(record["stop"]["reason"]), None, "It was asked to end before Slurm had it.")
            return self._end(handle, record, end, nothing)
        if record["tries"] >= _TRIES_MAX:
            words = f"Slurm did not take it in {_TRIES_MAX} tries: {self._starter.doubts.get(handle, 'no answer')}."
            return self._end(handle, record, End(EndReason.ENGINE_ERROR, None, words), nothing)
        try:
            self._starter.submit_again(handle)
        except Refused as refusal:
            end = End(EndReason.SITE_DECLINED, None, f"Slurm does not take it: {refusal}")
            return self._end(handle, record, end, nothing)
        return Observation("queued", words="Its submission was lost, and it was submitted again.")

    def _end(self, handle: Handle, record: Record, end: End, evidence: Evidence) -> Observation:
        """Keep an end, for all time; an end that another process has kept already stands."""
        usage = ending.current_usage(record, evidence, energy_counted=self._energy_counted())
        with self._store.locked(handle):
            written = self._store.read(handle) or record
            if not written["ended"]:
                ending.write_rows(written, evidence.rows, source=evidence.source)
                written["ended"] = ending.ended_as_kept(end, evidence, usage)
                self._store.write(handle, written)
        self._looks.history.forget(record["name"])
        self._store.remember(handle, written)
        return ending.observation_of(written["ended"])

    def cancel(self, handle: Handle, record: Record) -> None:
        """Ask Slurm to end an attempt's job; once in a while again while it lives."""
        if record["job"] is not None:
            self._ask_cancel(record["job"], record["account"], why=f"{handle} was asked to end")

    def _ask_cancel(self, job: str, user: str | None, *, why: str) -> None:
        now = time.monotonic()
        if now - self._cancelled_at.get(job, -_CANCEL_AGAIN_SECONDS) < _CANCEL_AGAIN_SECONDS:
            return
        self._cancelled_at = {one: at for one, at in self._cancelled_at.items() if now - at < _CANCEL_AGAIN_SECONDS}
        self._cancelled_at[job] = now
        try:
            _log.info("job %s is cancelled: %s", job, why)
            self._controller().cancel([job], user=user)
        except Silent as trouble:
            del self._cancelled_at[job]
            _log.warning("job %s could not be cancelled, which is tried again: %s", job, trouble)


def _words_of_submission(record: Record) -> str:
    return f"Slurm has it as job {record['job']}." if record["job"] else "It is being handed to Slurm."
