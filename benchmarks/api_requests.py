"""Requests a second of the API over real HTTP with several connections, against a bare web server that says hello.

The bare server is the same one (cheroot), in a process of its own, with an application of one line.
`POST /agent/sync` is an idle exchange: nothing to tell, nothing to take, no waiting. A site is enrolled for it.

Usage: python -m benchmarks.api_requests
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks.shared.embedded import embedded_network
from fabrica import __version__
from fabrica.agent import enrolment
from fabrica.agent.transport import HttpTransport
from fabrica.cli.embedded import Embedded
from fabrica.sdk import sites
from fabrica.sdk.client import Client
from fabrica.values.ids import SiteId
from fabrica.wire.signatures import NONCE_HEADER

CONNECTIONS, SECONDS = 4, 5.0
SITE = SiteId("l-aif")
_HELLO = """
import sys
from cheroot.wsgi import Server
def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]
server = Server(("127.0.0.1", 0), hello, numthreads=8)
server.prepare()
print(server.bind_addr[1], flush=True)
server.serve()
"""


def main() -> None:
    """Measure, print a table, and end with one JSON object."""
    bare = bare_rate()
    with embedded_network() as network:
        rates = {
            "GET /me": rate(network.url, network.token(), get("/api/v1/me")),
            "GET /runs": rate(network.url, network.token(), get("/api/v1/runs")),
            "POST /agent/sync": rate(network.url, agent_token(network), sync),
        }
    print(f"{CONNECTIONS} connections, {SECONDS:.0f} s each")
    print(f"{'bare cheroot, hello':24}{bare:10.0f} /s")
    for name, each in rates.items():
        print(f"{name:24}{each:10.0f} /s{each / bare:10.3f} of bare")
    print(
        json.dumps(
            {
                "name": "api_requests",
                "value": round(rates["GET /me"], 1),
                "unit": "requests/s",
                "against": "a bare cheroot application that says hello",
                "ratio": round(rates["GET /me"] / bare, 4),
                "bare_per_second": round(bare, 1),
                "runs_per_second": round(rates["GET /runs"], 1),
                "sync_per_second": round(rates["POST /agent/sync"], 1),
            }
        )
    )


def bare_rate() -> float:
    """Return the requests a second of the bare server."""
    with subprocess.Popen([sys.executable, "-c", _HELLO], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            return rate(f"http://127.0.0.1:{int(server.stdout.readline())}", "nobody", get("/"))
        finally:
            server.kill()


def get(path: str) -> Callable[[httpx.Client], httpx.Response]:
    """Return what asks for a path."""
    return lambda client: client.get(path)


def sync(client: httpx.Client) -> httpx.Response:
    """Do one idle exchange of an agent."""
    body = {"agent_version": __version__, "epoch": "benchmark", "capacity": 0}
    return client.post("/api/v1/agent/sync", json=body, headers={NONCE_HEADER: "benchmark"})


def agent_token(network: Embedded) -> str:
    """Enrol an agent for a site that has none, and return its token."""
    with Client(network.url, network.token()) as client, tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "agent.toml"
        enrolment.enrol(network.url, sites.invite(client, SITE).code, settings)
        return HttpTransport(network.url, settings.with_name("agent.key")).tokens.current()


def rate(url: str, token: str, ask: Callable[[httpx.Client], httpx.Response]) -> float:
    """Return the requests a second that all connections together had answered with success."""
    counts = [0] * CONNECTIONS
    until = time.perf_counter() + SECONDS

    def keep_asking(place: int) -> None:
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
            while time.perf_counter() < until:
                assert ask(client).is_success
                counts[place] += 1

    threads = [threading.Thread(target=keep_asking, args=(place,)) for place in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(counts), "a connection was never answered"
    return sum(counts) / SECONDS


if __name__ == "__main__":
    main()
