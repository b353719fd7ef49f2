"""A person at a terminal: a command of ours started at a real one, what it shows, and what is typed."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tests.flows.network import Network

_PATIENCE_SECONDS = 90


Opens = Callable[..., "Terminal"]


@contextmanager
def terminals(network: Network) -> Iterator[Opens]:
    """Yield what starts a command of the network's person at a terminal; those that still run are cut off."""
    known = {"FABRICA_SERVER": network.url, "FABRICA_TOKEN_FILE": str(network.home.folder / "token")}
    opened: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        opened.append(Terminal(network.home.environment | known, *arguments))
        return opened[-1]

    try:
        yield start
    finally:
        for one in opened:
            one.kill()


class Terminal:
    """One command at a terminal of 33 rows and 101 columns."""

    def __init__(self, environment: Mapping[str, str], *arguments: str) -> None:
        self.shown = b""
        self._ended = False
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores it
            command = [sys.executable, "-m", "fabrica.cli.main", *arguments]
            os.execve(sys.executable, command, dict(environment))
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def wait_for(self, words: str) -> str:
        """Return what is shown up to some words, and forget it."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while words.encode() not in self.shown:
            assert time.monotonic() < until, f"{words!r} was not shown: {self.shown[-2000:]!r}"
            if select.select([self._terminal], [], [], 0.2)[0]:
                self.shown += self._read()
        before, _, self.shown = self.shown.partition(words.encode())
        return before.decode(errors="replace")

    def _read(self) -> bytes:
        try:
            text = os.read(self._terminal, 65_536)
        except OSError:
            text = b""
        assert text, f"the command has ended: {self.shown[-2000:]!r}"
        return text

    def end(self) -> int:
        """Wait for the command's end; return its status."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._ended = True
                os.close(self._terminal)
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < until, "the command does not end"
            if select.select([self._terminal], [], [], 0.05)[0]:
                try:
                    self.shown += os.read(self._terminal, 65_536)
                except OSError:
                    time.sleep(0.01)

    def kill(self) -> None:
        """Cut the command off, unless it has ended."""
        if self._ended:
            return
        self._ended = True
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._terminal)
