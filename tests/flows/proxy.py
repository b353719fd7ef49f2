"""A proxy before the server that harms the answers of an agent's `sync`: twice, late, out of order, cut off, never."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from fabrica.wire.signatures import NONCE_HEADER, SIGNATURE_HEADER

HARMS = ("twice", "late", "out of order", "cut off", "never")
_LATE_SECONDS = 0.7
_IN_A_ROW_MAX = 3  # two threads of the agent share the draws; either may meet all of a longer row and back off long


class HarmfulProxy(ThreadingHTTPServer):
    """Passes everything on; answers to `sync` are harmed with an even chance, three in a row at most."""

    daemon_threads = True

    def __init__(self, server: str, harms: tuple[str, ...]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.client = httpx.Client(base_url=server, timeout=60, trust_env=False)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.harms = harms
        self.done: set[str] = set()
        self.earlier: list[bytes] = []
        self._draw = random.Random(20261120)
        self._in_a_row = 0
        self._drawing = threading.Lock()

    def next_harm(self) -> str:
        with self._drawing:
            harmed = self._in_a_row < _IN_A_ROW_MAX and self._draw.random() < 0.5
            self._in_a_row = self._in_a_row + 1 if harmed else 0
            return self._draw.choice(self.harms) if harmed else ""

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: the other side going away is what this proxy is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HarmfulProxy

    def do_GET(self) -> None:
        self._pass_on()

    do_POST = do_PUT = do_GET  # noqa: N815  # the base class names them so

    def log_message(self, format: str, *values: object) -> None:  # noqa: A002  # the base class names it so
        """Say nothing."""

    def _pass_on(self) -> None:
        harm = self.server.next_harm() if self.path.endswith("/agent/sync") else ""
        body = self._body()
        try:
            answer = self._ask(body)
            if harm == "twice":
                answer = self._ask(body)
        except httpx.HTTPError:
            self.close_connection = True
            return
        content = answer.content
        if harm == "late":
            time.sleep(_LATE_SECONDS)
        if harm == "out of order" and self.server.earlier:
            content = random.Random(len(content)).choice(self.server.earlier)
        if self.path.endswith("/agent/sync") and answer.is_success:
            self.server.earlier = [*self.server.earlier[-20:], answer.content]
        if harm:
            self.server.done.add(harm)
        if harm == "never":
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/octet-stream"))
        self.send_header("Content-Length", str(len(content)))
        if signature := answer.headers.get(SIGNATURE_HEADER):
            self.send_header(SIGNATURE_HEADER, signature)
        self.end_headers()
        if harm == "cut off":
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _ask(self, body: bytes) -> httpx.Response:
        passed = ("Authorization", "Content-Type", NONCE_HEADER)
        kept = {name: self.headers[name] for name in passed if name in self.headers}
        return self.server.client.request(self.command, self.path, content=body, headers=kept)


@contextmanager
def harmful_proxy(server: str, *harms: str) -> Iterator[HarmfulProxy]:
    """Yield a proxy before `server` that does these harms, all by default."""
    proxy = HarmfulProxy(server, harms or HARMS)
    thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        proxy.client.close()
        thread.join(5)
