"""Attachments on the wire: a person's terminal or browser at an interactive run, and problems."""

import struct
from typing import Literal, NamedTuple

from pydantic import Field

from fabrica.values.ids import AttachmentId, AttemptId, RunId
from fabrica.wire.bodies import Body, Request
from fabrica.wire.problems import FabricaError

IDLE_SECONDS_MAX = 86_400
PIECE_BYTES_MAX = 2**18
_HEAD = struct.Struct("<QB")


class Interactive(Request):
    """What a person works with in a run: its command is a shell at a terminal, or a notebook server."""

    kind: Literal["shell", "notebook"]
    idle_seconds: int = Field(
        default=1800, ge=60, le=IDLE_SECONDS_MAX, description="so long may nobody use it before it is ended"
    )


class Attachment(Body):
    """One person's connection to one run. It is made once, taken once by the site, and never used again."""

    id: AttachmentId
    run: RunId
    attempt: AttemptId
    number: int = Field(ge=1, description="grows with each attachment of the network")
    kind: Literal["shell", "notebook"]


class Piece(NamedTuple):
    """Bytes of one direction from `offset` on; `ended`: none will follow."""

    offset: int
    ended: bool
    data: bytes

    def packed(self) -> bytes:
        """Return the body that carries it; the offset is inside, so that a signature covers it."""
        return _HEAD.pack(self.offset, self.ended) + self.data

    @classmethod
    def unpacked(cls, body: bytes) -> "Piece":
        """Read a body.

        Raises:
            AttachmentGarbled: it is none.
        """
        if not _HEAD.size <= len(body) <= _HEAD.size + PIECE_BYTES_MAX:
            raise AttachmentGarbled(f"A piece of an attachment has {len(body)} bytes.")
        offset, ended = _HEAD.unpack_from(body)
        return cls(offset, bool(ended), body[_HEAD.size :])


class Received(Body):
    """How many bytes of one direction have been taken; the rest is to be sent again."""

    next_offset: int
    ended: bool = Field(default=False, description="the other side reads no more")


class AttachmentGone(FabricaError):
    code = "attachments.gone"
    status = 404
    title = "The attachment is over"


class AttachmentTaken(FabricaError):
    code = "attachments.taken"
    status = 409
    title = "The attachment was taken already"


class AttachmentElsewhere(FabricaError):
    code = "attachments.elsewhere"
    status = 503
    title = "Another process of the server holds the attachment"


class AttachmentsFull(FabricaError):
    code = "attachments.full"
    status = 503
    title = "Too many people are attached to runs now"


class AttachmentGarbled(FabricaError):
    code = "attachments.garbled"
    status = 422
    title = "This is no piece of an attachment"


class RunNotAttachable(FabricaError):
    code = "attachments.run_not_attachable"
    status = 409
    title = "Nobody can attach to this run now"
