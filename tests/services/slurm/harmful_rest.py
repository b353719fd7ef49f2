"""A proxy before slurmrestd whose answers to submissions tell of failure, whatever became of the job."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

Harm = tuple[int | None, str]
HARMS: tuple[Harm, ...] = ((408, "done"), (500, "done"), (None, "done"), (408, "late"), (500, "lost"))
"""What the client hears, null: nothing, and what became of its submission: done, done later, or never heard of."""

_LATE_SECONDS = 3.0
_TOKENS = ("X-SLURM-USER-NAME", "X-SLURM-USER-TOKEN", "Content-Type")


class HarmfulRest(ThreadingHTTPServer):
    """Passes every question on; each submission meets the next harm of the row, and its second try none."""

    daemon_threads = True

    def __init__(self, rest_url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.client = httpx.Client(base_url=rest_url, timeout=60, trust_env=False)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.done: set[Harm] = set()
        self._harms = itertools.cycle(HARMS)
        self._met: set[bytes] = set()
        self._lock = threading.Lock()

    def harm_of(self, body: bytes) -> Harm | None:
        """Return what to do to a submission."""
        with self._lock:
            if body in self._met:
                return None
            self._met.add(body)
            harm = next(self._harms)
            self.done.add(harm)
            return harm

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: the other side going away is what this proxy is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HarmfulRest

    def do_GET(self) -> None:
        self._pass_on()

    do_POST = do_DELETE = do_GET  # noqa: N815  # the base class names them so

    def log_message(self, format: str, *values: object) -> None:  # noqa: A002  # the base class names it so
        """Say nothing."""

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        harm = self.server.harm_of(body) if self.path.endswith("/job/submit") else None
        if harm is None:
            answer = self._ask(body)
            self._answer(answer.status_code, answer.content, answer.headers.get("Content-Type", "application/json"))
            return
        status, became = harm
        if became == "done":
            self._ask(body)
        elif became == "late":
            threading.Timer(_LATE_SECONDS, self._ask, [body]).start()
        if status is None:
            self.close_connection = True
        else:
            self._answer(status, b"", "text/plain")

    def _answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _ask(self, body: bytes) -> httpx.Response:
        kept = {name: self.headers[name] for name in _TOKENS if name in self.headers}
        return self.server.client.request(self.command, self.path, content=body, headers=kept)


@contextmanager
def harmful_rest(rest_url: str) -> Iterator[HarmfulRest]:
    """Yield a proxy before a slurmrestd."""
    proxy = HarmfulRest(rest_url)
    thread = threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        proxy.client.close()
        thread.join(5)
