"""The processes of one site: each daemon in a session of its own, found again from its folder, ended by its id."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

MARK = "FABRICA_SLURM_SITE"
"""Variable of every daemon of a site; its value is the site's folder."""

END_SECONDS_MAX = 30
_LISTENING = "0A"  # in /proc/net/tcp


def start(folder: Path, name: str, command: Sequence[str | Path], environment: Mapping[str, str]) -> int:
    """Start a daemon of the site in `folder` and remember its process id; its words go to `log/NAME.words`."""
    with (folder / "log" / f"{name}.words").open("ab") as words:
        process = subprocess.Popen(
            command,
            env={**environment, MARK: str(folder)},
            cwd=folder / "log",  # where it would leave a core
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,
            umask=0o022,
        )
    _note(folder, name).write_text(f"{process.pid} {started_at(process.pid)}")
    _children[process.pid] = process
    return process.pid


_children: dict[int, subprocess.Popen[bytes]] = {}  # of this process: it has to collect them when they end


def pid_of(folder: Path, name: str) -> int | None:
    """Return the process id of a daemon of a site, whoever started it; None when it does not run."""
    try:
        pid, started = _note(folder, name).read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return int(pid) if started_at(int(pid)) == started else None


def _note(folder: Path, name: str) -> Path:
    return folder / "run" / f"{name}.process"


def started_at(pid: int) -> str | None:
    """Return when a living process started, in clock ticks since boot; None when there is none."""
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        del _children[pid]
        return None
    fields = _fields(pid)
    return None if fields is None or fields[0] in ("Z", "X") else fields[19]


def _fields(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def listens(pid: int, port: int) -> bool:
    """Return whether somebody listens on a TCP port, as the network of a process is."""
    try:
        lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    except OSError:
        return False
    return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == _LISTENING for line in lines)


def end(pid: int, number: int = signal.SIGTERM) -> None:
    """Send a signal to one process and wait until it is gone; kill it when it takes too long."""
    _end_all({pid: started_at(pid)}, number)


def end_site(folder: Path, number: int = signal.SIGKILL) -> None:
    """End every process of a site, all told at once, those of its jobs too.

    Raises:
        RuntimeError: new ones appeared again and again.
    """
    for _ in range(20):
        found = of_site(folder)
        if not found:
            return
        _end_all({pid: started_at(pid) for pid in found}, number)
    raise RuntimeError(f"processes of {folder} could not be ended: {sorted(of_site(folder))}")


def _end_all(living: Mapping[int, str | None], number: int) -> None:
    for signal_number in dict.fromkeys((number, signal.SIGKILL)):
        for pid, started in living.items():
            if started is not None and started_at(pid) == started:
                _signal(pid, signal_number)
        until = time.monotonic() + END_SECONDS_MAX
        while any(started is not None and started_at(pid) == started for pid, started in living.items()):
            if time.monotonic() > until:
                break
            time.sleep(0.01)
        else:
            return


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def of_site(folder: Path) -> set[int]:
    """Return the ids of all living processes of a site: daemons, job steps, jobs, and whatever these started.

    A shell whose user only points SLURM_CONF at the site is not one of them.
    """
    parents: dict[int, int] = {}
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or started_at(int(entry.name)) is None:
            continue
        pid = int(entry.name)
        fields = _fields(pid)
        if fields is None:
            continue
        parents[pid] = int(fields[1])
        if _belongs(entry, folder):
            found.add(pid)
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return found - {os.getpid()}


def _belongs(entry: Path, folder: Path) -> bool:
    try:
        variables = set((entry / "environ").read_bytes().split(b"\0"))
        if f"{MARK}={folder}".encode() in variables:
            return True
        if f"SLURM_CONF={folder}/etc/slurm.conf".encode() in variables:
            return any(variable.startswith(b"SLURM_JOB_ID=") for variable in variables)
        return (entry / "comm").read_text().startswith("slurmstepd") and _has_open(entry, folder)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return False


def _has_open(entry: Path, folder: Path) -> bool:
    """Return whether a process holds a file of the folder open; a job step writes its title over its variables."""
    return any(str(link.readlink()).find(f"{folder}/") >= 0 for link in (entry / "fd").iterdir())
