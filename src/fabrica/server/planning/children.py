"""A process of its own for one scenario: it gets its question, says how far it is, and dies with whoever started it."""

import json
import os
import queue
import subprocess
import sys
import threading
from typing import Any

_KEPT_OF_ENVIRONMENT = (
    "PATH",
    "PYTHONPATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "FABRICA_HOME",
    "XDG_CACHE_HOME",
    "NUMBA_CACHE_DIR",
)
"""What a calculation needs of the server's environment: none of its secrets."""

ENDED: dict[str, Any] = {"ended": True}


class Child:
    """A running calculation. Leaving the block kills it; when we die, its input ends and so does it."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fabrica.planning.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={name: os.environ[name] for name in _KEPT_OF_ENVIRONMENT if name in os.environ},
        )
        self._ask(asked)
        threading.Thread(target=self._read, name="output of a scenario", daemon=True).start()

    def _ask(self, asked: dict[str, Any]) -> None:
        assert self._process.stdin is not None, "a pipe was asked for"
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None, "a pipe was asked for"
        for line in self._process.stdout:
            self._said.put(json.loads(line))
        self._said.put(ENDED)

    def said(self, seconds: float) -> dict[str, Any] | None:
        """Return the next thing it said: progress, a problem, its result, or `ENDED`; None: it was silent."""
        try:
            return self._said.get(timeout=seconds)
        except queue.Empty:
            return None

    def exit_status(self) -> int:
        """Wait for its end and return how it ended: a status, or minus the signal that ended it."""
        return self._process.wait()

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
