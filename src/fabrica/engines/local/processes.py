"""Processes of this machine, read from /proc: who is alive, who descends from whom, what they use."""

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Identity(NamedTuple):
    """One process for all time: a number that is given again has another start or another boot."""

    boot: str
    pid: int
    started_ticks: int

    @classmethod
    def from_list(cls, value: Any) -> "Identity | None":
        """Read an identity as JSON keeps it; None when it is none."""
        match value:
            case [str(boot), int(pid), int(ticks)]:
                return cls(boot, pid, ticks)
        return None


class Stat(NamedTuple):
    """The fields of /proc/PID/stat that we use. `cpu_seconds` includes ended children that were waited for."""

    state: str
    session: int
    cpu_seconds: float
    started_ticks: int
    memory_bytes: int


@cache
def boot_id() -> str:
    """Return the kernel's name for this boot of the machine."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def identity_of(pid: int) -> Identity | None:
    """Return the identity of a living process; None when it is gone or a zombie."""
    stat = read_stat(pid)
    return None if stat is None or stat.state in "ZX" else Identity(boot_id(), pid, stat.started_ticks)


def is_alive(identity: Identity | None) -> bool:
    """Say whether this very process still lives."""
    return identity is not None and identity_of(identity.pid) == identity


def read_stat(pid: int) -> Stat | None:
    """Return what the kernel says of a process; None when it is gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name before it may hold blanks and brackets
    return Stat(
        state=fields[0],
        session=int(fields[3]),
        cpu_seconds=sum(int(ticks) for ticks in fields[11:15]) / _TICKS,
        started_ticks=int(fields[19]),
        memory_bytes=int(fields[21]) * _PAGE_BYTES,
    )


def descendants(root: int) -> list[int]:
    """Return all processes under `root`, without it. A subreaper keeps even those that became daemons."""
    found: list[int] = []
    waiting = [root]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        for thread in (_PROC / str(pid) / "task").iterdir():
            children += [int(child) for child in (thread / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass  # it ended while we looked
    return children


def living(pids: Iterable[int]) -> dict[int, Stat]:
    """Return the processes that are neither gone nor zombies, with what the kernel says of each."""
    stats = {pid: read_stat(pid) for pid in pids}
    return {pid: stat for pid, stat in stats.items() if stat is not None and stat.state not in "ZX"}


def memory_of(stats: dict[int, Stat]) -> int:
    """Return the bytes of memory that processes hold together.

    One process: its resident size. Several: the sum of proportional sizes, so that pages shared by forked workers
    count once; where the kernel does not tell that size, the resident one.
    """
    if len(stats) <= 1:
        return sum(stat.memory_bytes for stat in stats.values())
    return sum(_proportional_bytes(pid) or stat.memory_bytes for pid, stat in stats.items())


def _proportional_bytes(pid: int) -> int | None:
    try:
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def memory_peak_of(pid: int) -> int:
    """Return the most bytes a living process ever held since its exec, as the kernel kept it; 0 when it is gone."""
    try:
        for line in (_PROC / str(pid) / "status").read_text(errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def mark_of(attempt: str) -> int:
    """Return the number that marks every process of an attempt: a limit so high that it limits nothing.

    The command gets it as its limit of real-time processor time (RLIMIT_RTTIME). Fork, exec, a new session, an
    emptied environment and closed files all keep it; only setting that very limit changes it.
    """
    drawn = int.from_bytes(hashlib.sha256(attempt.encode()).digest()[:8]) >> 4
    return int(2**62 + drawn)


def left_behind(attempt: str, seen: Iterable[Identity]) -> list[int]:
    """Return the living processes of an attempt whose keeper is dead.

    A process is the attempt's when it carries the attempt's mark, when its environment carries the attempt's id, when
    its keeper saw it, when it shares a session with one the keeper saw, or when it descends from such a one.
    """
    variable, mark = f"FABRICA_ATTEMPT={attempt}".encode(), str(mark_of(attempt))
    known = {identity.pid for identity in seen if is_alive(identity)}
    sessions = {identity.pid for identity in seen}  # a session bears the number of the process that opened it
    ours = []
    for pid, stat in living(_all_pids()).items():
        if pid in known or stat.session in sessions or variable in _environment(pid) or mark in _limits(pid):
            ours += [pid, *descendants(pid)]
    return sorted(set(ours) - {os.getpid()})


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _limits(pid: int) -> list[str]:
    try:
        return (_PROC / str(pid) / "limits").read_text().split()
    except OSError:
        return []


def send(signal_number: int, pids: Iterable[int]) -> None:
    """Send a signal to processes; one that is gone already is no error."""
    for pid in pids:
        try:
            os.kill(pid, signal_number)
        except (ProcessLookupError, PermissionError):
            continue


def kill_all(find: Callable[[], list[int]], *, within_seconds: float = 20.0) -> bool:
    """Kill every process that `find` finds until it finds none; say whether all are gone.

    All are stopped before any is killed, so that a run that forks without end cannot outrun us.
    """
    deadline = time.monotonic() + within_seconds
    while found := list(living(find())):
        send(signal.SIGSTOP, found)
        if not set(living(find())) - set(found):
            send(signal.SIGKILL, found)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
