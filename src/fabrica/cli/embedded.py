"""The embedded network: one background process of this user, on this machine, over loopback only."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from fabrica.values.home import home
from fabrica.wire.embedded import EmbeddedNotStarted

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running embedded network."""

    url: str
    pid: int
    started: str
    home: Path

    def token(self) -> str:
        """Return the user's own access token, from its file of mode 600."""
        return (self.home / "token").read_text().strip()


def state_file() -> Path:
    """Return where the running network says where it is."""
    return home() / "embedded.json"


def log_file() -> Path:
    """Return the log of the embedded network."""
    return home() / "embedded.log"


def find() -> Embedded | None:
    """Return the embedded network if one is up: its process lives and is the one that wrote the state file."""
    try:
        said = json.loads(state_file().read_text())
        network = Embedded(str(said["url"]), int(said["pid"]), str(said["started"]), home())
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return network if process_started(network.pid) == network.started else None


def process_started(pid: int) -> str | None:
    """Return when a process started, in clock ticks since boot; null when there is none. Tells a recycled pid apart."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def start(options: tuple[str, ...] = ()) -> Embedded:
    """Start the embedded network in the background and wait until it answers.

    Raises:
        EmbeddedNotStarted: it did not come up in a minute; says the last words of its log.
    """
    from fabrica.cli.output import say

    home().mkdir(parents=True, exist_ok=True, mode=0o700)
    say(f"Starting the embedded network in {home()} …")
    command = [sys.executable, "-m", "fabrica.cli.main", "up", "--foreground", *options]
    with log_file().open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=home()
        )
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until:
        network = find()
        if network is not None:
            return network
        if process.poll() is not None:
            break
        time.sleep(0.05)
    last = log_file().read_text(errors="replace").splitlines()[-5:]
    raise EmbeddedNotStarted(
        f"It did not come up. Its log ends with: {' / '.join(last)}", remedy=f"Read {log_file()} for the whole story."
    )


def stop() -> bool:
    """End the embedded network by its process id; runs of the local engine go on. Return whether one was up."""
    network = find()
    if network is None:
        return False
    os.kill(network.pid, signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS_MAX
    while time.monotonic() < until and process_started(network.pid) == network.started:
        time.sleep(0.05)
    if process_started(network.pid) == network.started:
        os.kill(network.pid, signal.SIGKILL)
    state_file().unlink(missing_ok=True)
    return True
