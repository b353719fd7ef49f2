"""The program that keeps an interactive run: a real shell at a real terminal, through two files."""

import ast
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fabrica.attachments import frames
from fabrica.attachments.frames import Frame, Reader
from fabrica.attachments.host import FROM_RUN, TO_RUN
from fabrica.attachments.rings import RING_BYTES, Side

pytestmark = pytest.mark.processes

_PATIENCE_SECONDS = 20.0
_SOURCE = Path(frames.__file__).parents[2]
_NOTEBOOK = """
import os, socket, sys
place = next(one for one in sys.argv if one.startswith("--ServerApp.sock=")).partition("=")[2]
with socket.socket(socket.AF_UNIX) as server:
    server.bind(place)
    server.listen()
    for _ in range(2):
        connection, _ = server.accept()
        with connection:
            connection.sendall(os.environ["JUPYTER_TOKEN"].encode() + b" " + connection.recv(100))
"""


class Person:
    """Whoever is attached, in the agent's place."""

    def __init__(self, folder: Path, *command: str, kind: str = "shell", idle_seconds: float = 60) -> None:
        self.side = Side(str(folder / TO_RUN), str(folder / FROM_RUN))
        self.side.create()
        self.came: list[Frame] = []
        self.reader = Reader()
        host = [sys.executable, "-m", "fabrica.attachments.host", str(folder), str(idle_seconds), kind, *command]
        self.process = subprocess.Popen(
            host,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(_SOURCE)},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def attach(self, number: int) -> None:
        self.side.begin(number)
        self.came, self.reader = [], Reader()
        self.until(lambda: self.side.look() and self.side.other.attachment == number)
        self.side.skip()

    def send(self, *sent: Frame) -> None:
        self.side.look()
        self.side.send(b"".join(one.packed() for one in sent))

    def type(self, text: str) -> None:
        self.send(*frames.data(0, text.encode()))

    def hear(self) -> None:
        self.side.look()
        self.came += self.reader.feed(self.side.receive(RING_BYTES))
        self.side.publish()

    def text(self, channel: int = 0) -> str:
        self.hear()
        told = (one.payload for one in self.came if one.kind == frames.DATA and one.channel == channel)
        return b"".join(told).decode(errors="replace")

    def kinds(self) -> list[int]:
        self.hear()
        return [one.kind for one in self.came]

    def is_closed(self, channel: int) -> bool:
        self.hear()
        return Frame(frames.CLOSE, channel) in self.came

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not done():
            assert time.monotonic() < deadline, self.came[-5:]
            time.sleep(0.01)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Person]]:
    made: list[Person] = []

    def started(*command: str, **options: object) -> Person:
        made.append(Person(tmp_path, *command, **options))  # type: ignore[arg-type]
        return made[-1]

    yield started
    for one in made:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(one.process.pid, signal.SIGKILL)  # and what it started
        one.process.communicate()


@pytest.mark.parametrize("module", sorted(Path(frames.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_python_3_6_of_an_image_can_parse_it(module: Path) -> None:
    ast.parse(module.read_text(), feature_version=(3, 6))


def test_keys_reach_a_shell_at_a_terminal_of_the_persons_size(start: Callable[..., Person]) -> None:
    person = start("sh", "-i")
    person.attach(1)
    person.send(frames.resize(33, 101))
    person.type("stty size; test -t 0 && echo termi''nal; exit 3\n")
    person.until(lambda: frames.EXIT in person.kinds())
    assert "33 101" in person.text()
    assert "terminal" in person.text()
    assert frames.values_of(person.came[-1]) == {"status": 3}
    words, _ = person.process.communicate(timeout=_PATIENCE_SECONDS)
    assert person.process.returncode == 0  # of the run; what the last command did is the person's affair
    assert "stty" not in words
    assert "The shell ended with status 3." in words


def test_who_comes_back_sees_what_was_shown_last_and_goes_on(start: Callable[..., Person]) -> None:
    person = start("sh", "-i")
    person.attach(1)
    person.type("kept=42; echo sho''wn\n")
    person.until(lambda: "shown" in person.text())
    person.side.begin(0)
    person.attach(2)
    person.until(lambda: "shown" in person.text())
    person.type("echo is-$kept\n")
    person.until(lambda: "is-42" in person.text())


def test_a_shell_that_nobody_is_attached_to_goes_on(start: Callable[..., Person], tmp_path: Path) -> None:
    person = start("sh", "-c", f"seq 1 100000; touch {tmp_path}/done; sleep 60")
    person.until((tmp_path / "done").exists)
    person.attach(1)
    person.until(lambda: "100000" in person.text())
    assert "\n1\r" not in person.text()  # only the end is kept


def test_a_slow_reader_holds_up_the_run_and_loses_nothing(start: Callable[..., Person]) -> None:
    person = start("sh", "-i")
    person.attach(1)
    person.type("stty -echo; seq -w 1 99999; echo al''l\n")
    person.until(lambda: person.side.look() and person.side.other.written - person.side.head.read > RING_BYTES - 2**17)
    written = person.side.other.written
    time.sleep(0.2)
    person.side.look()
    assert person.side.other.written - written <= 2**17  # it waits for us
    person.until(lambda: "all" in person.text())
    numbers = [line for line in person.text().split() if line.isdigit() and len(line) == 5]
    assert numbers == [f"{number:05d}" for number in range(1, 100_000)]


def test_an_unused_shell_is_ended_with_words(start: Callable[..., Person]) -> None:
    person = start("sh", "-i", idle_seconds=1)
    words, _ = person.process.communicate(timeout=_PATIENCE_SECONDS)
    assert "Nobody used it for 1 s." in words
    assert person.process.returncode == 0


def test_a_run_that_is_told_to_end_tells_the_person_and_ends(start: Callable[..., Person]) -> None:
    person = start("sh", "-i")
    person.attach(1)
    os.kill(person.process.pid, signal.SIGTERM)
    person.until(lambda: frames.EXIT in person.kinds())
    assert frames.NOTE in person.kinds()
    person.process.wait(_PATIENCE_SECONDS)


@pytest.mark.parametrize("ignores", ["who started the run", "the shell"])
def test_a_run_ends_although_hang_ups_are_ignored(start: Callable[..., Person], ignores: str) -> None:
    if ignores == "the shell":
        person = start("sh", "-c", "trap '' HUP; echo ready; while :; do sleep 0.1; done")
        person.attach(1)
        person.until(lambda: "ready" in person.text())
    else:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        person = start("sh", "-i")
        signal.signal(signal.SIGHUP, before)
        person.attach(1)
    os.kill(person.process.pid, signal.SIGTERM)
    person.until(lambda: frames.EXIT in person.kinds())
    person.process.wait(_PATIENCE_SECONDS)


def test_a_shell_that_is_not_there_fails_the_run(start: Callable[..., Person]) -> None:
    person = start("/nowhere/shell")
    person.process.wait(_PATIENCE_SECONDS)
    assert person.process.returncode == 127


def test_connections_of_a_browser_reach_the_notebook_and_end_with_it(
    start: Callable[..., Person], tmp_path: Path
) -> None:
    (tmp_path / "notebook.py").write_text(_NOTEBOOK)
    person = start(sys.executable, str(tmp_path / "notebook.py"), kind="notebook")
    person.attach(1)
    person.until(lambda: frames.START in person.kinds())
    token = str(frames.values_of(next(one for one in person.came if one.kind == frames.START))["token"])
    for number in range(1, 200):  # until the server listens
        person.send(Frame(frames.OPEN, number), *frames.data(number, b"hello"))
        person.until(lambda number=number: person.is_closed(number))  # type: ignore[misc]
        if person.text(number):
            break
        time.sleep(0.05)
    assert len(token) > 20
    assert person.text(number) == f"{token} hello"
    assert token not in Path(f"/proc/{person.process.pid}/cmdline").read_text()
