"""The agent's loop: from a work order to its end, through any death of the agent, the server or the link."""

import errno
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from fabrica.agent.accounts import people
from fabrica.agent.caches import pinned, sweep
from fabrica.agent.conversation import Conversation
from fabrica.agent.entries import Ending, Entry, event_of
from fabrica.agent.failures import AttemptFailed, Interrupted
from fabrica.agent.finishing import Finish
from fabrica.agent.folders import SiteFolder, remove
from fabrica.agent.journal import Journal
from fabrica.agent.locks import held_at_once
from fabrica.agent.retries import Retries
from fabrica.agent.settings import AgentSettings
from fabrica.agent.staging import Stage
from fabrica.agent.transport import Transport
from fabrica.agent.waits import WaitLog, with_forecasts
from fabrica.agent.watch import Watch
from fabrica.engines.contract import Engine, JobWait, KeepsHistory, StartsTogether
from fabrica.values.ids import AttemptId
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire.agents import AgentRunning, Inventory
from fabrica.wire.problems import FabricaError

_SWEEP_SECONDS = 600
_STOP_LOOK_SECONDS = 1.0
_SILENT_SECONDS = 10.0  # an engine that gives no answer is asked sooner whether it does again
_BREATHS = 2
"""So many times as long as a tick took is waited before the next: many attempts' news are looked at together."""
_AGENT = "agent"
"""Whom the log names for what fails of no attempt."""
_log = logging.getLogger("fabrica.agent")


def utc_now() -> datetime:
    return datetime.now(UTC)


class Agent:
    """One site's agent. It reads the journal, does the next step of each attempt, and keeps nothing only in memory.

    Raises:
        AgentRunning: another agent uses the folder.
        JournalUnusable: the journal is damaged.
    """

    def __init__(
        self,
        settings: AgentSettings,
        transport: Transport,
        engine: Engine,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self.site = SiteFolder(settings.folder)
        self.site.prepare()
        self._open = ExitStack()
        if not self._open.enter_context(held_at_once(self.site.lock)):
            raise AgentRunning(f"another agent uses the folder {settings.folder}.", remedy="Stop it first.")
        self.journal = Journal(self.site.journal)
        self._transport = transport
        self._engine = engine
        self._clock = clock
        self._wait_log = WaitLog(self.site.waits)
        self._watch = Watch(engine, self.journal, self.site, settings, clock, self._wait_log)
        self._inventory: Inventory | None = None
        self._inventory_due = 0.0
        self._waits: tuple[JobWait, ...] = ()
        self._waits_due = 0.0
        self._sweep_due = 0.0
        self._at_work = True
        self._stays = False  # started by cron, it could bring nobody to a run
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._unwanted: frozenset[AttemptId] = frozenset()
        self._busy: set[AttemptId] = set()
        self.retries = Retries()
        self._workers = ThreadPoolExecutor(settings.workers, thread_name_prefix="agent-worker")
        self._starting: set[AttemptId] = set()
        at_once = engine.starts_at_once if isinstance(engine, StartsTogether) else 0
        self._starters = ThreadPoolExecutor(at_once, thread_name_prefix="agent-starter") if at_once else None
        self.beside: list[Callable[[threading.Event], None]] = []
        self.conversation = Conversation(
            settings,
            self.journal,
            transport,
            inventory=lambda: self._inventory,
            changed=self._wake.set,
            again=self._hasten,
            clock=clock,
        )

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set. Runs go on without the agent; the next one picks them up from the journal."""
        self._stays = True
        self._safely(self._refresh_inventory)
        self.journal.has_news.set()  # what an earlier agent left in the spool
        talkers = [
            threading.Thread(target=talk, args=(stop,), name=f"agent-{talk.__name__}", daemon=True)
            for talk in (self.conversation.ask_for_work, self.conversation.tell_news, *self.beside)
        ]
        for talker in talkers:
            talker.start()
        try:
            while not stop.is_set():
                began = time.monotonic()
                self._safely(self.tick)
                stop.wait(min(_BREATHS * (time.monotonic() - began), self.settings.tick_seconds))
                self._rest(stop)
        finally:
            self.close()
            self.journal.has_news.set()  # so that the one who tells sees the stop at once
            for talker in talkers:
                talker.join(1)  # a question that is still open is left to the server's time-out

    def _rest(self, stop: threading.Event) -> None:
        """Wait a tick; with nothing to look after, until somebody wakes us or the inventory is due."""
        until = time.monotonic() + self.settings.tick_seconds if self._at_work else self._inventory_due
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            if self._wake.wait(min(left, _STOP_LOOK_SECONDS)):
                break
        self._wake.clear()

    def run_once(self) -> None:
        """Do what can be done now, for sites where only cron may start us: talk, work, talk again."""
        self._safely(self._refresh_inventory)
        for _ in range(3):
            self._safely(lambda: self.conversation.exchange(0, tells=False))
            self._safely(self.tick)
            while self._busy or self._starting:
                self._wake.wait(self.settings.tick_seconds)
                self._wake.clear()
                self._safely(self.tick)
            self._safely(self.conversation.tell_all)

    def close(self) -> None:
        """Break off what the workers do, and free the folder for another agent."""
        self._stopping.set()
        for pool in (self._workers, self._starters):
            if pool:
                pool.shutdown(wait=True, cancel_futures=True)
        self._open.close()

    def tick(self) -> None:
        """Do the next step of every attempt. Steps that take long are given to workers."""
        entries = self.journal.live_entries()
        self._at_work = bool(entries)
        unwanted = frozenset(entry.attempt for entry in entries if entry.stop_reason or entry.ending)
        for attempt in unwanted - self._unwanted:
            self.retries.done(attempt)  # what failed is wanted no more; what comes now waits for none of its pauses
        self._unwanted = unwanted
        self._refresh_inventory()
        for entry in entries:
            if self.retries.due(entry.attempt):
                self._safely(lambda entry=entry: self._step(entry), entry.attempt)  # type: ignore[misc]
        self._watch.observe(entry for entry in entries if entry.in_engine)
        self._sweep()

    def _step(self, entry: Entry) -> None:
        if entry.attempt in self._starting:
            return
        if entry.ending is None:
            self._watch.tell_log(entry)
        if entry.stops_unstarted:
            self._watch.cancel_unstarted(entry)
            self._moved_on(entry)
        elif entry.waits_for_finish:
            self._give(entry.attempt, self._finish)
        elif entry.waits_for_stage:
            self._give(entry.attempt, self._stage)
        elif entry.may_start and self._starters:
            self._starting.add(entry.attempt)
            self._starters.submit(self._start_beside, entry.attempt)
        elif entry.may_start:
            self._watch.start(entry)
            self._moved_on(entry)
        else:
            self.retries.done(entry.attempt)

    def _moved_on(self, entry: Entry) -> None:
        """End an attempt's row of failures, and look for its next step at once."""
        self.retries.done(entry.attempt)
        self._wake.set()

    def _start_beside(self, attempt: AttemptId) -> None:
        """Start an attempt beside others, so that the tick waits for no start."""
        try:
            if self._safely(lambda: self._watch.start_as_known(attempt), attempt):
                self.retries.done(attempt)
        finally:
            self._starting.discard(attempt)
            self._wake.set()

    def _give(self, attempt: AttemptId, work: Callable[[AttemptId], None]) -> None:
        """Give an attempt to a worker, unless one has it."""
        if attempt not in self._busy:
            self._busy.add(attempt)
            self._workers.submit(self._work, attempt, work)

    def _work(self, attempt: AttemptId, work: Callable[[AttemptId], None]) -> None:
        try:
            if self._safely(lambda: work(attempt), attempt):
                self.retries.done(attempt)
        finally:
            self._busy.discard(attempt)
            self._wake.set()

    def _stage(self, attempt: AttemptId) -> None:
        entry = self.journal.entry(attempt)
        if entry is None or not entry.waits_for_stage:
            return  # another worker had staged it when this one was sent; staged again it would lose its folder
        if entry.state is AttemptState.ACCEPTED:
            event = event_of(entry.order, "staging", self._clock())
            self.journal.write(attempt, event, state=AttemptState.STAGING)
        stage = Stage(
            self.site,
            self.settings,
            self._transport,
            interrupted=lambda: self._stopping.is_set() or attempt in self._unwanted,
        )
        try:
            staged = stage.prepare(entry.order)
            self.journal.stage(attempt, staged.variables, staged.environment, self._clock())
        except AttemptFailed as failure:
            self._end(attempt, failure.reason, failure.words)
        except OSError as trouble:
            if trouble.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self._end(attempt, EndReason.SITE_DISK_FULL, f"The site's disk is full: {trouble}.")

    def _end(self, attempt: AttemptId, reason: EndReason, words: str) -> None:
        self.journal.end(attempt, Ending(reason=reason, words=words, ended_at=self._clock()))

    def _finish(self, attempt: AttemptId) -> None:
        entry = self.journal.entry(attempt)
        if entry is None or not entry.waits_for_finish:
            return  # as above: its end is told once
        finish = Finish(self.site, self.settings, self.journal, self._transport, self._stopping.is_set, self._clock)
        finish.close(entry)

    def _safely(self, step: Callable[[], None], who: str = _AGENT) -> bool:
        """Do one step, and return whether it was done; whatever goes wrong is said once, and tried again later."""
        try:
            step()
        except Interrupted:
            return False
        except (FabricaError, sqlite3.OperationalError, OSError) as trouble:
            if self.retries.failed(who, str(trouble)):
                _log.warning("%s: %s; tried again later", who, trouble)
        except Exception as trouble:
            if self.retries.failed(who, repr(trouble)):
                _log.exception("%s: a step failed; tried again later", who)
        else:
            if who == _AGENT:
                self.retries.done(who)
            return True
        return False

    def _hasten(self) -> None:
        """Try at once what has failed, since the server or the engine answers again."""
        self.retries.hasten()
        self._wake.set()

    def _refresh_inventory(self) -> None:
        now = time.monotonic()
        if now >= self._inventory_due:
            inventory = self._with_our_own(self._engine.capacity())
            self._safely(self._refresh_waits)
            if self._inventory and self._inventory.silent_since and not inventory.silent_since:
                self._hasten()
            self._inventory = with_forecasts(inventory, self._waits)
            pause = self.settings.inventory_seconds
            self._inventory_due = now + (min(pause, _SILENT_SECONDS) if inventory.silent_since else pause)

    def _with_our_own(self, told: Inventory) -> Inventory:
        """Return what the engine tells of the site with what it does not know: whom the site knows, where it is."""
        ours = {
            "people": people(self.settings),
            "support": self.settings.support,
            "personal": self.settings.site_accounts == "own",
            "country": told.country or self.settings.country,
            "interactive": self._stays and not told.simulated,
        }
        return told.model_copy(update=ours)

    def _refresh_waits(self) -> None:
        now = time.monotonic()
        if now >= self._waits_due:
            since = self._clock() - timedelta(days=self.settings.history_days)
            self._waits_due = now + self.settings.history_seconds
            told = self._engine.waits(since) if isinstance(self._engine, KeepsHistory) else None
            self._waits = tuple(self._wait_log.waits(since) if told is None else told)

    def _sweep(self) -> None:
        """Remove folders of attempts that were settled some days ago."""
        now = time.monotonic()
        if now < self._sweep_due:
            return
        self._sweep_due = now + _SWEEP_SECONDS
        for attempt in self.journal.forgotten_before(self._clock() - timedelta(days=self.settings.keep_days)):
            if not remove(self.site.attempt(attempt).root):
                _log.warning(
                    "%s is not all ours to remove; its account or root has to", self.site.attempt(attempt).root
                )
            self.journal.drop_forgotten(attempt)
        self._workers.submit(self._safely, self._sweep_caches)

    def _sweep_caches(self) -> None:
        freed = sweep(self.site, self.settings.cache_bytes_max, lambda: pinned(self.site, self.journal))
        if freed:
            _log.info("%d bytes of caches were freed", freed)
