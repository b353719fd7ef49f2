"""One direction of an attachment: bytes in order, each once, never more than fit."""

from dataclasses import dataclass

STREAM_BYTES_MAX = 2**18


@dataclass(slots=True)
class Stream:
    """Bytes on their way. `start`: the offset of the first that is kept; what lies before it has been read."""

    start: int = 0
    kept: bytes = b""

    @property
    def end(self) -> int:
        """The offset of the next byte to come."""
        return self.start + len(self.kept)

    def write(self, offset: int, data: bytes) -> bool:
        """Take in bytes that begin at `offset`: those not known yet, as many as fit. Return whether any was taken.

        A piece that begins beyond the end is not taken: what lies between is missing.
        """
        known = self.end - offset
        room = STREAM_BYTES_MAX - len(self.kept)
        fresh = data[known : known + room] if known >= 0 else b""
        self.kept += fresh
        return bool(fresh)

    def read(self, offset: int, bytes_max: int) -> bytes:
        """Return bytes from `offset` on, and forget those before it: who asks has them.

        An offset that was forgotten, or that was never written, gives nothing.
        """
        if not self.start <= offset <= self.end:
            return b""
        self.kept = self.kept[offset - self.start :]
        self.start = offset
        return self.kept[:bytes_max]
