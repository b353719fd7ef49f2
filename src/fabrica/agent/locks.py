"""A lock between threads and processes, held on a file; the system frees it when the holder dies."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fabrica.agent.failures import Interrupted

_PAUSE_SECONDS_MIN, _PAUSE_SECONDS_MAX = 0.002, 0.1


@contextmanager
def held(path: Path, interrupted: Callable[[], bool]) -> Iterator[None]:
    """Hold the lock; wait for it as long as needed.

    Raises:
        Interrupted: `interrupted` came true while waiting.
    """
    with path.open("ab") as file:
        pause = _PAUSE_SECONDS_MIN
        while not _taken(file.fileno()):
            if interrupted():
                raise Interrupted
            time.sleep(pause)
            pause = min(2 * pause, _PAUSE_SECONDS_MAX)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def held_at_once(path: Path) -> Iterator[bool]:
    """Hold the lock, or say False when somebody else does."""
    with path.open("ab") as file:
        yield _taken(file.fileno())
