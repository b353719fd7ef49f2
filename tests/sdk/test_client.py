"""The client raises the server's problems as their own classes, and nothing else."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from fabrica.sdk.client import Client
from fabrica.wire.people import Me
from fabrica.wire.problems import FabricaError, Malformed, NotFound, ServerUnreachable

ME: dict[str, Any] = {"user": None, "name": "Ada", "email": None, "network_roles": [], "projects": []}


def client(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    return Client("https://fabrica.example/", "secret-token", transport=httpx.MockTransport(answer))


def problem(code: str, status: int = 409, **fields: Any) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": "What is wrong.", "remedy": "What to do."} | fields)


def test_a_request_carries_the_token_and_the_query_without_what_is_not_given() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ME)

    assert client(answer).get("/me", Me, limit=5, cursor=None).name == "Ada"
    assert str(seen[0].url) == "https://fabrica.example/api/v1/me?limit=5"
    assert seen[0].headers["Authorization"] == "Bearer secret-token"


def test_a_problem_is_raised_as_its_own_class_wherever_it_is_declared() -> None:
    facts = {"asked_milliseconds": 7, "detail": "a fact may have any name", "remedy": 1, "self": 2}
    with pytest.raises(FabricaError) as raised:
        client(lambda _: problem("ledger.insufficient_balance", facts=facts)).get("/me", Me)
    assert type(raised.value).__name__ == "InsufficientBalance"
    assert raised.value.facts == facts
    assert (raised.value.detail, raised.value.remedy) == ("What is wrong.", "What to do.")


def test_a_problem_of_a_newer_server_keeps_its_code_and_title() -> None:
    with pytest.raises(FabricaError) as raised:
        client(lambda _: problem("moon.too_far", title="The moon is too far")).get("/me", Me)
    assert (raised.value.code, raised.value.title) == ("moon.too_far", "The moon is too far")
    assert FabricaError.code == "fabrica.problem"


@pytest.mark.parametrize("content", [b"<html>Bad gateway</html>", b"", b"\xff\xfe", b"[]", b'"text"', b"{}"])
def test_an_answer_that_is_no_problem_is_told_with_its_status(content: bytes) -> None:
    with pytest.raises(FabricaError, match="answered 502"):
        client(lambda _: httpx.Response(502, content=content)).get("/me", Me)


@pytest.mark.parametrize("content", [b"<html>Welcome</html>", b"", b"\xff", b"[]", b"{}", b'{"name": 5}'])
def test_a_success_that_is_not_understood_is_told(content: bytes) -> None:
    with pytest.raises(FabricaError, match="does not understand"):
        client(lambda _: httpx.Response(200, content=content)).get("/me", Me)
    if content != b"[]":
        with pytest.raises(FabricaError):
            client(lambda _: httpx.Response(200, content=content)).get_list("/me", Me)


def test_no_answer_is_told_without_the_token() -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    asks: list[Callable[[Client], Any]] = [
        lambda one: one.get("/me", Me),
        lambda one: one.post("/runs"),
        lambda one: one.has("/bundles/x"),
        lambda one: list(one.events("/runs/x/log")),
    ]
    for ask in asks:
        with pytest.raises(ServerUnreachable) as raised:
            ask(client(silent))
        assert "secret-token" not in str(raised.value)


def test_whether_something_is_there_is_not_guessed_from_another_problem() -> None:
    assert client(lambda _: httpx.Response(204)).has("/bundles/x")
    assert not client(lambda _: httpx.Response(404)).has("/bundles/x")
    with pytest.raises(FabricaError):
        client(lambda _: problem("people.token_refused", 401)).has("/bundles/x")


def test_a_download_is_checked_and_one_that_is_there_is_not_asked_for_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, content=b"weights")

    target, right = tmp_path / "model.bin", hashlib.sha256(b"weights").hexdigest()
    with pytest.raises(Malformed, match=r"model\.bin"):
        client(answer).get_file("/a", target, "0" * 64)
    assert list(tmp_path.iterdir()) == []
    for _ in range(2):
        client(answer).get_file("/a", target, right)
    assert target.read_bytes() == b"weights"
    assert len(asked) == 2


def test_a_download_that_breaks_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "model.bin"
    target.write_bytes(b"old")
    with pytest.raises(NotFound):
        client(lambda _: problem("request.not_found", 404)).get_file("/a", target, "0" * 64)
    assert [file.name for file in tmp_path.iterdir()] == ["model.bin"]
    assert target.read_bytes() == b"old"


def test_events_are_read_as_they_come() -> None:
    text = 'event: state\ndata: {"state": "running"}\n\n: still here\n\nevent: end\ndata: {}\n\n'
    events = client(lambda _: httpx.Response(200, text=text)).events("/runs/x/log")
    assert [(name, json.loads(data)) for name, data in events] == [("state", {"state": "running"}), ("end", {})]
