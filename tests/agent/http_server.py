"""The server in memory, over real HTTP, for tests with real agent processes."""

import json
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from fabrica.agent.keys import Identity
from fabrica.values.ids import AgentId, SiteId
from fabrica.wire import signatures
from fabrica.wire.agents import PROTOCOL, SyncRequest
from fabrica.wire.blobs import unpack
from fabrica.wire.enrolment import AgentToken, AgentTokenRefused, Challenge, OwnSite, TokenRequest
from fabrica.wire.problems import FabricaError, NotFound
from tests.agent.builders import MemoryServer

TOKEN = "secret-of-the-site"
SERVER_KEY = signatures.new_private_key()
IDENTITY = Identity(
    agent=AgentId.new(),
    site=SiteId("here"),
    server_key=signatures.public_key_of(SERVER_KEY),
    private_key=signatures.new_private_key(),
)


@contextmanager
def served(server: MemoryServer) -> Iterator[str]:
    """Serve until the block ends; yield the address."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(server))
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def _handler_for(server: MemoryServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            self._answer()

        def _answer(self) -> None:
            try:
                content = self._body()
                if not self.path.endswith(("/challenge", "/token")):
                    self._check_token()
                status, body = self._route(content)
            except FabricaError as problem:
                status, body = problem.status, json.dumps(problem.to_problem()).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if nonce := self.headers.get(signatures.NONCE_HEADER):
                signature = signatures.sign_answer(body, nonce=nonce, private_key=SERVER_KEY)
                self.send_header(signatures.SIGNATURE_HEADER, signature)
            self.end_headers()
            self.wfile.write(body)

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _check_token(self) -> None:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise AgentTokenRefused("The token is not known.")

        def _route(self, content: bytes) -> tuple[int, bytes]:
            if self.path == "/api/v1/agent/challenge":
                challenge = Challenge(challenge="a challenge", server_time=datetime.now(UTC))
                return 200, challenge.model_dump_json().encode()
            if self.path == "/api/v1/agent/token":
                assertion = TokenRequest.model_validate_json(content).assertion
                said = signatures.signed_claims("fabrica-assertion+jwt", assertion, IDENTITY.public_key)
                assert said["nonce"] == "a challenge"
                token = AgentToken(token=TOKEN, expires_in_seconds=600, server_time=datetime.now(UTC))
                return 200, token.model_dump_json().encode()
            if self.path == "/api/v1/agent/site":
                own = OwnSite(
                    site=IDENTITY.site, name="Here", agent=IDENTITY.agent, draining=False, draining_reason=None,
                    last_word_at=None, protocols=(PROTOCOL,),
                )  # fmt: skip
                return 200, own.model_dump_json().encode()
            if self.path == "/api/v1/agent/sync":
                return 200, server.sync(SyncRequest.model_validate_json(content)).model_dump_json().encode()
            if match := re.fullmatch(r"/api/v1/agent/bundles/([0-9a-f]{64})", self.path):
                with tempfile.NamedTemporaryFile() as file:
                    server.fetch_bundle(match[1], Path(file.name), bytes_max=10**9)
                    return 200, Path(file.name).read_bytes()
            if self.path == "/api/v1/agent/blobs":
                for sha256, packed in unpack(content):
                    with tempfile.NamedTemporaryFile() as file:
                        Path(file.name).write_bytes(packed)
                        server.upload_blob(sha256, Path(file.name))
                return 204, b""
            if match := re.fullmatch(r"/api/v1/agent/blobs/([0-9a-f]{64})", self.path):
                with tempfile.NamedTemporaryFile() as file:
                    Path(file.name).write_bytes(content)
                    server.upload_blob(match[1], Path(file.name))
                return 204, b""
            raise NotFound(self.path)

        def log_message(self, *_: object) -> None:
            """Stay silent: pytest shows what matters."""

    return Handler
