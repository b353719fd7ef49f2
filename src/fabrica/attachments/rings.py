"""Two files of fixed size through which a run and its site's agent speak, on whatever disk both can see.

Each side writes one file and reads the other: a head with counters, and a ring of bytes. So nobody needs a port, a
socket, or a right at the site. A file is opened, written and closed at each turn, since that is when a network file
system passes it on. Plain Python 3.6: it is read inside runs, too.
"""

import os
import stat
import struct

RING_BYTES = 2**18
_HEAD = struct.Struct("<QQQQQ")
_HEAD_BYTES = 2 * _HEAD.size  # written twice, so that half a write is seen as such


class RingUnusable(Exception):
    """The other side's file is not what it should be."""


class Head:
    """The counters of one side: bytes it wrote and read in all, and a beat that grows.

    `attachment` is the number of the attachment that it serves, 0 for none, whose bytes begin at `since`.
    """

    __slots__ = ("attachment", "beat", "read", "since", "written")

    def __init__(self, written: int = 0, read: int = 0, attachment: int = 0, since: int = 0, beat: int = 0) -> None:
        self.written, self.read, self.attachment, self.since, self.beat = written, read, attachment, since, beat

    def packed(self) -> bytes:
        return _HEAD.pack(self.written, self.read, self.attachment, self.since, self.beat) * 2


class Side:
    """One side of the two rings."""

    def __init__(self, own: str, others: str) -> None:
        self._own = own
        self._others = others
        self.head = self._read_head(own) or Head()
        self.other = Head()

    def create(self) -> None:
        """Make our file empty, for us and for whoever the folder is shared with."""
        descriptor = os.open(self._own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o660)
        try:
            os.fchmod(descriptor, 0o660)
            os.ftruncate(descriptor, _HEAD_BYTES + RING_BYTES)
        finally:
            os.close(descriptor)
        self.head = Head()
        self.publish()

    def look(self) -> bool:
        """Read the other side's counters; say whether it is there.

        Raises:
            RingUnusable: its file is none, or its counters cannot be.
        """
        found = self._read_head(self._others)
        if found is None:
            return False
        told, ours = found.written - self.head.read, self.head.written - found.read
        if not (0 <= told <= RING_BYTES and 0 <= ours <= RING_BYTES and found.since <= found.written):
            raise RingUnusable("the counters of {} cannot be".format(os.path.basename(self._others)))
        self.other = found
        return True

    def begin(self, attachment: int) -> None:
        """Serve an attachment, whose bytes begin with the next that we send; 0: none."""
        self.head.attachment, self.head.since = attachment, self.head.written
        self.publish()

    def skip(self) -> None:
        """Leave unread what the other side sent before the attachment that it serves."""
        self.head.read = max(self.head.read, self.other.since)

    @property
    def room(self) -> int:
        """How many bytes can be sent now, as far as the last look saw."""
        return RING_BYTES - (self.head.written - self.other.read)

    def send(self, text: bytes) -> None:
        """Pass bytes to the other side; there must be room for them."""
        if len(text) > self.room:
            raise ValueError("there is room for {} bytes, not {}".format(self.room, len(text)))
        at = self.head.written % RING_BYTES
        first = text[: RING_BYTES - at]
        descriptor = os.open(self._own, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.pwrite(descriptor, first, _HEAD_BYTES + at)
            os.pwrite(descriptor, text[len(first) :], _HEAD_BYTES)
        finally:
            os.close(descriptor)
        self.head.written += len(text)
        self.publish()  # after the bytes: who sees the counter sees them

    def receive(self, bytes_max: int) -> bytes:
        """Return bytes that the last look saw, and count them as read once `publish` is called.

        Raises:
            RingUnusable: the other side's file has gone.
        """
        wanted = min(bytes_max, self.other.written - self.head.read)
        if wanted <= 0:
            return b""
        at = self.head.read % RING_BYTES
        descriptor = self._opened(self._others)
        if descriptor is None:
            raise RingUnusable("{} has gone".format(os.path.basename(self._others)))
        try:
            text = os.pread(descriptor, min(wanted, RING_BYTES - at), _HEAD_BYTES + at)
            text += os.pread(descriptor, wanted - len(text), _HEAD_BYTES) if len(text) < wanted else b""
        finally:
            os.close(descriptor)
        self.head.read += len(text)
        return text

    def publish(self) -> None:
        """Let the other side see our counters."""
        self.head.beat += 1
        descriptor = os.open(self._own, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.pwrite(descriptor, self.head.packed(), 0)
        finally:
            os.close(descriptor)

    def _read_head(self, place: str) -> "Head | None":
        """Return the counters of a file; None while there is none, or while it is half written."""
        descriptor = self._opened(place)
        if descriptor is None:
            return None
        try:
            text = os.pread(descriptor, _HEAD_BYTES, 0)
        finally:
            os.close(descriptor)
        half = _HEAD.size
        if len(text) < _HEAD_BYTES or text[:half] != text[half:]:
            return None
        return Head(*_HEAD.unpack(text[:half]))

    def _opened(self, place: str) -> "int | None":
        """Open a file that the other side made: never a link's target, a device or a pipe."""
        try:
            descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as trouble:
            raise RingUnusable("{} cannot be opened: {}".format(os.path.basename(place), trouble)) from None
        told = os.fstat(descriptor)
        if not stat.S_ISREG(told.st_mode) or told.st_nlink != 1:
            os.close(descriptor)
            raise RingUnusable("{} is no file of its own".format(os.path.basename(place)))
        return descriptor
