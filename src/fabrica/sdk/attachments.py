"""Attachments of the SDK: a person's end of an interactive run, as frames."""

import threading
import time
from collections.abc import Iterable, Iterator

from fabrica.attachments.frames import Frame, Garbled, Reader
from fabrica.sdk.client import Client
from fabrica.values.ids import RunId
from fabrica.wire.attachments import PIECE_BYTES_MAX, Attachment, AttachmentGarbled, AttachmentGone, Piece, Received
from fabrica.wire.problems import ServerUnreachable

_ASK_SECONDS = 15.0
_AWAY_SECONDS_MAX = 60.0
_MEET_SECONDS_MAX = 90.0


class Attached:
    """A person attached to a run: `frames` comes from it, `send` goes to it. Each is for one thread."""

    def __init__(self, client: Client, attachment: Attachment) -> None:
        self.attachment = attachment
        self._client = client
        self._sent = 0
        self._over = threading.Event()

    def frames(self) -> Iterator[Frame]:
        """Yield what the run sends until the attachment is over, over short cuts of the connection.

        Raises:
            AttachmentGone: it is over for another reason than the run's end, such as a restart of the server; or the
                site never took it.
            ServerUnreachable: the server has not answered for a minute.
        """
        reader, offset = Reader(), 0
        began = heard = time.monotonic()
        while not self._over.is_set():
            path = f"/attachments/{self.attachment.id}/output"
            try:
                body = self._client.get_bytes(path, offset=offset, wait=_ASK_SECONDS)
            except ServerUnreachable:
                if time.monotonic() - heard > _AWAY_SECONDS_MAX:
                    raise
                self._over.wait(1)
                continue
            heard = time.monotonic()
            piece = Piece.unpacked(body)
            offset += len(piece.data)
            if offset == 0 and heard - began > _MEET_SECONDS_MAX:
                raise AttachmentGone(
                    f"The site has not answered for {_MEET_SECONDS_MAX:.0f} s.",
                    remedy="Its agent may be away, started by cron, or too old for this; the run goes on meanwhile.",
                )
            try:
                yield from reader.feed(piece.data)
            except Garbled as trouble:
                raise AttachmentGarbled(f"The run sent what is no frame: {trouble}.") from trouble
            if piece.ended:
                return

    def send(self, frames: Iterable[Frame]) -> None:
        """Send frames to the run; waits while it takes no more. Raises as `frames`."""
        text = b"".join(frame.packed() for frame in frames)
        until = time.monotonic() + _AWAY_SECONDS_MAX
        while text and not self._over.is_set():
            body = Piece(self._sent, False, text[:PIECE_BYTES_MAX]).packed()
            try:
                answer = self._client.post_bytes(f"/attachments/{self.attachment.id}/input", body)
            except ServerUnreachable:
                if time.monotonic() > until:
                    raise
                self._over.wait(1)
                continue
            received = Received.model_validate(answer)
            if received.ended:
                return
            text, self._sent = text[received.next_offset - self._sent :], received.next_offset
            until = time.monotonic() + _AWAY_SECONDS_MAX

    def detach(self) -> None:
        """Leave; the run goes on."""
        self._over.set()
        try:
            self._client.delete(f"/attachments/{self.attachment.id}")
        except (ServerUnreachable, AttachmentGone):
            return


def attach(client: Client, run: RunId) -> Attached:
    """Attach to an interactive run of one's own, in place of an older attachment.

    Raises:
        NotAllowed: somebody else has submitted it.
        RunNotAttachable: it is not interactive, or does not run now.
        AttachmentsFull: the server has as many as it bears.
    """
    return Attached(client, Attachment.model_validate(client.post(f"/runs/{run}/attachments")))
