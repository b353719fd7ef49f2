"""Brings people to interactive runs: what they type goes into the run's files, what it shows goes to the server.

The agent asks the server for attachments only while such a run lives here, and holds two threads for each.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from fabrica.agent.folders import AttemptFolder, SiteFolder
from fabrica.agent.journal import Journal
from fabrica.agent.transport import Backoff
from fabrica.attachments.host import FROM_RUN, TO_RUN
from fabrica.attachments.rings import RingUnusable, Side
from fabrica.values.states import AttemptState
from fabrica.wire.agents import WorkOrder
from fabrica.wire.attachments import Attachment, Piece, Received
from fabrica.wire.problems import FabricaError, ServerUnreachable

ATTACHED_MAX = 6
_ASK_SECONDS = 15.0
_LOOK_SECONDS = 1.0
_BRISK_SECONDS, _CALM_SECONDS, _CALM_AFTER_SECONDS = 0.02, 0.2, 20.0
_BEAT_SECONDS = 5.0
_MEET_SECONDS_MAX = 60.0
_AWAY_SECONDS_MAX = 60.0
_PIECE_BYTES = 2**16
_UNTAKEN = TypeAdapter(list[Attachment])
_log = logging.getLogger("fabrica.agent")


class Converses(Protocol):
    """What attachments ask of the server."""

    def converse(self, method: str, path: str, body: bytes | None = None, *, wait_seconds: float = 0) -> bytes:
        """Ask or tell something of an attachment, and return the answer."""


def hosted_command(order: WorkOrder, folder: AttemptFolder) -> tuple[str, ...]:
    """Return the command that the engine starts: of an interactive run the program that keeps it."""
    asked = order.interactive
    if asked is None:
        return order.command
    host = ("python3", "-m", "fabrica.attachments.host", str(folder.attached))
    return (*host, str(asked.idle_seconds), asked.kind, *order.command)


def prepare_rings(folder: AttemptFolder) -> None:
    """Make the agent's one of the two files anew."""
    folder.attached.mkdir(exist_ok=True)
    _side(folder).create()


def _side(folder: AttemptFolder) -> Side:
    return Side(str(folder.attached / TO_RUN), str(folder.attached / FROM_RUN))


class Attachments:
    """All attachments of one site."""

    def __init__(self, journal: Journal, site: SiteFolder, server: Converses) -> None:
        self._journal = journal
        self._site = site
        self._server = server
        self._attached: list[Attached] = []

    def keep_attached(self, stop: threading.Event) -> None:
        """Take the attachments that the server has for runs of this site, until `stop`."""
        backoff = Backoff()
        while not stop.is_set():
            self._attached = [one for one in self._attached if one.is_alive()]
            if len(self._attached) >= ATTACHED_MAX or not self._has_interactive_runs():
                stop.wait(_LOOK_SECONDS)
                continue
            try:
                self._take(_ASK_SECONDS, stop)
                backoff.succeeded()
            except (FabricaError, ValidationError) as trouble:
                _log.warning("attachments are not asked for now: %s", trouble)
                stop.wait(backoff.failed())

    def _has_interactive_runs(self) -> bool:
        entries = self._journal.live_entries()
        return any(one.order.interactive and one.state is AttemptState.RUNNING for one in entries)

    def _take(self, wait_seconds: float, stop: threading.Event) -> None:
        told = self._server.converse("GET", f"/attachments?wait={wait_seconds}", wait_seconds=wait_seconds)
        for attachment in _UNTAKEN.validate_json(told)[: ATTACHED_MAX - len(self._attached)]:
            entry = self._journal.entry(attachment.attempt)
            if entry is None or not entry.in_engine or entry.order.interactive is None:
                continue
            for older in self._attached:
                if older.attachment.run == attachment.run:
                    older.give_way()  # both would write one file
            attached = Attached(attachment, self._server, _side(self._site.attempt(entry.attempt)), self._lives, stop)
            self._attached.append(attached)
            attached.start()

    def _lives(self, attachment: Attachment) -> bool:
        entry = self._journal.entry(attachment.attempt)
        return entry is not None and entry.in_engine


class Attached:
    """One attachment, by two threads: one passes on what the person sends, one what the run shows."""

    def __init__(
        self,
        attachment: Attachment,
        server: Converses,
        side: Side,
        lives: Callable[[Attachment], bool],
        stop: threading.Event,
    ) -> None:
        self.attachment = attachment
        self._server = server
        self._side = side
        self._lives = lives
        self._stop = stop
        self._over = threading.Event()
        self._gave_way = False
        self._turn = threading.Lock()
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), name=f"attached-{work.__name__}", daemon=True)
            for work in (self._pass_input, self._pass_output)
        ]

    def start(self) -> None:
        """Take the attachment, and begin to pass bytes on."""
        try:
            self._server.converse("POST", f"/attachments/{self.attachment.id}/take", b"")
            with self._turn:
                self._side.begin(self.attachment.number)
        except (FabricaError, OSError) as trouble:
            _log.warning("%s: %s", self.attachment.id, trouble)
            self._over.set()
            return
        for thread in self._threads:
            thread.start()

    def is_alive(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def give_way(self) -> None:
        """Leave the run's files to a newer attachment, from now on."""
        with self._turn:
            self._over.set()
            self._gave_way = True

    @property
    def _is_over(self) -> bool:
        return self._over.is_set() or self._stop.is_set()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (FabricaError, RingUnusable, OSError, ValueError) as trouble:
            _log.info("%s ends: %s", self.attachment.id, trouble)
        except Exception:
            _log.exception("%s ends", self.attachment.id)
        finally:
            self._over.set()

    def _pass_input(self) -> None:
        offset = 0
        while not self._is_over:
            path = f"/attachments/{self.attachment.id}/input?offset={offset}&wait={_ASK_SECONDS}"
            piece = Piece.unpacked(self._persist("GET", path, wait_seconds=_ASK_SECONDS))
            if piece.offset != offset:
                raise ValueError(f"bytes from {piece.offset} on came, not from {offset} on")
            offset += len(piece.data)
            self._into_ring(piece.data)
            if piece.ended:
                return

    def _into_ring(self, data: bytes) -> None:
        """Pass bytes on as the run takes them."""
        while data and not self._is_over:
            with self._turn:
                fits = self._side.room if self._side.look() else 0
                if fits and not self._gave_way:
                    self._side.send(data[:fits])
                    data = data[fits:]
            if not fits:
                time.sleep(_BRISK_SECONDS)

    def _pass_output(self) -> None:
        try:
            self._meet()
            self._out_of_ring()
        finally:
            with self._turn:
                if not self._gave_way:
                    self._side.begin(0)
            self._server.converse("DELETE", f"/attachments/{self.attachment.id}")

    def _meet(self) -> None:
        """Wait until the run has seen the attachment.

        Raises:
            RingUnusable: it does not.
        """
        until = time.monotonic() + _MEET_SECONDS_MAX
        while not self._is_over:
            with self._turn:
                if self._side.look() and self._side.other.attachment == self.attachment.number:
                    self._side.skip()
                    return
            if time.monotonic() > until:
                raise RingUnusable("the run does not answer")
            time.sleep(_BRISK_SECONDS)

    def _out_of_ring(self) -> None:
        offset, busy_at, beat_at, look_at = 0, time.monotonic(), 0.0, 0.0
        while not self._is_over:
            now = time.monotonic()
            with self._turn:
                self._side.look()
                text = self._side.receive(_PIECE_BYTES)
            if text:
                offset = self._to_server(offset, text)
                busy_at = now
            elif now >= look_at:
                look_at = now + _LOOK_SECONDS
                if not self._lives(self.attachment):
                    return
            if text or now >= beat_at:
                beat_at = now + _BEAT_SECONDS
                with self._turn:
                    if not self._gave_way:
                        self._side.publish()
            elif not text:
                self._over.wait(_BRISK_SECONDS if now - busy_at < _CALM_AFTER_SECONDS else _CALM_SECONDS)

    def _to_server(self, offset: int, text: bytes) -> int:
        """Pass bytes on until the server has taken them all; return the next offset."""
        end = offset + len(text)
        while offset < end and not self._is_over:
            body = Piece(offset, False, text[offset - end :]).packed()
            received = Received.model_validate_json(
                self._persist("POST", f"/attachments/{self.attachment.id}/output", body, wait_seconds=5)
            )
            if received.ended or not offset <= received.next_offset <= end:
                self._over.set()
                break
            offset = received.next_offset
        return offset

    def _persist(self, method: str, path: str, body: bytes | None = None, *, wait_seconds: float) -> bytes:
        """Ask again while no answer comes: a piece has its offset, so none is passed on twice."""
        backoff, until = Backoff(last_seconds=5), time.monotonic() + _AWAY_SECONDS_MAX
        while True:
            try:
                return self._server.converse(method, path, body, wait_seconds=wait_seconds)
            except ServerUnreachable:
                if self._is_over or time.monotonic() > until:
                    raise
                self._over.wait(backoff.failed())
