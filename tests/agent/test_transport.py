"""The transport: later and no are told apart, and nothing a server sends breaks the agent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fabrica.agent.transport import Backoff, HttpTransport
from fabrica.wire.agents import SyncRequest
from fabrica.wire.problems import NotFound, NotSignedIn, ServerUnreachable, TooLarge
from tests.agent.builders import MemoryServer, make_bundle, make_order, sha256
from tests.agent.http_server import TOKEN, served

REQUEST = SyncRequest(agent_version="1", epoch="e")


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
def test_a_broken_or_busy_answer_means_later(raw: bytes) -> None:
    with _answering(raw) as address, pytest.raises(ServerUnreachable):
        HttpTransport(address, lambda: TOKEN).sync(REQUEST)


def test_no_server_means_later() -> None:
    with pytest.raises(ServerUnreachable):
        HttpTransport("http://127.0.0.1:9", lambda: TOKEN).sync(REQUEST)


def test_a_named_problem_is_raised_as_its_own_class_without_the_token() -> None:
    with served(MemoryServer()) as address, pytest.raises(NotSignedIn) as refused:
        HttpTransport(address, lambda: "stale-token").sync(REQUEST)
    assert "stale-token" not in str(refused.value)


def test_an_order_crosses_the_wire_whole() -> None:
    server = MemoryServer()
    order = server.offer(make_order(command=("python", "-c", "print('é')")))
    with served(server) as address:
        assert HttpTransport(address, lambda: TOKEN).sync(REQUEST).leases == (order,)


def test_a_bundle_comes_whole_and_with_its_hash(tmp_path: Path) -> None:
    bundle = make_bundle()
    with served(MemoryServer()) as address:
        transport = HttpTransport(address, lambda: TOKEN)
        assert transport.fetch_bundle(sha256(bundle), tmp_path / "b", bytes_max=10**6) == sha256(bundle)
        assert (tmp_path / "b").read_bytes() == bundle
        with pytest.raises(TooLarge):
            transport.fetch_bundle(sha256(bundle), tmp_path / "b", bytes_max=100)
        with pytest.raises(NotFound):
            transport.fetch_bundle("0" * 64, tmp_path / "b", bytes_max=100)


def test_a_blob_is_uploaded_whole_also_when_empty(tmp_path: Path) -> None:
    server = MemoryServer()
    (tmp_path / "empty").touch()
    (tmp_path / "large").write_bytes(b"x" * 3_000_000)
    with served(server) as address:
        transport = HttpTransport(address, lambda: TOKEN)
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
