"""The attachments of this process: two streams of bytes each, in memory only."""

import threading
import time
from dataclasses import dataclass, field
from itertools import count

from fabrica.server.attachments.rules import Stream
from fabrica.server.core import clock, hints
from fabrica.values.ids import AttachmentId, SiteId, UserId
from fabrica.wire.attachments import PIECE_BYTES_MAX, Attachment, AttachmentGone, AttachmentsFull, Piece, Received

RELAYS_MAX = 16
"""Each holds up to four threads of the web server while somebody is attached."""
SILENT_SECONDS_MAX = 90.0
_numbers = count(int(clock.now().timestamp()) * 1000)  # greater than any of an earlier process of this server
_relays: dict[AttachmentId, "Relay"] = {}
_lock = threading.Lock()


@dataclass(slots=True)
class Relay:
    """One attachment: who may use its ends, and what is on its way. `input` goes to the run, `output` comes from it."""

    attachment: Attachment
    person: UserId
    site: SiteId
    input: Stream = field(default_factory=Stream)
    output: Stream = field(default_factory=Stream)
    taken: bool = False
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

    def take(self) -> bool:
        """Let the site have its end; say whether it had not before."""
        with self.changed:
            was, self.taken = self.taken, True
            return not was

    def end(self) -> bool:
        """End it; what is on its way to the person can still be read. Say whether it had not ended before."""
        with self.changed:
            was, self.ended = self.ended, True
            self.changed.notify_all()
            return not was

    def _heard(self) -> None:
        self.heard_at = time.monotonic()


def open_relay(attachment: AttachmentId, person: UserId, site: SiteId, **told: object) -> Relay:
    """Make an attachment; an older one of the same run ends.

    Raises:
        AttachmentsFull: this server has as many as it bears.
    """
    relay = Relay(Attachment.model_validate({"id": attachment, "number": next(_numbers), **told}), person, site)
    with _lock:
        _drop_silent()
        for older in _relays.values():
            if older.attachment.run == relay.attachment.run:
                older.end()
        if sum(1 for one in _relays.values() if not one.ended) >= RELAYS_MAX:
            raise AttachmentsFull(
                f"{RELAYS_MAX} people are attached to runs of this server.", remedy="Try again in a while."
            )
        _relays[attachment] = relay
    return relay


def find(attachment: AttachmentId) -> Relay | None:
    """Return an attachment; None: it is over, or another process of this server had it."""
    with _lock:
        _drop_silent()
        return _relays.get(attachment)


def get(attachment: AttachmentId) -> Relay:
    """Return an attachment.

    Raises:
        AttachmentGone: it is over.
    """
    relay = find(attachment)
    if relay is None:
        raise AttachmentGone(
            "This attachment is over.", remedy="The run may go on: attach again with 'fabrica attach RUN'."
        )
    return relay


def untaken(site: SiteId) -> tuple[Attachment, ...]:
    """Return the attachments that a site is to take."""
    with _lock:
        found = [one for one in _relays.values() if one.site == site and not (one.taken or one.ended)]
    return tuple(one.attachment for one in found)


def _drop_silent() -> None:
    """Forget what ended, and what neither end has asked about for long. The caller holds the lock."""
    past = time.monotonic() - SILENT_SECONDS_MAX
    for attachment, relay in list(_relays.items()):
        if relay.heard_at < past:
            relay.end()
            del _relays[attachment]
