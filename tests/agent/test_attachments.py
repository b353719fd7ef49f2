"""The agent between a run and the server: each byte once, over cuts, and nothing for an attachment that is over."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from fabrica.agent.attachments import Attached, hosted_command, prepare_rings
from fabrica.agent.folders import AttemptFolder
from fabrica.attachments.host import FROM_RUN, TO_RUN
from fabrica.attachments.rings import RING_BYTES, Side
from fabrica.values.ids import AttachmentId, AttemptId, RunId
from fabrica.wire.attachments import Attachment, AttachmentTaken, Interactive, Piece, Received
from fabrica.wire.problems import ServerUnreachable
from tests.agent.builders import make_order

_PATIENCE_SECONDS = 30.0
TEXT = bytes(range(256)) * 2000


@dataclass
class Relay:
    """A server with one attachment. Each `cuts`-th question gets no answer, half of them after it was taken in."""

    to_run: bytes = b""
    from_run: bytes = b""
    cuts: int = 0
    taken: bool = False
    ended: bool = False
    left: int = 0
    asked: "count[int]" = field(default_factory=lambda: count(1))

    def converse(self, method: str, path: str, body: bytes | None = None, *, wait_seconds: float = 0) -> bytes:
        turn = next(self.asked)
        cut = self.cuts and turn % self.cuts == 0
        if cut and turn % (2 * self.cuts):
            raise ServerUnreachable("cut before")
        answer = self.answer(method, path, body)
        if cut:
            raise ServerUnreachable("cut after")
        return answer

    def answer(self, method: str, path: str, body: bytes | None) -> bytes:
        if path.endswith("/take"):
            if self.taken:
                raise AttachmentTaken("taken before")
            self.taken = True
            return b""
        if method == "DELETE":
            self.left += 1
            self.ended = True
            return b""
        if method == "GET":
            offset = int(path.partition("offset=")[2].partition("&")[0])
            if offset == len(self.to_run):
                time.sleep(0.01)
            return Piece(offset, self.ended, self.to_run[offset : offset + 5000]).packed()
        piece = Piece.unpacked(body or b"")
        self.from_run += piece.data[len(self.from_run) - piece.offset :][:7000]  # takes a part of each
        return Received(next_offset=len(self.from_run), ended=self.ended).model_dump_json().encode()


class House:
    """One attempt's two files, its agent's end, and the test in the run's place."""

    def __init__(self, folder: Path, relay: Relay) -> None:
        self.folder = AttemptFolder(folder)
        prepare_rings(self.folder)
        self.run = Side(str(self.folder.attached / FROM_RUN), str(self.folder.attached / TO_RUN))
        self.run.create()
        self.relay = relay
        self.lives = True
        self.stop = threading.Event()

    def attached(self, number: int = 1) -> Attached:
        told = Attachment(id=AttachmentId.new(), run=RunId.new(), attempt=AttemptId.new(), number=number, kind="shell")
        side = Side(str(self.folder.attached / TO_RUN), str(self.folder.attached / FROM_RUN))
        made = Attached(told, self.relay, side, lambda _: self.lives, self.stop)
        made.start()
        return made

    def meet(self, number: int = 1) -> None:
        self.until(lambda: self.run.look() and self.run.other.attachment == number)
        self.run.skip()
        self.run.begin(number)

    def until(self, done: Callable[[], object]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not done():
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def hear(self, length: int) -> bytes:
        heard = b""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while len(heard) < length:
            assert time.monotonic() < deadline, len(heard)
            self.run.look()
            heard += self.run.receive(RING_BYTES)
            self.run.publish()
            time.sleep(0.001)
        return heard

    def say(self, text: bytes) -> None:
        while text:
            self.run.look()
            fits = text[: self.run.room]
            self.run.send(fits)
            text = text[len(fits) :]
            time.sleep(0.001)


@pytest.mark.parametrize("cuts", [0, 3])
def test_bytes_go_both_ways_once_and_in_order_over_cuts(
    tmp_path: Path, cuts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fabrica.agent.attachments.Backoff.failed", lambda _: 0.001)
    house = House(tmp_path, Relay(to_run=TEXT))
    attached = house.attached()
    house.relay.cuts = cuts
    house.meet()
    assert house.hear(len(TEXT)) == TEXT
    house.say(TEXT)
    house.until(lambda: len(house.relay.from_run) >= len(TEXT))
    assert house.relay.from_run == TEXT
    house.relay.cuts = 0
    house.lives = False
    house.until(lambda: not attached.is_alive())
    assert house.relay.left == 1


def test_what_the_run_said_last_is_told_before_the_attachment_ends(tmp_path: Path) -> None:
    house = House(tmp_path, Relay())
    attached = house.attached()
    house.meet()
    house.lives = False
    house.say(b"last words")
    house.until(lambda: not attached.is_alive())
    assert house.relay.from_run == b"last words"


def test_an_attachment_that_was_taken_before_touches_nothing(tmp_path: Path) -> None:
    house = House(tmp_path, Relay(taken=True))
    attached = house.attached()
    assert not attached.is_alive()
    house.run.look()
    assert house.run.other.attachment == 0


def test_an_older_attachment_gives_way_and_never_writes_again(tmp_path: Path) -> None:
    house = House(tmp_path, Relay())
    older = house.attached(1)
    house.meet(1)
    older.give_way()
    house.relay = Relay(to_run=b"newer")
    newer = house.attached(2)
    house.meet(2)
    assert house.hear(5) == b"newer"
    house.until(lambda: not older.is_alive())
    house.run.look()
    assert house.run.other.attachment == 2
    house.stop.set()
    house.until(lambda: not newer.is_alive())


def test_a_person_who_leaves_frees_the_files(tmp_path: Path) -> None:
    house = House(tmp_path, Relay())
    attached = house.attached()
    house.meet()
    house.relay.ended = True
    house.until(lambda: not attached.is_alive())
    house.run.look()
    assert house.run.other.attachment == 0


def test_the_engine_starts_what_keeps_the_run_with_the_persons_command(tmp_path: Path) -> None:
    order = make_order(command=("bash", "-i"), interactive=Interactive(kind="shell", idle_seconds=90))
    command = hosted_command(order, AttemptFolder(tmp_path))
    assert command[:3] == ("python3", "-m", "fabrica.attachments.host")
    assert command[-4:] == ("90", "shell", "bash", "-i")
    assert hosted_command(make_order(), AttemptFolder(tmp_path)) == make_order().command
