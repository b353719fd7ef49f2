"""The one place that speaks HTTP. It raises the server's problems as their own classes."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter

from fabrica import __version__
from fabrica.values.files import sha256_of
from fabrica.wire.problems import FabricaError, Malformed, ServerUnreachable, from_problem

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")
_TIMEOUT = httpx.Timeout(30, connect=5)
_FILE_TIMEOUT = httpx.Timeout(300)


class Client:
    """A connection to one server as one person.

    `server`: address such as `https://fabrica.example.eu`; `token`: an access token of that person.
    """

    def __init__(self, server: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self.server = server.rstrip("/")
        self._http = httpx.Client(
            base_url=f"{self.server}/api/v1",
            headers={"Authorization": f"Bearer {token}", "User-Agent": f"fabrica/{__version__}"},
            timeout=_TIMEOUT,
            transport=transport or httpx.HTTPTransport(retries=2),
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def get(self, path: str, kind: type[T], **query: Any) -> T:
        """Return one body.

        Raises:
            FabricaError: the problem that the server names, as its own class; ServerUnreachable without an answer.
        """
        return self._read(self._send("GET", path, params=_given(query)), kind.model_validate)

    def get_list(self, path: str, kind: type[T], /, **query: Any) -> tuple[T, ...]:
        """Return a list of bodies; raises as `get`."""
        answer = self._send("GET", path, params=_given(query))
        return self._read(answer, TypeAdapter(tuple[kind, ...]).validate_python)  # type: ignore[valid-type]

    def post(self, path: str, body: BaseModel | None = None, *, idempotency_key: str | None = None) -> Any:
        """Send a body and return the answer as plain JSON values; raises as `get`."""
        headers = {"Content-Type": "application/json"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        content = body.model_dump_json() if body is not None else "{}"
        answer = self._send("POST", path, content=content, headers=headers)
        return self._plain(answer)

    def put(self, path: str, body: BaseModel, **query: Any) -> Any:
        """Put a body in the place of what stands there and return the answer as plain values; raises as `get`."""
        headers = {"Content-Type": "application/json"}
        content = body.model_dump_json()
        answer = self._send("PUT", path, content=content, headers=headers, params=_given(query))
        return self._plain(answer)

    def post_bytes(self, path: str, body: bytes) -> Any:
        """Send bytes and return the answer as plain JSON values; raises as `get`."""
        answer = self._send("POST", path, content=body, headers={"Content-Type": "application/octet-stream"})
        return self._read(answer, _as_it_is)

    def delete(self, path: str) -> None:
        """End what is at a path; raises as `get`."""
        self._send("DELETE", path)

    def has(self, path: str) -> bool:
        """Return whether there is something at a path; raises as `get` for every other answer than 404."""
        try:
            answer = self._http.get(path)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        self._check(answer)
        return True

    def put_file(self, path: str, file: Path, *, headers: Mapping[str, str] | None = None, **query: Any) -> Any:
        """Upload a file in parts and return the answer as plain JSON values, None without one; raises as `get`."""
        told = {"Content-Length": str(file.stat().st_size), **(headers or {})}
        with file.open("rb") as content:
            answer = self._send("PUT", path, content=content, params=_given(query), headers=told, timeout=_FILE_TIMEOUT)
        return self._plain(answer)

    def get_file(self, path: str, target: Path, sha256: str) -> None:
        """Download into a file, written beside and renamed; one that is there with this SHA-256 stays. Raises as `get`.

        Raises:
            Malformed: other bytes came; nothing is kept.
        """
        if target.is_file() and sha256_of(target) == sha256:
            return
        half = target.with_name(f".{target.name}.part")
        try:
            with self._http.stream("GET", path, timeout=_FILE_TIMEOUT) as answer:
                self._check(answer)
                with half.open("wb") as file:
                    for part in answer.iter_bytes():
                        file.write(part)
            if sha256_of(half) != sha256:
                raise Malformed(f"The bytes of {target.name} are not those that were announced.", remedy="Try again.")
            half.rename(target)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        finally:
            half.unlink(missing_ok=True)

    def get_bytes(self, path: str, **query: Any) -> bytes:
        """Return the bytes of a small file or answer; raises as `get`."""
        return self._send("GET", path, params=_given(query)).content

    def events(self, path: str, **query: Any) -> Iterator[tuple[str, str]]:
        """Yield server-sent events as (event, data) until the server ends the stream; raises as `get`."""
        headers = {"Accept": "text/event-stream"}
        try:
            with self._http.stream("GET", path, params=_given(query), headers=headers) as answer:
                self._check(answer)
                event = "message"
                for line in answer.iter_lines():
                    name, _, value = line.partition(": ")
                    if name == "event":
                        event = value
                    elif name == "data":
                        yield event, value
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        self._check(answer)
        return answer

    def _check(self, answer: httpx.Response) -> None:
        if answer.is_success:
            return
        answer.read()
        try:
            body = answer.json()
        except ValueError:
            body = None
        if isinstance(body, dict) and "code" in body:
            raise from_problem(body)
        raise FabricaError(
            f"{self.server} answered {answer.status_code} {answer.reason_phrase} without saying why.",
            remedy="Look at the server's log, or ask its operator.",
        )

    def _read(self, answer: httpx.Response, reader: Callable[[Any], R]) -> R:
        try:
            return reader(answer.json())
        except (ValueError, TypeError) as error:  # pydantic's and JSON's own are ValueErrors
            raise FabricaError(
                f"{self.server} answered with something that this version does not understand.",
                remedy="Check that FABRICA_SERVER names a Fabrica server, and update fabrica.",
            ) from error

    def _plain(self, answer: httpx.Response) -> Any:
        """Return an answer as plain JSON values; None where it has no content."""
        return self._read(answer, _as_it_is) if answer.content else None

    def _unreachable(self, error: httpx.TransportError) -> ServerUnreachable:
        return ServerUnreachable(
            f"{self.server} does not answer ({type(error).__name__}).",
            remedy="Check the address and the network; runs at their sites go on meanwhile.",
        )


def _as_it_is(body: Any) -> Any:
    return body


def _given(query: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in query.items() if value is not None}
