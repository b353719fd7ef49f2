"""The embedded network: one background process of this user, on this machine, over loopback only."""

import fcntl
import functools
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import fabrica
from fabrica.values.files import HeldElsewhere, held_alone
from fabrica.values.home import home
from fabrica.wire.embedded import EmbeddedNotStarted

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
_SPOKEN = ("wire", "sdk")
"""The floors whose code says what a command asks and what it understands."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running embedded network. `code`: what it was started from; `options`: of the `fabrica up` that started it."""

    url: str
    pid: int
    started: str
    home: Path
    code: str = ""
    options: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether it means the same as this command by what they say to each other."""
        return self.code == code_digest()

    def token(self) -> str:
        """Return the user's own access token, from its file of mode 600."""
        return (self.home / "token").read_text().strip()


def state_file() -> Path:
    """Return where the running network says where it is."""
    return home() / "embedded.json"


def lock_file() -> Path:
    """Return the file that the network's process holds as long as it lives."""
    return home() / "embedded.lock"


def log_file() -> Path:
    """Return the log of the embedded network."""
    return home() / "embedded.log"


def find() -> Embedded | None:
    """Return the embedded network if one is up: its process lives and is the one that wrote the state file."""
    try:
        said = json.loads(state_file().read_text())
        network = Embedded(
            url=str(said["url"]),
            pid=int(said["pid"]),
            started=str(said["started"]),
            home=home(),
            code=str(said.get("code")),
            options=tuple(map(str, said.get("options", ()))),
        )
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return network if process_started(network.pid) == network.started else None


def find_current() -> Embedded | None:
    """Return the embedded network if one is up; one of other code, as from before an update, is restarted first.

    Raises:
        EmbeddedNotStarted: it did not come up again.
    """
    from fabrica.cli.output import say

    network = find()
    if network is None or network.is_current:
        return network
    with _starting_alone():
        network = find()
        if network is None or network.is_current:
            return network  # another command was faster
        say("The embedded network was started by another version of Fabrica. It is restarted; its runs go on.")
        stop()
        return _start(network.options)


@contextmanager
def _starting_alone() -> Iterator[None]:
    """Let commands that start the network at the same time do so one after another."""
    home().mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home() / "starting.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@functools.cache
def code_digest() -> str:
    """Return what tells versions of the code apart by what they say to each other, as within one release they may."""
    digest = hashlib.sha256(fabrica.__version__.encode())
    for floor in _SPOKEN:
        for file in sorted((Path(fabrica.__file__).parent / floor).glob("*.py")):
            digest.update(b"\0" + file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def process_started(pid: int) -> str | None:
    """Return when a process started, in clock ticks since boot; null when there is none. Tells a recycled pid apart."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def start(options: tuple[str, ...] = ()) -> Embedded:
    """Start the embedded network in the background and wait until it answers; one that is up by now will do.

    Raises:
        EmbeddedNotStarted: it did not come up in a minute; says the last words of its log.
    """
    with _starting_alone():
        return find() or _start(options)


def _start(options: tuple[str, ...]) -> Embedded:
    from fabrica.cli.output import say

    say(f"Starting the embedded network in {home()} …")
    command = [sys.executable, "-m", "fabrica.cli.main", "up", "--foreground", *options]
    with log_file().open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=home()
        )
    try:
        network = _answering(process)
    except KeyboardInterrupt:
        process.terminate()  # nobody else would: it has a session of its own
        process.wait(STOP_SECONDS_MAX)
        raise
    if network is not None:
        return network
    last = log_file().read_text(errors="replace").splitlines()[-5:]
    raise EmbeddedNotStarted(
        f"It did not come up. Its log ends with: {' / '.join(last)}", remedy=f"Read {log_file()} for the whole story."
    )


def _answering(process: "subprocess.Popen[bytes]") -> Embedded | None:
    """Return the network as soon as it answers; None: its process ended, or it takes too long."""
    until = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < until:
        network = find()
        if network is not None or (process.poll() is not None and not _held_by_another()):
            return network
        time.sleep(0.05)
    return None


def _held_by_another() -> bool:
    """Whether a process that an ended command has left behind starts the network already."""
    try:
        with held_alone(lock_file()):
            return False
    except HeldElsewhere:
        return True


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
