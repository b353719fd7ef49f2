"""A person's end of an attachment: every frame once, over cuts, and words when nobody answers."""

from typing import Any, cast

import pytest

from fabrica.attachments import frames
from fabrica.attachments.frames import Frame
from fabrica.sdk import attachments
from fabrica.sdk.attachments import Attached
from fabrica.sdk.client import Client
from fabrica.values.ids import AttachmentId, AttemptId, RunId
from fabrica.wire.attachments import Attachment, AttachmentGarbled, AttachmentGone, Piece
from fabrica.wire.problems import ServerUnreachable

SENT = [frames.told(frames.START, attachment=1), *frames.data(0, b"shown" * 5000), frames.told(frames.EXIT, status=0)]


class Server:
    """A server whose every second answer is lost, and which takes a few bytes at a time."""

    def __init__(self, output: bytes, *, cuts: bool = True) -> None:
        self.output, self.input, self.asked, self.cuts = output, b"", 0, cuts

    def get_bytes(self, path: str, *, offset: int, wait: float) -> bytes:
        self._cut()
        data = self.output[offset : offset + 3000]
        return Piece(offset, offset + len(data) == len(self.output), data).packed()

    def post_bytes(self, path: str, body: bytes) -> Any:
        piece = Piece.unpacked(body)
        self.input += piece.data[len(self.input) - piece.offset :][:7]
        self._cut()
        return {"next_offset": len(self.input)}

    def _cut(self) -> None:
        self.asked += 1
        if self.cuts and self.asked % 2:
            raise ServerUnreachable("cut")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threading.Event.wait", lambda *_: False)


def _attached(server: Server) -> Attached:
    told = Attachment(id=AttachmentId.new(), run=RunId.new(), attempt=AttemptId.new(), number=1, kind="shell")
    return Attached(cast(Client, server), told)


def test_frames_come_once_and_in_order_over_cuts() -> None:
    assert list(_attached(Server(b"".join(one.packed() for one in SENT))).frames()) == SENT


def test_what_is_sent_arrives_once_over_cuts_and_in_small_parts() -> None:
    server = Server(b"")
    attached = _attached(server)
    attached.send(frames.data(0, b"typed"))
    attached.send([frames.resize(24, 80), Frame(frames.OPEN, 7)])
    expected = [*frames.data(0, b"typed"), frames.resize(24, 80), Frame(frames.OPEN, 7)]
    assert server.input == b"".join(one.packed() for one in expected)


def test_a_run_that_sends_no_frames_is_told() -> None:
    with pytest.raises(AttachmentGarbled):
        list(_attached(Server(b"\xff" * 100, cuts=False)).frames())


def test_a_site_that_never_answers_is_told_with_what_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "_MEET_SECONDS_MAX", -1.0)
    with pytest.raises(AttachmentGone, match="has not answered") as gone:
        list(_attached(Server(b"", cuts=False)).frames())
    assert "cron" in gone.value.remedy


def test_a_server_that_stays_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "_AWAY_SECONDS_MAX", -1.0)
    with pytest.raises(ServerUnreachable):
        list(_attached(Server(b"x")).frames())
