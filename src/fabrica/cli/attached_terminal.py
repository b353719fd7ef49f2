"""A person's own terminal at a shell of a run: keys go there as they are typed, Ctrl-] leaves."""

import contextlib
import os
import select
import signal
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from dataclasses import dataclass, field

from fabrica.attachments import frames
from fabrica.attachments.frames import Frame
from fabrica.cli.output import say
from fabrica.sdk.attachments import Attached

LEAVE = b"\x1d"  # Ctrl-], as telnet has it
_KEYS_BYTES = 4096


@dataclass
class Seen:
    """What has come of the run. `pipe` wakes whoever waits for keys."""

    pipe: tuple[int, int] = field(default_factory=os.pipe)
    ended: bool = False
    resized: bool = True
    trouble: BaseException | None = None
    over: bool = False

    def wake(self) -> None:
        os.write(self.pipe[1], b"!")


def use(attached: Attached) -> bool:
    """Use the terminal until the shell has ended or the person leaves; return whether it has ended.

    Raises:
        AttachmentGone, ServerUnreachable: the way to the run is lost.
    """
    seen = Seen()
    shower = threading.Thread(target=_show, args=(attached, seen), daemon=True)
    with _raw_terminal(seen):
        shower.start()
        _type(attached, seen)
    if seen.trouble:
        raise seen.trouble
    return seen.ended


def _show(attached: Attached, seen: Seen) -> None:
    try:
        for frame in attached.frames():
            if frame.kind == frames.DATA:
                _write(frame.payload)
            elif frame.kind == frames.NOTE:
                _write(f"\r\n[fabrica] {frames.values_of(frame).get('words', '')}\r\n".encode())
            elif frame.kind == frames.EXIT:
                seen.ended = True
                break
    except BaseException as trouble:
        seen.trouble = trouble
    seen.over = True
    seen.wake()


def _write(text: bytes) -> None:
    while text:
        text = text[os.write(1, text) :]


def _type(attached: Attached, seen: Seen) -> None:
    """Send keys until it is over, or the person leaves."""
    keys = sys.stdin.fileno()
    reading = [keys, seen.pipe[0]]
    while not seen.over:
        if seen.resized and sys.stdin.isatty():
            size = os.get_terminal_size(keys)
            attached.send([frames.resize(size.lines, size.columns)])
        seen.resized = False
        ready, _, _ = select.select(reading, [], [])
        if seen.pipe[0] in ready:
            os.read(seen.pipe[0], _KEYS_BYTES)
        if keys in ready:
            typed = os.read(keys, _KEYS_BYTES)
            if not typed:
                reading = [seen.pipe[0]]  # a script has said all it has to say
            before, leave, _ = typed.partition(LEAVE) if sys.stdin.isatty() else (typed, b"", b"")
            attached.send(_framed(before))
            if leave:
                return


def _framed(text: bytes) -> Iterator[Frame]:
    return frames.data(0, text)


@contextlib.contextmanager
def _raw_terminal(seen: Seen) -> Iterator[None]:
    """Pass every key on as it is, and put the terminal back at the end."""
    if not sys.stdin.isatty():
        yield
        return

    def resized(*_: object) -> None:
        seen.resized = True
        seen.wake()

    before, handler = termios.tcgetattr(sys.stdin), signal.signal(signal.SIGWINCH, resized)
    try:
        tty.setraw(sys.stdin, termios.TCSADRAIN)  # what was typed ahead is kept
        say("Attached. Ctrl-] leaves, and the run goes on.\r")
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, handler)
        say("")
