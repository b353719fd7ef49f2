"""Speaks with the server: tells the news, asks for work, and writes what the server says into the journal."""

import logging
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime

import fabrica
from fabrica.agent.accounts import NoAccount, site_account
from fabrica.agent.journal import Journal
from fabrica.agent.settings import AgentSettings
from fabrica.agent.transport import Backoff, Transport
from fabrica.values.states import EndReason
from fabrica.wire.agents import Event, Inventory, SyncAnswer, SyncRequest, WorkOrder
from fabrica.wire.problems import FabricaError

_EVENTS_MAX = 500
_BYTES_MAX = 2 * 2**20
_STOP_LOOK_SECONDS = 2.0
_BREATH_SECONDS = 0.1
_log = logging.getLogger("fabrica.agent")


class Conversation:
    """The exchange with the server, by two threads: one asks for work and waits, one tells news at once.

    No failure here touches a run: what cannot be told waits in the journal. `again` is called when the server answers
    after trouble, and at its first answer.
    """

    def __init__(
        self,
        settings: AgentSettings,
        journal: Journal,
        transport: Transport,
        *,
        inventory: Callable[[], Inventory | None],
        changed: Callable[[], None],
        again: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._transport = transport
        self._inventory = inventory
        self._changed = changed
        self._again = again
        self._clock = clock
        self._taking = threading.Lock()
        self.trouble = ""
        self._heard = False

    def ask_for_work(self, stop: threading.Event) -> None:
        """Keep one open question with the server until `stop`. It is the heartbeat too."""
        backoff = Backoff()
        while not stop.is_set():
            if self._try(lambda: self.exchange(self._settings.wait_seconds, tells=False)):
                backoff.succeeded()
                stop.wait(0.2)  # a server that answers at once is not asked without a breath
            else:
                stop.wait(backoff.failed())

    def tell_news(self, stop: threading.Event) -> None:
        """Send spooled events as soon as there are any, until `stop`."""
        backoff = Backoff()
        while not stop.is_set():
            if not self._journal.has_news.wait(_STOP_LOOK_SECONDS):
                continue
            self._journal.has_news.clear()
            if self._try(self.tell_all):
                backoff.succeeded()
                stop.wait(_BREATH_SECONDS)  # what many runs say meanwhile goes in one exchange
            else:
                self._journal.has_news.set()
                stop.wait(backoff.failed())

    def tell_all(self) -> None:
        """Send spooled events until none is left, or the server takes no more.

        Raises:
            FabricaError: as `Transport.sync`.
        """
        before = -1
        while self._journal.spooled and self._journal.acknowledged > before:
            before = self._journal.acknowledged
            self.exchange(0, tells=True)
        if self._journal.spooled and self._journal.acknowledged == before:
            self._journal.has_news.set()

    def exchange(self, wait_seconds: float, *, tells: bool) -> None:
        """Do one exchange and keep what the server said.

        One that tells asks for no work and names only the attempts that it tells of: another asks at that time.

        Raises:
            FabricaError: as `Transport.sync`.
        """
        news = self._journal.news(events_max=_EVENTS_MAX, bytes_max=_BYTES_MAX) if tells else ()
        of = {event.attempt for event in news} if tells else None
        request = SyncRequest(
            agent_version=fabrica.__version__,
            epoch=self._journal.epoch,
            inventory=self._inventory(),
            attempts=self._journal.digest(of),  # read after the news, so that it names every attempt of them
            events=news,
            wait_seconds=wait_seconds,
            capacity=0 if tells else max(0, self._settings.attempts_at_once - self._journal.live_count),
            sent_at=self._clock(),
        )
        self.keep(self._transport.sync(request), sent=news)

    def keep(self, answer: SyncAnswer, *, sent: tuple[Event, ...]) -> None:
        """Write an answer into the journal. An answer that comes twice, late or out of order changes nothing.

        Only what this very request sent counts as acknowledged, and cancels are kept first. So an attempt that the
        server no longer wants is known as such before its acceptance counts as confirmed.
        """
        with self._taking:
            self._journal.remember_site(answer.site)
            for cancel in answer.cancels:
                self._journal.ask_stop(cancel.attempt, cancel.reason, self._clock())
            self._journal.acknowledge(min(answer.acknowledged, sent[-1].sequence if sent else 0))
            for order in answer.leases:
                self._take(order, answer.server_time)
            for attempt in answer.forget:
                self._journal.forget(attempt, self._clock())
        if answer.cancels or answer.leases or any(event.kind == "accepted" for event in sent):
            self._changed()

    def _take(self, order: WorkOrder, server_time: datetime) -> None:
        """Accept an order: on the disk first, then told. What is not on the disk is not accepted."""
        if order.accept_before <= server_time:  # by the server's own clock; ours may be wrong
            return
        try:
            if self._journal.live_count >= self._settings.attempts_at_once and not self._journal.entry(order.attempt):
                words = f"The site runs {self._settings.attempts_at_once} attempts at once and has no room for more."
                self._journal.decline(order, EndReason.SITE_DECLINED, words, self._clock())
                return
            site_account(self._settings, order)
            if self._journal.accept(order, self._clock()):
                _log.info("accepted %s of %s, fence %s", order.attempt, order.run, order.fence)
        except NoAccount as missing:
            self._journal.decline(order, EndReason.SITE_DECLINED, str(missing), self._clock())
        except sqlite3.OperationalError as trouble:
            self._say(f"{order.attempt} is not accepted, since the journal cannot be written: {trouble}.")

    def _try(self, talk: Callable[[], None]) -> bool:
        try:
            talk()
        except FabricaError as problem:
            self._say(f"{problem.code}: {problem}")
            return False
        except sqlite3.OperationalError as trouble:
            self._say(f"the journal cannot be written: {trouble}.")
            return False
        except Exception:
            _log.exception("the exchange with the server failed; runs go on")
            return False
        if self.trouble or not self._heard:
            again = " again" if self._heard else ""
            _log.info("%s answers%s", self._settings.server, again)
            self.trouble, self._heard = "", True
            self._again()
        return True

    def _say(self, words: str) -> None:
        """Say trouble once, not at every try."""
        if words != self.trouble:
            self.trouble = words
            _log.warning("%s Runs of this site go on.", words)
