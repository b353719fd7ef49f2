"""The program that an interactive run executes: keeps a shell or a notebook alive, and serves who is attached to it.

While nobody is attached the shell goes on, and the end of what it printed is kept for whoever comes. Plain Python 3.6:
    python -m fabrica.attachments.host FOLDER IDLE_SECONDS shell|notebook COMMAND…
"""

import fcntl
import os
import pty
import secrets
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time

from fabrica.attachments import frames
from fabrica.attachments.rings import RingUnusable, Side

FROM_RUN, TO_RUN = "from_run", "to_run"
FAILED_STATUS = 1
_TAIL_BYTES = 2**16
_PIECE_BYTES = 2**14
_BACKLOG_BYTES_MAX = 2**16
_CHANNELS_MAX = 128
_BRISK_SECONDS, _CALM_SECONDS, _CALM_AFTER_SECONDS = 0.02, 0.25, 20.0
_AWAY_AFTER_SECONDS = 30.0
_LAST_WORDS_SECONDS = 3.0
_GRACE_SECONDS = 5.0
_ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


class Channel:
    """One stream of bytes to and from the run: the terminal, or a connection to the notebook."""

    def __init__(self, descriptor: int, connection: "socket.socket | None" = None) -> None:
        self.descriptor = descriptor
        self.connection = connection
        self.backlog = b""
        os.set_blocking(descriptor, False)

    def read(self) -> bytes:
        """Return what the run wrote; nothing at its end.

        Raises:
            BlockingIOError: there is nothing yet.
        """
        try:
            return os.read(self.descriptor, _PIECE_BYTES)
        except BlockingIOError:
            raise
        except OSError:
            return b""  # how a terminal ends

    def flush(self) -> None:
        """Write what the run takes now."""
        try:
            self.backlog = self.backlog[os.write(self.descriptor, self.backlog) :]
        except BlockingIOError:
            return
        except OSError:
            self.backlog = b""

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        else:
            os.close(self.descriptor)


class Host:
    """One interactive run."""

    def __init__(self, folder: str, idle_seconds: float) -> None:
        self.side = Side(os.path.join(folder, FROM_RUN), os.path.join(folder, TO_RUN))
        self.side.create()
        self.idle_seconds = idle_seconds
        self.reader = frames.Reader()
        self.channels: "dict[int, Channel]" = {}
        self.process = 0
        self.socket = ""
        self.token = ""
        self.attachment = 0
        self.welcomed = 0
        self.beat = (0, time.monotonic())
        self.active_at = time.monotonic()
        self.tail = b""
        self.outgoing: "list[bytes]" = []
        self.outgoing_bytes = 0
        self.told_to_end = 0
        self.kill_at = 0.0

    def start_shell(self, command: "list[str]") -> None:
        """Start the command with a terminal of its own."""
        self.process, terminal = pty.fork()
        if self.process == 0:
            os.environ["TERM"] = "xterm-256color"
            for number in (*_ENDING, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)  # who started us may ignore it, and exec would hand that on
            try:
                os.execvp(command[0], command)  # noqa: S606 - no shell is what we want
            except OSError as trouble:
                print("{} cannot be executed: {}".format(command[0], trouble.strerror), flush=True)
            os._exit(127)
        self.channels[0] = Channel(terminal)

    def start_notebook(self, command: "list[str]") -> None:
        """Start the command as a server on a socket that only this account can reach; its words go to the log."""
        folder = tempfile.mkdtemp(prefix="fabrica-", dir="/tmp")  # a socket's path has 107 letters at most
        self.socket = os.path.join(folder, "notebook")
        self.token = secrets.token_urlsafe(24)
        options = ["--no-browser", "--ServerApp.sock=" + self.socket, "--ServerApp.sock_mode=0600"]
        options += ["--ServerApp.allow_root=True"] if os.geteuid() == 0 else []
        variables = dict(os.environ, JUPYTER_TOKEN=self.token)  # not on the command line, which others see
        self.process = subprocess.Popen([*command, *options], env=variables, stdin=subprocess.DEVNULL).pid

    def serve(self) -> int:
        """Serve until the process has ended; return its status."""
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, self.note_signal)
        status = None
        while status is None:
            self.turn()
            status = self.ended()
            if self.told_to_end == 1 or (self.told_to_end == 0 and self.is_idle()):
                self.end()
            elif self.told_to_end and time.monotonic() > self.kill_at:
                self.signal_process(signal.SIGKILL)
        self.say_last(status)
        return status

    def note_signal(self, number: int, _frame: object) -> None:
        self.told_to_end = self.told_to_end or 1

    def is_idle(self) -> bool:
        return time.monotonic() - self.active_at > self.idle_seconds

    def end(self) -> None:
        """Tell the process and whoever is attached that it ends."""
        words = "The site ends the run."
        if not self.told_to_end:
            words = "Nobody used it for {:.0f} s.".format(self.idle_seconds)
        self.told_to_end = 2
        print("[fabrica] {}".format(words), flush=True)
        self.tell(frames.told(frames.NOTE, words=words))
        self.kill_at = time.monotonic() + _GRACE_SECONDS
        self.signal_process(signal.SIGTERM if self.socket else signal.SIGHUP)

    def signal_process(self, number: int) -> None:
        """Send a signal to the notebook, or to the shell and all that it has in the foreground."""
        try:
            os.kill(self.process, number) if self.socket else os.killpg(self.process, number)
        except (ProcessLookupError, PermissionError):
            pass

    def ended(self) -> "int | None":
        pid, status = os.waitpid(self.process, os.WNOHANG)
        if pid == 0:
            return None
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)

    def turn(self) -> None:
        """Pass on what there is, in both directions, then wait a little."""
        try:
            self.meet()
            self.welcome()
            self.take_input()
            self.give_output()
        except (RingUnusable, frames.Garbled, OSError) as trouble:
            print("[fabrica] the attachment broke: {}".format(trouble), flush=True)
            self.leave()
            time.sleep(_CALM_SECONDS)
        self.wait()

    def meet(self) -> None:
        """See who is attached now."""
        if not self.side.look():
            return
        now, other = time.monotonic(), self.side.other
        if other.beat != self.beat[0]:
            self.beat = (other.beat, now)
        attachment = other.attachment if now - self.beat[1] < _AWAY_AFTER_SECONDS else 0
        if attachment == self.attachment:
            return
        self.leave()
        self.side.skip()
        self.side.begin(attachment)
        self.attachment = attachment
        if self.socket and not os.path.exists(self.socket):
            self.tell(frames.told(frames.NOTE, words="The notebook is starting."))

    def welcome(self) -> None:
        """Tell somebody new how to begin, once the run is ready, and what its terminal showed last."""
        if self.attachment == self.welcomed or (self.socket and not os.path.exists(self.socket)):
            return
        self.welcomed = self.attachment
        self.tell(frames.told(frames.START, attachment=self.attachment, token=self.token))
        for frame in frames.data(0, self.tail):
            self.tell(frame)

    def leave(self) -> None:
        """Forget whoever was attached, and their connections."""
        self.attachment = self.welcomed = 0
        self.outgoing, self.outgoing_bytes = [], 0
        self.reader = frames.Reader()
        for number in [one for one in self.channels if one != 0]:
            self.channels.pop(number).close()

    def take_input(self) -> None:
        """Take what came, as long as the run takes it, too."""
        while all(len(one.backlog) < _BACKLOG_BYTES_MAX for one in self.channels.values()):
            text = self.side.receive(_PIECE_BYTES)
            if not text:
                return
            self.active_at = time.monotonic()
            self.side.publish()
            for frame in self.reader.feed(text):
                self.take(frame)

    def take(self, frame: frames.Frame) -> None:
        channel = self.channels.get(frame.channel)
        if frame.kind == frames.DATA and channel is not None:
            channel.backlog += frame.payload
            channel.flush()
        elif frame.kind == frames.RESIZE and channel is not None and not self.socket:
            rows, columns = frames.size_of(frame)
            fcntl.ioctl(channel.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        elif frame.kind == frames.OPEN and self.socket and frame.channel:
            self.connect(frame.channel)
        elif frame.kind == frames.CLOSE and frame.channel and channel is not None:
            self.channels.pop(frame.channel).close()

    def connect(self, number: int) -> None:
        """Connect a channel to the notebook; one that cannot be is closed at once."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if len(self.channels) >= _CHANNELS_MAX or number in self.channels:
                raise OSError("too many connections")
            connection.connect(self.socket)
        except OSError:
            connection.close()
            self.tell(frames.Frame(frames.CLOSE, number))
            return
        self.channels[number] = Channel(connection.fileno(), connection)

    def give_output(self) -> None:
        """Send what fits into the ring, whole frames only."""
        while self.outgoing and len(self.outgoing[0]) <= self.side.room:
            text = b""
            while self.outgoing and len(text) + len(self.outgoing[0]) <= min(self.side.room, 2**16):
                text += self.outgoing.pop(0)
            self.outgoing_bytes -= len(text)
            self.side.send(text)

    def tell(self, frame: frames.Frame) -> None:
        if self.attachment:
            self.outgoing.append(frame.packed())
            self.outgoing_bytes += len(self.outgoing[-1])

    def wait(self) -> None:
        """Wait for the run's output, not longer than until the next look at the files."""
        lively = self.attachment and time.monotonic() - self.active_at < _CALM_AFTER_SECONDS
        pause = _BRISK_SECONDS if lively else _CALM_SECONDS
        full = self.outgoing_bytes >= _BACKLOG_BYTES_MAX  # who is attached reads slowly: the run waits, too
        by_descriptor = {channel.descriptor: number for number, channel in self.channels.items()}
        writing = [one.descriptor for one in self.channels.values() if one.backlog]
        reading = [] if full else list(by_descriptor)
        ready, writable, _ = select.select(reading, writing, [], pause)
        for descriptor in writable:
            self.channels[by_descriptor[descriptor]].flush()
        for descriptor in ready:
            self.read(by_descriptor[descriptor])

    def read(self, number: int) -> None:
        try:
            text = self.channels[number].read()
        except BlockingIOError:
            return
        if not text:
            self.channels.pop(number).close()
            self.tell(frames.Frame(frames.CLOSE, number))
        if number == 0:
            self.tail = (self.tail + text)[-_TAIL_BYTES:]
        for frame in frames.data(number, text):
            self.tell(frame)

    def has_more(self) -> bool:
        terminal = self.channels.get(0)
        return terminal is not None and bool(select.select([terminal.descriptor], [], [], 0)[0])

    def say_last(self, status: int) -> None:
        """Pass on what the process printed last, and its status."""
        until = time.monotonic() + _LAST_WORDS_SECONDS
        while self.has_more() and time.monotonic() < until:
            self.turn()
        self.tell(frames.told(frames.EXIT, status=status))
        while self.outgoing and time.monotonic() < until:
            self.turn()
        if self.socket:
            shutil.rmtree(os.path.dirname(self.socket), ignore_errors=True)


def main(arguments: "list[str]") -> int:
    """Run the command to its end; a shell that ended is a run that succeeded, whatever its last command did."""
    folder, idle_seconds, kind = arguments[0], float(arguments[1]), arguments[2]
    host = Host(folder, idle_seconds)
    try:
        host.start_shell(arguments[3:]) if kind == "shell" else host.start_notebook(arguments[3:])
    except OSError as trouble:
        print("[fabrica] {} cannot be started: {}".format(arguments[3], trouble), flush=True)
        return FAILED_STATUS
    print("[fabrica] The {} is ready; what is typed and shown is not kept.".format(kind), flush=True)
    status = host.serve()
    print("[fabrica] The {} ended with status {}.".format(kind, status), flush=True)
    return status if status in (126, 127) or (kind == "notebook" and not host.told_to_end) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
