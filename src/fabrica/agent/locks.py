"""A lock between threads and processes, held on a file; the system frees it when the holder dies."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fabrica.agent.failures import Interrupted


@contextmanager
def held(path: Path, interrupted: Callable[[], bool]) -> Iterator[None]:
    """Hold the lock; wait for it as long as needed.

    Raises:
        Interrupted: `interrupted` came true while waiting.
    """
    with path.open("ab") as file:
        while not _taken(file.fileno()):
            if interrupted():
                raise Interrupted
            time.sleep(0.1)
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
