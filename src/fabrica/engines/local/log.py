"""The log of a run: what its processes print, up to a cap; what is beyond is counted, not kept."""

import os
from pathlib import Path


class CappedLog:
    """Appends to a log file at most `bytes_max` bytes; a full disk also only costs the text, never the run."""

    def __init__(self, path: Path, bytes_max: int) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._room = bytes_max
        self._bytes_max = bytes_max
        self.dropped_bytes = 0

    def take(self, text: bytes) -> None:
        """Keep what fits of `text`, count the rest."""
        kept = self._write(text[: self._room])
        self._room -= kept
        self.dropped_bytes += len(text) - kept

    def _write(self, text: bytes) -> int:
        if not text:
            return 0
        try:
            return os.write(self._descriptor, text)
        except OSError:
            return 0

    def close(self) -> None:
        """Say in the log's last line what was dropped, if anything was."""
        if self.dropped_bytes:
            self._write(
                f"\n[fabrica] {self.dropped_bytes} bytes of output were not kept: "
                f"the log keeps the first {self._bytes_max} bytes, and needs space on the disk.\n".encode()
            )
        os.close(self._descriptor)
