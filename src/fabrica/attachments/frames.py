"""Frames: what passes between a person and an interactive run. Plain Python 3.6: it is read inside runs, too.

Channel 0 is the terminal, or the run itself; each other channel is one connection of a browser.
"""

import json
import struct
from collections.abc import Iterator
from typing import NamedTuple

DATA, OPEN, CLOSE, RESIZE, START, NOTE, EXIT = range(1, 8)
"""DATA: bytes. OPEN, CLOSE: a connection begins or ends. RESIZE: rows and columns. To the person only: START: the
run's first frame of an attachment, with its number; NOTE: words for the person; EXIT: the end, with a status.
"""

PAYLOAD_BYTES_MAX = 16384
_HEAD = struct.Struct("<BII")
_SIZE = struct.Struct("<HH")


class Garbled(ValueError):
    """These bytes are no frames."""


class Frame(NamedTuple):
    """One frame."""

    kind: int
    channel: int
    payload: bytes = b""

    def packed(self) -> bytes:
        """Return the frame's bytes."""
        return _HEAD.pack(self.kind, self.channel, len(self.payload)) + self.payload


def data(channel: int, text: bytes) -> "Iterator[Frame]":
    """Yield bytes of one channel in frames that are small enough."""
    for at in range(0, len(text), PAYLOAD_BYTES_MAX):
        yield Frame(DATA, channel, text[at : at + PAYLOAD_BYTES_MAX])


def resize(rows: int, columns: int) -> Frame:
    """Return the frame that tells the size of the person's terminal."""
    return Frame(RESIZE, 0, _SIZE.pack(min(rows, 65535), min(columns, 65535)))


def size_of(frame: Frame) -> "tuple[int, int]":
    """Return the rows and columns that a frame tells.

    Raises:
        Garbled: it tells none.
    """
    if len(frame.payload) != _SIZE.size:
        raise Garbled("a size of {} bytes".format(len(frame.payload)))
    rows, columns = _SIZE.unpack(frame.payload)
    return rows, columns


def told(kind: int, **values: object) -> Frame:
    """Return a frame that tells values, as JSON: of START, NOTE or EXIT."""
    return Frame(kind, 0, json.dumps(values).encode()[:PAYLOAD_BYTES_MAX])


def values_of(frame: Frame) -> "dict[str, object]":
    """Return the values that a frame tells.

    Raises:
        Garbled: it tells none.
    """
    try:
        found = json.loads(frame.payload.decode())
    except ValueError as trouble:
        raise Garbled("no values: {}".format(trouble)) from None
    if not isinstance(found, dict):
        raise Garbled("values that are no table")
    return found


class Reader:
    """Takes bytes as they come, and yields whole frames."""

    def __init__(self) -> None:
        self._left = b""

    def feed(self, text: bytes) -> "Iterator[Frame]":
        """Yield the frames that these bytes complete.

        Raises:
            Garbled: what came is no frame.
        """
        self._left += text
        while len(self._left) >= _HEAD.size:
            kind, channel, length = _HEAD.unpack_from(self._left)
            if not DATA <= kind <= EXIT or length > PAYLOAD_BYTES_MAX:
                raise Garbled("kind {} of {} bytes".format(kind, length))
            end = _HEAD.size + length
            if len(self._left) < end:
                return
            payload, self._left = self._left[_HEAD.size : end], self._left[end:]
            yield Frame(kind, channel, payload)
