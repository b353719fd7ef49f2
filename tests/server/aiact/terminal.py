"""Commands run as somebody against the server in this process, in the database transaction of the test."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from django.test import Client as Browser

from fabrica.cli import connection
from fabrica.cli.main import fabrica
from fabrica.sdk import evaluators
from fabrica.sdk.client import Client
from fabrica.server.core.actors import Actor
from fabrica.server.people import service as people

Say = Callable[..., Result]


class Terminal:
    """A terminal in which one person after the other sits down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(evaluators, "Client", lambda server, token: _client(token))

    def of(self, by: Actor) -> Say:
        """Let a person sit down; return what runs their commands."""
        assert by.user is not None
        token = people.make_token(by, user=by.user, name="tests")
        self._monkeypatch.setattr(connection, "connect", lambda **_: _client(token))
        return say


def say(*arguments: object, typed: str | None = None) -> Result:
    """Run a command as whoever sits there; `typed`: what they type when asked."""
    return CliRunner().invoke(fabrica, [str(one) for one in arguments], input=typed)


def _client(token: str) -> Client:
    return Client("http://testserver", token, transport=httpx.MockTransport(_answered))


def _answered(request: httpx.Request) -> httpx.Response:
    path, kind = request.url.raw_path.decode(), request.headers.get("Content-Type", "application/json")
    headers: dict[str, Any] = {name: value for name, value in request.headers.items() if name not in ("host", "cookie")}
    answer: Any = Browser().generic(request.method, path, request.read(), kind, headers=headers)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return httpx.Response(answer.status_code, content=content, headers={"Content-Type": answer["Content-Type"]})
