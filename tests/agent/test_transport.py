"""The transport: later and no are told apart, and nothing a server sends breaks the agent."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from fabrica.agent.keys import KeyFile
from fabrica.agent.transport import Backoff, HttpTransport
from fabrica.values.ids import SiteId
from fabrica.wire import signatures
from fabrica.wire.agents import SiteClaimed, SyncAnswer, SyncRequest
from fabrica.wire.enrolment import AnswerRefused
from fabrica.wire.problems import NotFound, ServerUnreachable, TooLarge
from tests.agent.builders import MemoryServer, make_bundle, make_order, sha256
from tests.agent.http_server import IDENTITY, TOKEN, served

REQUEST = SyncRequest(agent_version="1", epoch="e")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Return the key file of the agent that the served server knows."""
    KeyFile(tmp_path / "agent.key").write(IDENTITY)
    return tmp_path / "agent.key"


@contextmanager
def _answering(raw: bytes) -> Iterator[str]:
    """Serve one connection after another with the same bytes, cut off where they end."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(raw)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _response(body: bytes, *, status: str = "200 OK", length: int | None = None) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body) if length is None else length}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nonsense",
        _response(b'{"site": "here", "ackn'),
        _response(b'{"site": "here"', length=4000),
        _response(b"<html>a login page of a proxy</html>"),
        _response(b"<html>busy</html>", status="503 Service Unavailable"),
        _response(b"<html>who are you</html>", status="403 Forbidden"),
        _response(b"{}", status="429 Too Many Requests"),
    ],
)
def test_a_broken_or_busy_answer_means_later(raw: bytes, key_file: Path) -> None:
    with _answering(raw) as address, pytest.raises((ServerUnreachable, AnswerRefused)) as later:
        HttpTransport(address, key_file).sync(REQUEST)
    assert later.value.status >= 500


def test_an_answer_of_a_server_that_says_it_otherwise_means_later_and_what_to_update(key_file: Path) -> None:
    def say_otherwise(request: SyncRequest) -> SyncAnswer:
        return SyncAnswer.model_construct(site=SiteId("here"))  # type: ignore[call-arg]

    server = MemoryServer()
    server.sync = say_otherwise  # type: ignore[method-assign]
    with served(server) as address, pytest.raises(ServerUnreachable) as later:
        HttpTransport(address, key_file).sync(REQUEST)
    assert "at 'acknowledged'" in str(later.value)
    assert "Update fabrica" in later.value.remedy


def test_no_server_means_later(key_file: Path) -> None:
    with pytest.raises(ServerUnreachable):
        HttpTransport("http://127.0.0.1:9", key_file).sync(REQUEST)


def test_a_named_problem_is_raised_as_its_own_class_without_the_token(key_file: Path) -> None:
    def refuse(request: SyncRequest) -> SyncAnswer:
        raise SiteClaimed("Another agent speaks here.")

    server = MemoryServer()
    server.sync = refuse  # type: ignore[method-assign]
    with served(server) as address, pytest.raises(SiteClaimed) as refused:
        HttpTransport(address, key_file).sync(REQUEST)
    assert TOKEN not in str(refused.value)


def test_a_token_that_is_refused_is_asked_for_anew_once(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(MemoryServer()) as address:
        transport = HttpTransport(address, key_file)
        monkeypatch.setattr(transport.tokens, "_token", "an older key's")
        monkeypatch.setattr(transport.tokens, "_renew_at", float("inf"))
        assert transport.sync(REQUEST).site == "here"
        assert transport.tokens.current() == TOKEN


def test_work_of_somebody_else_than_the_server_is_refused(tmp_path: Path) -> None:
    other = signatures.public_key_of(signatures.new_private_key())
    KeyFile(tmp_path / "agent.key").write(IDENTITY.model_copy(update={"server_key": other}))
    server = MemoryServer()
    server.offer(make_order())
    with served(server) as address, pytest.raises(AnswerRefused):
        HttpTransport(address, tmp_path / "agent.key").sync(REQUEST)


@pytest.mark.parametrize(
    "alter",
    [
        lambda body, signature: (body.replace(b'"fence":1', b'"fence":2'), signature),
        lambda body, signature: (body, ""),
        lambda body, signature: (body, signature[:-4] + "AAAA"),
        lambda body, signature: (body, "not.a.token"),
    ],
)
def test_an_answer_altered_on_the_way_is_refused(
    key_file: Path, monkeypatch: pytest.MonkeyPatch, alter: Callable[[bytes, str], tuple[bytes, str]]
) -> None:
    server = MemoryServer()
    server.offer(make_order())
    with served(server) as address:
        transport = HttpTransport(address, key_file)
        transport.tokens.current()
        ask = transport._client.request

        def captured(method: str, path: str, **options: Any) -> httpx.Response:
            answer = ask(method, path, **options)
            content, signature = alter(answer.content, answer.headers[signatures.SIGNATURE_HEADER])
            return httpx.Response(200, content=content, headers={signatures.SIGNATURE_HEADER: signature})

        monkeypatch.setattr(transport._client, "request", captured)
        with pytest.raises(AnswerRefused):
            transport.sync(REQUEST)


def test_an_older_answer_of_the_server_is_refused_when_it_is_played_again(
    key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(MemoryServer()) as address:
        transport = HttpTransport(address, key_file)
        transport.tokens.current()
        ask = transport._client.request
        first: list[httpx.Response] = []

        def played_again(method: str, path: str, **options: Any) -> httpx.Response:
            first.append(ask(method, path, **options))
            return first[0]

        monkeypatch.setattr(transport._client, "request", played_again)
        transport.sync(REQUEST)
        with pytest.raises(AnswerRefused):
            transport.sync(REQUEST)


def test_an_order_crosses_the_wire_whole(key_file: Path) -> None:
    server = MemoryServer()
    order = server.offer(make_order(command=("python", "-c", "print('é')")))
    with served(server) as address:
        assert HttpTransport(address, key_file).sync(REQUEST).leases == (order,)


def test_a_bundle_comes_whole_and_with_its_hash(tmp_path: Path, key_file: Path) -> None:
    bundle = make_bundle()
    with served(MemoryServer()) as address:
        transport = HttpTransport(address, key_file)
        assert transport.fetch_bundle(sha256(bundle), tmp_path / "b", bytes_max=10**6) == sha256(bundle)
        assert (tmp_path / "b").read_bytes() == bundle
        with pytest.raises(TooLarge):
            transport.fetch_bundle(sha256(bundle), tmp_path / "b", bytes_max=100)
        with pytest.raises(NotFound):
            transport.fetch_bundle("0" * 64, tmp_path / "b", bytes_max=100)


def test_a_blob_is_uploaded_whole_also_when_empty(tmp_path: Path, key_file: Path) -> None:
    server = MemoryServer()
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(b"x" * 3_000_000)
    with served(server) as address:
        transport = HttpTransport(address, key_file)
        for name in ("empty", "large"):
            content = (tmp_path / name).read_bytes()
            transport.upload_blob(sha256(content), tmp_path / name)
            assert server.blobs[sha256(content)] == content


def test_waits_double_up_to_a_ceiling_and_begin_anew_after_success() -> None:
    backoff = Backoff(first_seconds=1, last_seconds=8)
    waits = [backoff.failed() for _ in range(6)]
    assert all(ceiling / 2 <= wait <= ceiling for wait, ceiling in zip(waits, (1, 2, 4, 8, 8, 8), strict=True))
    backoff.succeeded()
    assert backoff.failed() <= 1


def test_small_files_are_uploaded_in_one_request(tmp_path: Path, key_file: Path) -> None:
    server = MemoryServer()
    files = {}
    for content in (b"", b"one", b"two\n" * 500):
        place = tmp_path / sha256(content)
        place.write_bytes(content)
        files[sha256(content)] = place
    with served(server) as address:
        HttpTransport(address, key_file).upload_blobs(files)
    assert server.blobs == {name: place.read_bytes() for name, place in files.items()}
