"""The server in memory, over real HTTP, for tests with real agent processes."""

import json
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from fabrica.wire.agents import SyncRequest
from fabrica.wire.problems import FabricaError, NotFound, NotSignedIn
from tests.agent.builders import MemoryServer

TOKEN = "secret-of-the-site"


@contextmanager
def served(server: MemoryServer) -> Iterator[str]:
    """Serve until the block ends; yield the address."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(server))
    thread = threading.Thread(target=http.serve_forever, daemon=True)
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
                self._check_token()
                status, body = self._route(content)
            except FabricaError as problem:
                status, body = problem.status, json.dumps(problem.to_problem()).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _check_token(self) -> None:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise NotSignedIn("The token is not known.")

        def _route(self, content: bytes) -> tuple[int, bytes]:
            if self.path == "/api/v1/agent/sync":
                return 200, server.sync(SyncRequest.model_validate_json(content)).model_dump_json().encode()
            if match := re.fullmatch(r"/api/v1/agent/bundles/([0-9a-f]{64})", self.path):
                with tempfile.NamedTemporaryFile() as file:
                    server.fetch_bundle(match[1], Path(file.name), bytes_max=10**9)
                    return 200, Path(file.name).read_bytes()
            if match := re.fullmatch(r"/api/v1/agent/blobs/([0-9a-f]{64})", self.path):
                with tempfile.NamedTemporaryFile() as file:
                    Path(file.name).write_bytes(content)
                    server.upload_blob(match[1], Path(file.name))
                return 204, b""
            raise NotFound(self.path)

        def log_message(self, *_: object) -> None:
            """Stay silent: pytest shows what matters."""

    return Handler
