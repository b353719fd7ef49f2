"""Looks after attempts that the engine has: starts them, observes them, tells, enforces, stops."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from fabrica.agent.accounts import NoAccount, site_account
from fabrica.agent.attachments import hosted_command
from fabrica.agent.entries import Ending, Entry, event_of
from fabrica.agent.folders import SiteFolder
from fabrica.agent.images import image_place
from fabrica.agent.journal import Journal
from fabrica.agent.settings import AgentSettings
from fabrica.agent.tails import MetricsTail, next_log_piece
from fabrica.agent.waits import WaitLog
from fabrica.engines.contract import Engine, Handle, Observation, StartOrder, StartRefused
from fabrica.record.folder import METRICS
from fabrica.values.ids import AttemptId
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire.runs import Usage, tell_tasks

_TIME_LIMIT_GRACE_SECONDS = 60
_LOG_PIECES_PER_TICK = 32
_TOLD = float("inf")
_log = logging.getLogger("fabrica.agent")


@dataclass(slots=True)
class Watch:
    """All verbs of the engine are called from here, by one thread; `start` by others where the engine says so."""

    engine: Engine
    journal: Journal
    site: SiteFolder
    settings: AgentSettings
    clock: Callable[[], datetime]
    waits: WaitLog
    _usage_due: dict[AttemptId, float] = field(default_factory=dict)
    _stopped: set[AttemptId] = field(default_factory=set)
    _estimated: set[AttemptId] = field(default_factory=set)
    _waiting: dict[AttemptId, tuple[str, float]] = field(default_factory=dict)
    _metrics: dict[AttemptId, MetricsTail] = field(default_factory=dict)

    def start(self, entry: Entry) -> None:
        """Hand a staged attempt to the engine. After a crash in here it is done again: the engine starts it once."""
        assert entry.variables is not None
        order = entry.order
        try:
            account = site_account(self.settings, order)
        except NoAccount as missing:  # it was taken away since the order was accepted
            if entry.start_asked:
                raise  # the engine may have it: it is not ended here, and waits for the mapping to come back
            self.journal.end(
                entry.attempt, Ending(reason=EndReason.SITE_DECLINED, words=str(missing), ended_at=self.clock())
            )
            return
        self.journal.write(entry.attempt, start_asked=1)
        try:
            handle = self.engine.start(
                StartOrder(
                    attempt=order.attempt,
                    name=order.name,
                    partition=order.partition,
                    command=hosted_command(order, self.site.attempt(order.attempt)),
                    folder=self.site.attempt(order.attempt).root,
                    variables=entry.variables,
                    resources=order.resources,
                    site_account=account,
                    project=order.project,
                    image=image_place(order, self.site.attempt(order.attempt)),
                )
            )
        except StartRefused as refusal:
            ending = Ending(reason=refusal.reason, words=refusal.words, ended_at=self.clock())
            self.journal.end(entry.attempt, ending)
            return
        event = event_of(entry.order, "queued", self.clock(), handle=handle)
        self.waits.begin(entry.attempt, event.at)
        self.journal.write(entry.attempt, event, handle=handle, state=AttemptState.QUEUED)
        _log.info("started %s as %s", entry.attempt, handle)

    def start_as_known(self, attempt: AttemptId) -> None:
        """Hand an attempt to the engine as the journal knows it now, unless it has gone on meanwhile."""
        entry = self.journal.entry(attempt)
        if entry is not None and entry.may_start and not entry.stops_unstarted:
            self.start(entry)

    def cancel_unstarted(self, entry: Entry) -> None:
        """End an attempt that the engine was never asked to start, as the journal knows it now."""
        known = self.journal.entry(entry.attempt)
        if known is not None and known.stops_unstarted and known.stop_reason is not None:
            self.journal.end(entry.attempt, Ending(reason=known.stop_reason, ended_at=self.clock()))

    def tell_log(self, entry: Entry) -> None:
        """Spool what was added to an attempt's log. While it is staged, those are the words of pip and its like."""
        read, told = entry.log_read, entry.log_told
        log = self.site.attempt(entry.attempt).log
        for _ in range(_LOG_PIECES_PER_TICK):
            piece = next_log_piece(log, read=read, told=told, bytes_max=self.settings.log_bytes_max, ended=False)
            if piece is None:
                return
            read, told = piece.read, piece.told
            event = event_of(entry.order, "log", self.clock(), log_offset=piece.offset, log_text=piece.text)
            self.journal.write(entry.attempt, event, log_read=read, log_told=told)

    def observe(self, entries: Iterable[Entry]) -> None:
        """Look at all started attempts at once and keep what changed."""
        by_handle = {entry.handle: entry for entry in entries if entry.handle is not None}
        if not by_handle:
            return
        for handle, observation in self.engine.observe(by_handle).items():
            try:
                self._keep(by_handle[handle], handle, observation)
            except Exception:
                _log.exception("%s could not be looked after; it is tried again", handle)

    def _keep(self, entry: Entry, handle: Handle, observation: Observation) -> None:
        if entry.stop_reason and entry.attempt not in self._stopped and observation.state != "ended":
            self.engine.stop(handle, entry.stop_reason)
            self._stopped.add(entry.attempt)
        if observation.state == "queued":
            self._tell_estimate(entry, handle, observation)
            self._tell_why_it_waits(entry, handle, observation)
        elif observation.state == "running":
            _, due = self._waiting.pop(entry.attempt, ("", 0.0))
            if entry.state is not AttemptState.RUNNING or due == _TOLD:  # what was told of its waiting is over
                event = event_of(entry.order, "running", self.clock(), handle=handle, started_at=observation.started_at)
                self.journal.write(entry.attempt, event, state=AttemptState.RUNNING)
                self._keep_wait(entry, observation)
            self._tell_usage(entry, handle, observation.tasks)
            self._tell_metrics(entry)
        elif observation.state == "ended":
            self._end(entry, observation)

    def _end(self, entry: Entry, observation: Observation) -> None:
        ending = Ending(
            reason=observation.reason or EndReason.ENGINE_ERROR,
            words=f"{tell_tasks(observation.tasks)} {observation.words}" if observation.tasks else observation.words,
            exit_code=observation.exit_code,
            started_at=observation.started_at,
            ended_at=observation.ended_at or self.clock(),
            usage=observation.usage,
            tasks=observation.tasks,
            log_bytes_dropped=observation.log_bytes_dropped,
        )
        self.journal.end(entry.attempt, ending)
        self._keep_wait(entry, observation)
        self._usage_due.pop(entry.attempt, None)
        self._metrics.pop(entry.attempt, None)
        self._stopped.discard(entry.attempt)
        self._estimated.discard(entry.attempt)
        self._waiting.pop(entry.attempt, None)

    def _tell_estimate(self, entry: Entry, handle: Handle, observation: Observation) -> None:
        """Tell the engine's first estimate of the start once; it is shown, and scored, beside the site's history."""
        if observation.expected_start_at is not None and entry.attempt not in self._estimated:
            expected = observation.expected_start_at
            event = event_of(
                entry.order, "queued", self.clock(), handle=handle, words=observation.words, expected_start_at=expected
            )
            self.journal.write(entry.attempt, event)
            self._estimated.add(entry.attempt)

    def _tell_why_it_waits(self, entry: Entry, handle: Handle, observation: Observation) -> None:
        """Tell the engine's words once they have stood for a while: what passes quickly is news to nobody."""
        words, due = self._waiting.get(entry.attempt, ("", 0.0))
        now = time.monotonic()
        if words != observation.words:
            self._waiting[entry.attempt] = (observation.words, now + self.settings.usage_seconds)
        elif now >= due:
            self.journal.write(entry.attempt, event_of(entry.order, "queued", self.clock(), handle=handle, words=words))
            self._waiting[entry.attempt] = (words, _TOLD)

    def _keep_wait(self, entry: Entry, observation: Observation) -> None:
        self.waits.end(entry.attempt, entry.order.partition, entry.order.resources, observation.started_at)

    def _tell_usage(self, entry: Entry, handle: Handle, tasks: str) -> None:
        now = time.monotonic()
        if now < self._usage_due.get(entry.attempt, 0):
            return
        usage = self.engine.usage(handle)
        self.journal.write(
            entry.attempt, event_of(entry.order, "usage", self.clock(), usage=usage, tasks=tasks or None)
        )
        self._usage_due[entry.attempt] = now + self.settings.usage_seconds
        if (reason := over_limit(entry, usage)) and not entry.stop_reason:
            self.journal.ask_stop(entry.attempt, reason, self.clock())

    def _tell_metrics(self, entry: Entry) -> None:
        tail = self._metrics.get(entry.attempt)
        if tail is None:
            tail = MetricsTail.after(self.site.attempt(entry.attempt).record / METRICS, entry.metrics_read)
            self._metrics[entry.attempt] = tail
        if series := tail.next():
            try:
                self.journal.write(
                    entry.attempt,
                    event_of(entry.order, "metrics", self.clock(), metrics=series),
                    metrics_read=tail.read,
                )
            except Exception:
                del self._metrics[entry.attempt]  # count again from what the journal holds
                raise


def over_limit(entry: Entry, usage: Usage) -> EndReason | None:
    """Return why a run must be stopped though its engine let it go on, or None.

    The engine keeps the limits itself; this is the second wall, and works without the server.
    """
    resources = entry.order.resources
    if usage.elapsed_seconds > resources.tasks * resources.time_limit_seconds + _TIME_LIMIT_GRACE_SECONDS:
        return EndReason.TIME_LIMIT
    if usage.disk_bytes is not None and usage.disk_bytes > resources.disk_bytes:
        return EndReason.FOLDER_FULL
    return None
