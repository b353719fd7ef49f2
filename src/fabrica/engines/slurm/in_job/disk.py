"""How much a run's folder holds, and whether the disk under it has room."""

import errno
import os
import subprocess

_LOOK_SECONDS = 30.0
_FULL_BELOW_BYTES = 2**20
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Disk:
    """The disk under one folder. `folder_bytes`: what the folder held when it was last added up; None: never yet."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.folder_bytes = None  # type: int | None
        self._refused = False
        self._due = _LOOK_SECONDS
        self._look = None  # type: subprocess.Popen[bytes] | None

    def look(self, elapsed: float) -> None:
        """Add up the folder with du, beside the run, and spend no more than a twentieth of the time on it."""
        if self._look is None and elapsed >= self._due:
            self._due = elapsed
            self._look = self._count()
        elif self._look is not None and self._look.poll() is not None:
            self._take(self._look)
            self._look = None
            self._due = elapsed + max(_LOOK_SECONDS, 20 * (elapsed - self._due))

    def look_now(self) -> None:
        """Add up the folder once the run has ended, and wait for it."""
        self._take(self._count())

    def _count(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(["du", "-sk", self.folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def _take(self, look: "subprocess.Popen[bytes]") -> None:
        told = look.communicate()[0].split()
        if told and told[0].isdigit():
            self.folder_bytes = int(told[0]) * 1024

    def took(self, trouble: "OSError | None") -> None:
        """Note what became of a write of our own: the last one says whether there is room, in a quota too."""
        self._refused = trouble is not None and trouble.errno in _NO_ROOM

    def is_full(self) -> bool:
        """Say whether there is no room: by our own last write, or by what is free now."""
        try:
            figures = os.statvfs(self.folder)
        except OSError:
            return self._refused
        return self._refused or figures.f_bavail * figures.f_frsize < _FULL_BELOW_BYTES
