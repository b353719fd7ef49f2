"""Which server a command speaks to: the one that is configured, else the embedded network of this machine."""

import os
from pathlib import Path

from fabrica.cli import embedded
from fabrica.sdk.client import Client
from fabrica.wire.embedded import EmbeddedNotRunning
from fabrica.wire.people import TokenRefused


def connect(*, start: bool = True) -> Client:
    """Return a client of the configured server, or of the embedded network, which is started when it is not up.

    An embedded network of another version is restarted.

    Raises:
        TokenRefused: a server is configured, and its token file is not.
        EmbeddedNotStarted: the embedded network did not come up.
    """
    server = os.environ.get("FABRICA_SERVER")
    if server:
        return Client(server, _configured_token(server.rstrip("/")))
    network = embedded.find_current() or (embedded.start() if start else None)
    if network is None:
        raise EmbeddedNotRunning("No embedded network is up.", remedy="Start it with 'fabrica up'.")
    return Client(network.url, network.token())


def _configured_token(server: str) -> str:
    file = os.environ.get("FABRICA_TOKEN_FILE")
    if not file:
        raise TokenRefused(
            "FABRICA_SERVER is set, but FABRICA_TOKEN_FILE is not.",
            remedy=f"Make an access token at {server}/tokens, put it in a file that only you can read, "
            "and set FABRICA_TOKEN_FILE to its path.",
        )
    path = Path(file).expanduser()
    try:
        if path.stat().st_mode & 0o077:
            raise TokenRefused(f"Others can read {path}.", remedy=f"Protect it with 'chmod 600 {path}'.")
        return path.read_text().strip()
    except FileNotFoundError:
        raise TokenRefused(
            f"There is no token file {path}.", remedy=f"Make an access token at {server}/tokens and save it there."
        ) from None
