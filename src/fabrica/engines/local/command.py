"""Start the command of a run: its own session, its own limits, its own environment, nothing inherited."""

import ctypes
import os
import resource
import signal
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

from fabrica.engines.signals import reset_signals

_SET_PARENT_DEATH_SIGNAL, _SET_CHILD_SUBREAPER, _SET_NO_NEW_PRIVILEGES = 1, 36, 38  # prctl(2)
_REAL_TIME_LIMIT = 15  # RLIMIT_RTTIME of setrlimit(2), which Python does not name
_NICENESS = 5
_OUT_OF_MEMORY_SCORE = "500"  # when the machine itself runs out of memory, runs go before services
_libc = ctypes.CDLL(None, use_errno=True)


class CommandNotFound(Exception):
    """The command cannot be executed; the words say why."""


class Prepared(NamedTuple):
    """All that a command needs to start."""

    arguments: list[str]
    variables: dict[str, str]
    folder: Path
    cores: list[int]
    file_bytes_max: int
    mark: int


def adopt_orphans() -> None:
    """Make this process the parent of every descendant whose own parent ends, so that no daemon escapes."""
    _libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start_command(prepared: Prepared, output: int) -> int:
    """Start the command with `output` as standard output and error; return its process number.

    Raises:
        CommandNotFound: the command does not exist, is not executable, or holds a zero byte.
        OSError: its working folder cannot be entered.
    """
    complaint_in, complaint_out = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(prepared, output, complaint_out)
    os.close(complaint_out)
    with os.fdopen(complaint_in, "rb") as pipe:
        complaint = pipe.read().decode(errors="replace")  # empty once the command runs: exec closed the pipe
    if complaint:
        os.waitpid(pid, 0)
        kind, _, words = complaint.partition(":")
        if kind == "exec":
            raise CommandNotFound(words)
        raise OSError(words)
    return pid


def _become(prepared: Prepared, output: int, complaint: int) -> NoReturn:
    kind = "prepare"
    try:
        os.setsid()
        _libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        _libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        _limit(prepared)
        os.chdir(prepared.folder)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, target, inheritable=True)
        reset_signals()
        kind = "exec"
        os.execvpe(prepared.arguments[0], prepared.arguments, prepared.variables)  # noqa: S606 - no shell is what we want
    except BaseException as problem:
        words = f"{prepared.arguments[0]}: {problem.strerror}" if isinstance(problem, OSError) else str(problem)
        os.write(complaint, f"{kind}:{words}".encode()[:4000])
    os._exit(127)


def _limit(prepared: Prepared) -> None:
    os.umask(0o077)
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (prepared.file_bytes_max, prepared.file_bytes_max))
    with suppress(OSError, ValueError):  # a lower limit was set on us: the other signs of an attempt still hold
        resource.setrlimit(_REAL_TIME_LIMIT, (prepared.mark, prepared.mark))
    if prepared.cores:
        with suppress(OSError):  # a core that was taken from this machine since: the run goes where it may
            os.sched_setaffinity(0, prepared.cores)
    with suppress(OSError):  # a kernel without it: the engine's own memory limit still holds
        Path("/proc/self/oom_score_adj").write_text(_OUT_OF_MEMORY_SCORE)


def thread_variables(count: int) -> dict[str, str]:
    """Return the variables that hold numeric libraries to `count` threads."""
    names = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA", "VECLIB", "RAYON")
    return {f"{name}_NUM_THREADS": str(count) for name in names}
