"""Runs a helper program of the site, such as pip, so that the user sees its words and it can be broken off."""

import os
import select
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from fabrica.agent.failures import AttemptFailed, Interrupted, masked
from fabrica.values.states import EndReason

_PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
_UMASK = 0o022  # people's own accounts read what it builds; the folders above decide who comes so far
_LOOK_SECONDS = 0.2
_PIECE_BYTES = 64 * 2**10
_LAST_LINES = 20
_LINE_BYTES_MAX = 16 * 2**10


def run_command(
    arguments: Sequence[str],
    *,
    folder: Path,
    log: Path,
    interrupted: Callable[[], bool],
    seconds_max: float,
    reason: EndReason,
) -> None:
    """Run a program to its end, its output appended to `log` without the passwords of addresses.

    Raises:
        AttemptFailed: with `reason` and the program's last words, when it fails or takes longer than `seconds_max`.
        Interrupted: `interrupted` came true; the program is ended.
    """
    variables = {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("PIP_")}
    with log.open("ab") as output:
        words = _Words(output)
        try:
            process = subprocess.Popen(
                arguments,
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=_UMASK,
            )
        except FileNotFoundError as trouble:
            raise AttemptFailed(reason, f"This site has no program {arguments[0]!r}.") from trouble
        with process:
            _follow(process, words, interrupted, seconds_max, reason)
        words.close()
    if process.returncode != 0:
        raise AttemptFailed(
            reason, f"{_name(arguments)} failed with status {process.returncode}: {' '.join(words.last)}"
        )


def _name(arguments: Sequence[str]) -> str:
    """Return what people call a program: a module that Python runs has its own name."""
    return arguments[2] if list(arguments[1:2]) == ["-m"] else Path(arguments[0]).name


class _Words:
    """Writes a program's output line by line, each without the passwords of addresses; remembers the last lines."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output
        self._begun = b""
        self.last: deque[str] = deque(maxlen=_LAST_LINES)

    def take(self, piece: bytes) -> None:
        *lines, self._begun = (self._begun + piece).split(b"\n")
        if len(self._begun) > _LINE_BYTES_MAX:  # no line of words: it is not kept back any longer
            lines, self._begun = [*lines, self._begun], b""
        for line in lines:
            shown = masked(line.decode("utf-8", "replace"))
            self._output.write(f"{shown}\n".encode())
            self.last.append(shown.strip())
        self._output.flush()

    def close(self) -> None:
        if self._begun:
            self.take(b"\n")


def _follow(
    process: subprocess.Popen[bytes],
    words: _Words,
    interrupted: Callable[[], bool],
    seconds_max: float,
    reason: EndReason,
) -> None:
    """Pass the program's words on until it has ended."""
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    until = time.monotonic() + seconds_max
    try:
        while process.poll() is None:
            _pass_on(pipe, words, _LOOK_SECONDS)
            if interrupted():
                raise Interrupted
            if time.monotonic() > until:
                raise AttemptFailed(reason, f"The program took longer than {seconds_max:.0f} s.")
        while _pass_on(pipe, words, 0):  # not until its end: a daemon that the program left may hold it open
            pass
    finally:
        if process.poll() is None:
            _end(process)


def _pass_on(pipe: int, words: _Words, wait_seconds: float) -> bool:
    """Pass one piece on; say whether there was one."""
    if not select.select([pipe], [], [], wait_seconds)[0]:
        return False
    piece = os.read(pipe, _PIECE_BYTES)
    words.take(piece)
    if not piece:
        time.sleep(min(wait_seconds, 0.01))  # it closed its output and goes on
    return bool(piece)


def _end(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
