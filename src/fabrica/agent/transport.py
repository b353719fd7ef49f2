"""The only place of the agent that talks to the server."""

import hashlib
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from fabrica.wire.agents import SyncAnswer, SyncRequest
from fabrica.wire.problems import ServerUnreachable, TooLarge, from_problem

_CHUNK_BYTES = 1 << 20


class Transport(Protocol):
    """What the agent asks of the server. `ServerUnreachable` means later; any other problem means no."""

    def sync(self, request: SyncRequest) -> SyncAnswer:
        """Tell what happened and ask for work."""

    def fetch_bundle(self, sha256: str, target: Path, *, bytes_max: int) -> str:
        """Write the source bundle to `target` and return the SHA-256 of what came."""

    def upload_blob(self, sha256: str, source: Path) -> None:
        """Upload one file under its SHA-256."""


class HttpTransport:
    """The server over HTTP. `token` is called for each request, so a renewed token file is picked up."""

    def __init__(self, server: str, token: Callable[[], str]) -> None:
        self._token = token
        self._client = httpx.Client(
            base_url=f"{server}/api/v1/agent",
            timeout=httpx.Timeout(30, connect=10),
            limits=httpx.Limits(max_connections=16),
            trust_env=urlsplit(server).hostname not in ("127.0.0.1", "::1", "localhost"),  # no proxy to ourselves
        )

    def close(self) -> None:
        self._client.close()

    def sync(self, request: SyncRequest) -> SyncAnswer:
        """Tell what happened and ask for work.

        Raises:
            ServerUnreachable: no answer, a broken one, or one that says later.
            FabricaError: the server's own problem, such as SiteClaimed or AgentRefused.
        """
        body = request.model_dump_json().encode()
        try:
            response = self._client.post(
                "/sync",
                content=body,
                headers=self._headers() | {"Content-Type": "application/json"},
                timeout=httpx.Timeout(30 + request.wait_seconds, connect=10),
            )
            _check(response)
            return SyncAnswer.model_validate_json(response.content)
        except ValidationError as trouble:
            raise ServerUnreachable(
                f"the server's answer is broken or cut off ({trouble.error_count()} mistakes)."
            ) from trouble
        except (httpx.HTTPError, httpx.StreamError) as trouble:
            raise _unreachable(trouble) from trouble

    def fetch_bundle(self, sha256: str, target: Path, *, bytes_max: int) -> str:
        """Write the source bundle to `target` and return the SHA-256 of what came.

        Raises:
            TooLarge: more than `bytes_max` came.
            ServerUnreachable, FabricaError: as with `sync`.
        """
        digest = hashlib.sha256()
        size = 0
        try:
            with self._client.stream("GET", f"/bundles/{sha256}", headers=self._headers()) as response:
                if not response.is_success:
                    response.read()
                _check(response)
                with target.open("wb") as file:
                    for chunk in response.iter_bytes(_CHUNK_BYTES):
                        size += len(chunk)
                        if size > bytes_max:
                            raise TooLarge(f"the source bundle is larger than {bytes_max} bytes.")
                        digest.update(chunk)
                        file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
        except (httpx.HTTPError, httpx.StreamError) as trouble:
            raise _unreachable(trouble) from trouble
        return digest.hexdigest()

    def upload_blob(self, sha256: str, source: Path) -> None:
        """Upload one file under its SHA-256.

        Raises:
            ServerUnreachable, FabricaError: as with `sync`; `TooLarge` for a file over the server's limit.
        """
        headers = self._headers() | {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(source.stat().st_size),
        }
        try:
            _check(self._client.put(f"/blobs/{sha256}", content=_chunks(source), headers=headers))
        except (httpx.HTTPError, httpx.StreamError) as trouble:
            raise _unreachable(trouble) from trouble

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token()}"}


def _chunks(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _check(response: httpx.Response) -> None:
    """Raise the problem that an answer tells."""
    if response.is_success:
        return
    try:
        body = response.json()
    except ValueError:
        body = None
    later = response.status_code >= 500 or response.status_code in (408, 425, 429)
    if later or not isinstance(body, dict):
        raise ServerUnreachable(f"the server answered with status {response.status_code}.")
    raise from_problem(body)


def _unreachable(trouble: Exception) -> ServerUnreachable:
    return ServerUnreachable(f"the server does not answer ({type(trouble).__name__}: {trouble}).")


class Backoff:
    """How long to wait after each failure in a row: doubling, with jitter so that agents do not come back at once.

    The longest wait is well under the 45 s after which a silent site is no longer given work.
    """

    def __init__(self, first_seconds: float = 0.5, last_seconds: float = 15.0) -> None:
        self._first = first_seconds
        self._last = last_seconds
        self._failures = 0

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self) -> float:
        """Count a failure and return the seconds to wait."""
        ceiling = min(self._last, self._first * 2.0 ** min(self._failures, 20))
        self._failures += 1
        return float(ceiling) * random.uniform(0.5, 1.0)  # noqa: S311  # spreads load; guards nothing
