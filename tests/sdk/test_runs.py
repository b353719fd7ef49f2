"""Following a log over broken connections tells every byte of each attempt once."""

import json
from collections.abc import Iterator

import httpx
import pytest

from fabrica.sdk import runs
from fabrica.sdk.client import Client
from fabrica.values.ids import AttemptId, RunId
from fabrica.values.states import RunState
from fabrica.wire.runs import LogSlice

RUN = RunId("run_01jd0000000000000000000000")
FIRST, SECOND = AttemptId.new(), AttemptId.new()


def event(attempt: AttemptId, offset: int, text: str) -> str:
    piece = LogSlice(attempt=attempt, offset=offset, next_offset=offset + len(text), text=text, ended=False)
    return f"event: log\ndata: {piece.model_dump_json()}\n\n"


class Broken(httpx.SyncByteStream):
    """Sends what it has and breaks."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __iter__(self) -> Iterator[bytes]:
        yield self.text.encode()
        raise httpx.ReadError("the connection broke")


def test_after_a_break_the_attempt_is_named_with_the_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []
    monkeypatch.setattr("fabrica.sdk.runs.time.sleep", lambda _: None)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        if len(asked) == 1:
            return httpx.Response(200, stream=Broken(event(FIRST, 0, "first")))
        if len(asked) == 2:
            return httpx.Response(200, stream=Broken(event(SECOND, 0, "second, and more")))
        return httpx.Response(200, text=f"event: end\ndata: {json.dumps({})}\n\n")

    with Client("https://fabrica.example", "token", transport=httpx.MockTransport(answer)) as client:
        texts = [piece.text for piece in runs.follow(client, RUN) if isinstance(piece, LogSlice)]
    assert texts == ["first", "second, and more"]
    assert asked == [
        {"offset": "0"},
        {"offset": "5", "attempt": FIRST},
        {"offset": "16", "attempt": SECOND},
    ]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            {"words": "Offered to north.", "silence": "Slurm at north is silent."},
            "Offered to north. Slurm at north is silent.",
        ),
        ({"words": "", "silence": "Slurm at north is silent."}, "Slurm at north is silent."),
        ({"words": "Offered to north."}, "Offered to north."),
    ],
    ids=["both", "silence", "older server"],
)
def test_a_follower_is_told_that_the_scheduler_does_not_answer(told: dict[str, str], words: str) -> None:
    text = f"event: state\ndata: {json.dumps(told | {'state': 'queued'})}\n\nevent: end\ndata: {{}}\n\n"
    answers = httpx.MockTransport(lambda _: httpx.Response(200, text=text))
    with Client("https://fabrica.example", "token", transport=answers) as client:
        assert list(runs.follow(client, RUN)) == [runs.StateSeen(RunState.QUEUED, words)]
