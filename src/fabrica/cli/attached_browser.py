"""A notebook of a run in the person's own browser: an address on this machine's loopback, passed on to the run."""

import contextlib
import os
import queue
import select
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import click

from fabrica.attachments import frames
from fabrica.attachments.frames import Frame
from fabrica.cli.output import say
from fabrica.sdk.attachments import Attached

_PIECE_BYTES = 2**16
_BACKLOG_BYTES_MAX = 2**20
_FRAMES_WAITING_MAX = 64


@dataclass
class Browser:
    """The connections of a browser by their channel, and what is on its way to each."""

    listener: socket.socket
    channels: dict[int, socket.socket] = field(default_factory=dict)
    backlogs: dict[int, bytes] = field(default_factory=dict)
    opened: int = 0

    def open(self) -> Frame:
        """Take a new connection."""
        connection, _ = self.listener.accept()
        connection.setblocking(False)
        self.opened += 1
        self.channels[self.opened], self.backlogs[self.opened] = connection, b""
        return Frame(frames.OPEN, self.opened)

    def read(self, number: int) -> Iterator[Frame]:
        """Yield what a connection sent; its end closes the channel."""
        try:
            text = self.channels[number].recv(_PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            text = b""
        if text:
            yield from frames.data(number, text)
            return
        self.close(number)
        yield Frame(frames.CLOSE, number)

    def flush(self, number: int) -> None:
        """Pass on to a connection what it takes now."""
        try:
            self.backlogs[number] = self.backlogs[number][self.channels[number].send(self.backlogs[number]) :]
        except BlockingIOError:
            return
        except OSError:
            self.backlogs[number] = b""

    def close(self, number: int) -> None:
        """End a connection, with what is still on its way."""
        connection = self.channels.pop(number, None)
        if connection is not None:
            connection.setblocking(True)
            connection.settimeout(5)
            with contextlib.suppress(OSError):
                connection.sendall(self.backlogs.pop(number))
            connection.close()

    @property
    def is_full(self) -> bool:
        return any(len(one) > _BACKLOG_BYTES_MAX for one in self.backlogs.values())


def use(attached: Attached) -> bool:
    """Serve the notebook on loopback until it has ended, or Ctrl-C; return whether it has ended.

    Raises:
        AttachmentGone, ServerUnreachable: the way to the run is lost.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        browser = Browser(listener)
        try:
            return _serve(attached, browser)
        except KeyboardInterrupt:
            return False
        finally:
            for number in list(browser.channels):
                browser.channels.pop(number).close()


def _serve(attached: Attached, browser: Browser) -> bool:
    came: queue.Queue[Frame | BaseException | None] = queue.Queue(_FRAMES_WAITING_MAX)
    wake_in, wake_out = os.pipe()
    threading.Thread(target=_hear, args=(attached, came, wake_out), daemon=True).start()
    while True:
        writing = [one.fileno() for number, one in browser.channels.items() if browser.backlogs[number]]
        by_descriptor = {one.fileno(): number for number, one in browser.channels.items()}
        ready, writable, _ = select.select([browser.listener.fileno(), wake_in, *by_descriptor], writing, [], 0.2)
        for descriptor in writable:
            browser.flush(by_descriptor[descriptor])
        sent: list[Frame] = []
        for descriptor in ready:
            if descriptor == browser.listener.fileno():
                sent.append(browser.open())
            elif descriptor == wake_in:
                os.read(wake_in, _PIECE_BYTES)
            else:
                sent += browser.read(by_descriptor[descriptor])
        attached.send(sent)
        while not browser.is_full:
            try:
                frame = came.get_nowait()
            except queue.Empty:
                break
            if isinstance(frame, BaseException):
                raise frame
            if frame is None or frame.kind == frames.EXIT:
                return frame is not None
            _take(browser, frame)


def _hear(attached: Attached, came: "queue.Queue[Frame | BaseException | None]", wake: int) -> None:
    """Pass frames on as fast as they are taken, so that a slow browser slows the run and fills no memory."""
    last: BaseException | None = None
    try:
        for frame in attached.frames():
            came.put(frame)
            os.write(wake, b"!")
    except BaseException as trouble:
        last = trouble
    came.put(last)
    os.write(wake, b"!")


def _take(browser: Browser, frame: Frame) -> None:
    if frame.kind == frames.START:
        port, token = browser.listener.getsockname()[1], frames.values_of(frame).get("token", "")
        click.echo(f"http://127.0.0.1:{port}/?token={token}")
        say("Open it in your browser. Ctrl-C leaves, and the run goes on.")
    elif frame.kind == frames.NOTE:
        say(f"[fabrica] {frames.values_of(frame).get('words', '')}")
    elif frame.kind == frames.DATA and frame.channel in browser.channels:
        browser.backlogs[frame.channel] += frame.payload
        browser.flush(frame.channel)
    elif frame.kind == frames.CLOSE:
        browser.close(frame.channel)
