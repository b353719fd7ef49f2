"""The only place of the agent that talks to the server."""

import hashlib
import os
import random
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

import fabrica
from fabrica.agent.keys import KeyFile
from fabrica.agent.settings import is_loopback
from fabrica.agent.tokens import Tokens
from fabrica.wire.agents import SyncAnswer, SyncRequest
from fabrica.wire.blobs import pack
from fabrica.wire.enrolment import AgentTokenRefused, AnswerRefused, KeyChange, OwnSite
from fabrica.wire.limits import LimitsAnswer, LimitsQuestion, LimitsReport, OutsideAnswer, OutsideReport
from fabrica.wire.problems import ServerUnreachable, TooLarge, from_problem
from fabrica.wire.signatures import NONCE_HEADER, SIGNATURE_HEADER, SignatureWrong, check_answer, new_nonce

R = TypeVar("R")
_CHUNK_BYTES = 1 << 20


class Transport(Protocol):
    """What the agent asks of the server. `ServerUnreachable` means later; any other problem means no."""

    def sync(self, request: SyncRequest) -> SyncAnswer:
        """Tell what happened and ask for work."""

    def fetch_bundle(self, sha256: str, target: Path, *, bytes_max: int) -> str:
        """Write the source bundle to `target` and return the SHA-256 of what came."""

    def upload_blob(self, sha256: str, source: Path) -> None:
        """Upload one file under its SHA-256."""

    def upload_blobs(self, files: Mapping[str, Path]) -> None:
        """Upload small files together, each under its SHA-256."""


def make_client(server: str) -> httpx.Client:
    """Return a client of the agents' part of a server's API."""
    return httpx.Client(
        base_url=f"{server}/api/v1/agent",
        timeout=httpx.Timeout(30, connect=10),
        limits=httpx.Limits(max_connections=16),
        headers={"User-Agent": f"fabrica-agent/{fabrica.__version__}"},
        trust_env=not is_loopback(server),  # no proxy to ourselves
    )


class HttpTransport:
    """The server over HTTP. Each request carries the agent's token of the moment.

    Answers that say what to do are checked against the server's key, so whoever holds the connection can withhold
    work but not make any. Bundles are checked by the SHA-256 that such an answer named.
    """

    def __init__(self, server: str, key_file: Path) -> None:
        self._client = make_client(server)
        self.tokens = Tokens(KeyFile(key_file), self._ask)

    def close(self) -> None:
        self._client.close()

    def sync(self, request: SyncRequest) -> SyncAnswer:
        """Tell what happened and ask for work.

        Raises:
            ServerUnreachable: no answer, a broken one, or one that says later.
            AnswerRefused: somebody else than the server answered.
            FabricaError: the server's own problem, such as SiteClaimed or AgentRefused.
        """
        timeout = httpx.Timeout(30 + request.wait_seconds, connect=10)
        with _told():
            content = self._authorised(
                lambda token: self._signed(
                    "POST", "/sync", request, self.tokens.server_key(), token=token, timeout=timeout
                )
            )
            return SyncAnswer.model_validate_json(content, extra="ignore")  # of a newer server

    def own_site(self) -> OwnSite:
        """Ask what the server knows of this agent and its site; raises as `sync`."""
        with _told():
            return OwnSite.model_validate_json(
                self._authorised(
                    lambda token: self._signed("GET", "/site", None, self.tokens.server_key(), token=token)
                )
            )

    def change_key(self, change: KeyChange) -> None:
        """Give the server a new key of this agent; raises as `sync`."""
        with _told():
            self._authorised(lambda token: self._signed("PUT", "/key", change, self.tokens.server_key(), token=token))

    def remaining(self, question: LimitsQuestion) -> LimitsAnswer:
        """Ask what projects may still use at this site; raises as `sync`."""
        with _told():
            return LimitsAnswer.model_validate_json(self._told_signed("POST", "/remaining", question))

    def tell_outside(self, report: OutsideReport) -> OutsideAnswer:
        """Tell who went round Fabrica here; raises as `sync`."""
        with _told():
            return OutsideAnswer.model_validate_json(self._told_signed("POST", "/outside", report))

    def tell_limits(self, report: LimitsReport) -> None:
        """Tell how allocations stand as limits here; raises as `sync`."""
        self._told_signed("PUT", "/limits", report)

    def converse(self, method: str, path: str, body: bytes | None = None, *, wait_seconds: float = 0) -> bytes:
        """Ask or tell something of an attachment, and return the answer; raises as `sync`."""
        timeout = httpx.Timeout(30 + wait_seconds, connect=10)
        with _told():
            return self._authorised(
                lambda token: self._signed(method, path, body, self.tokens.server_key(), token=token, timeout=timeout)
            )

    def _told_signed(self, method: str, path: str, body: BaseModel) -> bytes:
        with _told():
            return self._authorised(
                lambda token: self._signed(method, path, body, self.tokens.server_key(), token=token)
            )

    def _ask(self, path: str, body: BaseModel, server_key: str) -> bytes:
        with _told():
            return self._signed("POST", path, body, server_key)

    def _signed(
        self,
        method: str,
        path: str,
        body: BaseModel | bytes | None,
        server_key: str,
        *,
        token: str = "",
        **options: Any,
    ) -> bytes:
        """Send a question with a nonce, and return the answer once its signature holds."""
        nonce = new_nonce()
        headers = {"Content-Type": "application/json", NONCE_HEADER: nonce}
        if token:
            headers |= _bearer(token)
        content = body.model_dump_json() if isinstance(body, BaseModel) else body
        response = self._client.request(method, path, content=content, headers=headers, **options)
        check_status(response)
        try:
            check_answer(
                response.content, response.headers.get(SIGNATURE_HEADER, ""), nonce=nonce, public_key=server_key
            )
        except SignatureWrong as trouble:
            raise AnswerRefused(
                f"The answer to {path} is not the server's: {trouble}.",
                remedy="Nothing of it is done. If the server's key was changed, enrol the agent again with a new code.",
            ) from trouble
        return response.content

    def _authorised(self, send: Callable[[str], R]) -> R:
        """Send with the token of the moment; when the server takes it no more, once again with a new one."""
        token = self.tokens.current()
        try:
            return send(token)
        except AgentTokenRefused:
            self.tokens.refused(token)
            return send(self.tokens.current())

    def fetch_bundle(self, sha256: str, target: Path, *, bytes_max: int) -> str:
        """Write the source bundle to `target` and return the SHA-256 of what came.

        Raises:
            TooLarge: more than `bytes_max` came.
            ServerUnreachable, FabricaError: as with `sync`.
        """
        with _told():
            return self._authorised(lambda token: self._fetch(sha256, target, bytes_max, token))

    def _fetch(self, sha256: str, target: Path, bytes_max: int, token: str) -> str:
        digest = hashlib.sha256()
        size = 0
        with self._client.stream("GET", f"/bundles/{sha256}", headers=_bearer(token)) as response:
            if not response.is_success:
                response.read()
            check_status(response)
            with target.open("wb") as file:
                for chunk in response.iter_bytes(_CHUNK_BYTES):
                    size += len(chunk)
                    if size > bytes_max:
                        raise TooLarge(f"the source bundle is larger than {bytes_max} bytes.")
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        return digest.hexdigest()

    def upload_blob(self, sha256: str, source: Path) -> None:
        """Upload one file under its SHA-256.

        Raises:
            ServerUnreachable, FabricaError: as with `sync`; `TooLarge` for a file over the server's limit.
        """
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(source.stat().st_size)}
        with _told():
            self._authorised(
                lambda token: check_status(
                    self._client.put(f"/blobs/{sha256}", content=_chunks(source), headers=headers | _bearer(token))
                )
            )

    def upload_blobs(self, files: Mapping[str, Path]) -> None:
        """Upload small files together, each under its SHA-256; together at most `PACK_BYTES_MAX`.

        Raises:
            FileNotFoundError: one of them is gone; nothing was sent.
            ServerUnreachable, FabricaError: as with `sync`. What was stored of a refused body is stored.
        """
        body = pack((sha256, source.read_bytes()) for sha256, source in files.items())
        headers = {"Content-Type": "application/octet-stream"}
        with _told():
            self._authorised(
                lambda token: check_status(self._client.put("/blobs", content=body, headers=headers | _bearer(token)))
            )


def way_remedy(trouble: BaseException) -> str:
    """Return what to do, by what lies under a failed connection."""
    cause: BaseException | None = trouble
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"The certificate is not trusted here ({cause.verify_message}): set SSL_CERT_FILE to the bundle with "
                "its authority, in `agent.env` beside the settings, and look at this machine's clock."
            )
        if isinstance(cause, ssl.SSLError):
            return "No HTTPS is spoken there: look at the server's address and port."
        if isinstance(cause, socket.gaierror):
            return "The name is not known here: look at the server's address and at this machine's name service."
        if isinstance(cause, ConnectionRefusedError):
            return "Nothing listens there: look at the port in the server's address, and whether the server runs."
        cause = cause.__cause__ or cause.__context__
    return "Is a firewall between? Allow outbound HTTPS to the server, or set HTTPS_PROXY in `agent.env`."


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def _told() -> Iterator[None]:
    """Turn what can go wrong on the way into the problem that says: later."""
    try:
        yield
    except ValidationError as trouble:  # the signature held, so it is whole, and of a server that says it otherwise
        field = ".".join(str(part) for part in trouble.errors()[0]["loc"])
        raise ServerUnreachable(
            f"the server's answer is not as this agent knows it, at '{field}'.",
            remedy="Update fabrica at this site to the server's version.",
        ) from trouble
    except (httpx.HTTPError, httpx.StreamError) as trouble:
        raise ServerUnreachable(f"the server does not answer ({type(trouble).__name__}: {trouble}).") from trouble


def _chunks(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def check_status(response: httpx.Response) -> None:
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
