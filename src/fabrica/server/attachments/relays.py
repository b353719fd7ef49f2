"""The attachments of this process: two streams of bytes each, in memory only."""

import hashlib
import os
import platform
import secrets
import threading
import time
from dataclasses import dataclass, field

from fabrica.server.attachments.rules import Stream
from fabrica.server.core import hints
from fabrica.values.ids import AttachmentId
from fabrica.wire.attachments import PIECE_BYTES_MAX, Attachment, AttachmentGone, AttachmentsFull, Piece, Received

RELAYS_MAX = 16
"""Each holds up to four threads of the web server while somebody is attached."""
SILENT_SECONDS_MAX = 90.0
_DRAWN = secrets.token_hex(8)
_reached_at: list[str] = []
_relays: dict[AttachmentId, "Relay"] = {}
_lock = threading.Lock()


@dataclass(slots=True)
class Relay:
    """What is on its way through one attachment. `input` goes to the run, `output` comes from it."""

    attachment: Attachment
    input: Stream = field(default_factory=Stream)
    output: Stream = field(default_factory=Stream)
    ended: bool = False
    heard_at: float = field(default_factory=time.monotonic)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def write(self, stream: Stream, piece: Piece, wait_seconds: float) -> Received:
        """Take bytes in; when none fits, wait until the reader has made room."""
        with self.changed:
            self._heard()
            self.changed.wait_for(lambda: self.ended or stream.write(piece.offset, piece.data), wait_seconds)
            self.changed.notify_all()
            return Received(next_offset=stream.end, ended=self.ended)

    def read(self, stream: Stream, offset: int, wait_seconds: float) -> Piece:
        """Return bytes from `offset` on, waiting for some."""
        with self.changed:
            self._heard()
            stream.read(offset, 0)  # who asks has what lies before
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.ended or hints.ending() or stream.end > offset, wait_seconds)
            data = stream.read(offset, PIECE_BYTES_MAX)
            return Piece(offset, self.ended and stream.end == offset + len(data), data)

    def end(self) -> None:
        """End it; what is on its way to the person can still be read."""
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _heard(self) -> None:
        self.heard_at = time.monotonic()


def this_process() -> str:
    """Return what this process is called, its machine first; no other was or will be called so."""
    return f"{_machine()}-{_DRAWN}-{os.getpid()}"  # a server may fork after this was drawn


def _machine() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def be_reached_at(address: str) -> None:
    """Know where other processes of this server reach this one."""
    _reached_at[:] = [address]


def address() -> str:
    """Return where other processes reach this one; nothing when nobody has told."""
    return _reached_at[0] if _reached_at else ""


def follows(process: str, reached_at: str) -> bool:
    """Return whether this process listens where another one of this machine did, which has ended therefore."""
    return reached_at == address() != "" and process.partition("-")[0] == _machine()


def open_relay(attachment: Attachment) -> Relay:
    """Hold the bytes of an attachment in this process; an older one of the same run ends.

    Raises:
        AttachmentsFull: this process holds as many as it bears.
    """
    relay = Relay(attachment)
    with _lock:
        _drop_silent()
        for older in _relays.values():
            if older.attachment.run == relay.attachment.run:
                older.end()
        if sum(1 for one in _relays.values() if not one.ended) >= RELAYS_MAX:
            raise AttachmentsFull(
                f"{RELAYS_MAX} people are attached through this server.", remedy="Try again in a while."
            )
        _relays[attachment.id] = relay
    return relay


def find(attachment: AttachmentId) -> Relay | None:
    """Return an attachment that this process holds; None: it is over, or another process holds it."""
    with _lock:
        _drop_silent()
        return _relays.get(attachment)


def get(attachment: AttachmentId) -> Relay:
    """Return an attachment that this process holds.

    Raises:
        AttachmentGone: it is over.
    """
    relay = find(attachment)
    if relay is None:
        raise gone()
    return relay


def gone() -> AttachmentGone:
    """Return the problem of an attachment that is over."""
    return AttachmentGone(
        "This attachment is over.", remedy="The run may go on: attach again with 'fabrica attach RUN'."
    )


def _drop_silent() -> None:
    """Forget what ended, and what neither end has asked about for long. The caller holds the lock."""
    past = time.monotonic() - SILENT_SECONDS_MAX
    for attachment, relay in list(_relays.items()):
        if relay.heard_at < past:
            relay.end()
            del _relays[attachment]
