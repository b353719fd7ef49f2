"""Keeper: the small process that starts one run, watches its limits, and ends all it left.

It depends on nothing but Python itself, lives apart from the agent, and writes what happens to the attempt's folder.
When its run has ended it starts the keepers of what waits, as forks of itself: so a full queue drains without
the agent, and without starting an interpreter for each run.
"""

import fcntl
import gc
import os
import select
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from fabrica.engines.containers import command_inside, variables_inside
from fabrica.engines.files import make_durable, read_json, set_space_aside, write_json, write_json_in_place_of
from fabrica.engines.local.admission import next_to_start, settle_dead_claims
from fabrica.engines.local.command import (
    CommandNotFound,
    Prepared,
    adopt_orphans,
    start_command,
    thread_variables,
)
from fabrica.engines.local.ends import End, Exit, judge, limit_passed
from fabrica.engines.local.log import CappedLog
from fabrica.engines.local.measure import Meter
from fabrica.engines.local.processes import boot_id, descendants, identity_of, kill_all, living, mark_of, send
from fabrica.engines.local.store import AttemptFolder, Record, Store
from fabrica.values.states import EndReason

_LOOK_SECONDS = 0.25
_FIRST_LOOK_SECONDS = 0.02
_BEAT_SECONDS = 1.0
_PIPE_BYTES = 2**20


def main(engine_folder: str) -> None:
    """Start what waits and fits; a forked copy of this process keeps each run, then does the same."""
    os.chdir("/")
    gc.disable()
    gc.freeze()  # a forked copy then shares this process's memory instead of writing to it
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _note_signal)
    store = Store(Path(engine_folder))
    kept = admit(store)
    while kept is not None:  # we are a forked copy now, and the one before us has gone
        ended = keep(store, *kept)
        kept = admit(store)
        if kept is None:  # not the next keeper: what waits has not waited for the disk
            make_durable(ended)


_told_to_end = False


def _note_signal(number: int, _frame: object) -> None:
    global _told_to_end
    _told_to_end = _told_to_end or number == signal.SIGTERM


def admit(store: Store) -> tuple[str, Record, Record] | None:
    """Fork a keeper for every attempt that fits now. Returns None here, and in each keeper what it keeps."""
    with store.locked():
        settle_dead_claims(store)
        while (chosen := next_to_start(store)) is not None:
            attempt, record, devices = chosen
            try:
                set_space_aside(AttemptFolder(Path(record["folder"])).ended_reserve)
            except FileNotFoundError:
                store.leave_queue(attempt, record)  # its folder was removed: nothing is left to run
                continue
            except OSError:
                return None  # the disk is full: what waits goes on waiting
            if _fork_keeper(store, attempt, record, devices):
                return chosen
    return None


def _fork_keeper(store: Store, attempt: str, record: Record, devices: Record) -> bool:
    """Fork; say whether we are the keeper. It goes on only once its claim is on disk, or it ends in silence."""
    go_in, go_out = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go_out)
        os.setsid()
        with os.fdopen(go_in, "rb") as pipe:
            if pipe.read(1) != b"!":
                os._exit(0)
        return True
    os.close(go_in)
    store.save_claim(attempt, devices | {"keeper": identity_of(pid)})
    store.leave_queue(attempt, record)
    os.write(go_out, b"!")
    os.close(go_out)
    return False


def keep(store: Store, attempt: str, record: Record, devices: Record) -> Path:
    """Run one attempt to its end, write the end, free its devices; return where the end is written."""
    global _told_to_end
    _told_to_end = False
    folder = AttemptFolder(Path(record["folder"]))
    _speak_to(folder.keeper_log)
    adopt_orphans()
    run = _Run(folder, attempt, devices, store.settings())
    end = run.to_the_end()
    if _write_end(folder, run, end):
        with store.locked():
            store.release(attempt)
    return folder.ended


def _speak_to(log: Path) -> None:
    """Send our own complaints to a file; nothing of ours reaches the agent's terminal or the run's log."""
    complaints = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDWR)
    for source, target in ((nothing, 0), (nothing, 1), (complaints, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(complaints)


def _write_end(folder: AttemptFolder, run: "_Run", end: End) -> bool:
    """Write the end into the space set aside for it; a disk that refuses is asked again for ten minutes."""
    value = {
        "reason": end.reason.value,
        "words": end.words,
        "exit_code": end.exit_code,
        "started_at": run.started_at,
        "ended_at": run.started_at + run.meter.elapsed_seconds,
        "usage": run.figures(),
    }
    for _ in range(600):
        try:
            write_json_in_place_of(folder.ended_reserve, folder.ended, value)
            return True
        except FileNotFoundError:
            return True  # the agent removed the folder: nobody waits for this end
        except OSError:
            _complain()
            time.sleep(1)
    return False


def _complain() -> None:
    """Write the problem at hand to the keeper's log."""
    import traceback  # costs a third of the keeper's start, and is wanted only in trouble

    traceback.print_exc()


class _Run:
    """One command from its start to its end, with all that descends from it."""

    def __init__(self, folder: AttemptFolder, attempt: str, devices: Record, settings: Record) -> None:
        self._folder = folder
        self._attempt = attempt
        self._devices = devices
        self._settings = settings
        self._order: dict[str, Any] = read_json(folder.order) or {}
        self._limits: dict[str, int] = self._order.get("limits", {})
        self._asked: tuple[EndReason, str] | None = None
        self._kill_at: float | None = None
        self._exit: Exit | None = None
        self._command = 0
        self._pipe = -1
        self._log: CappedLog | None = None
        self.meter = Meter(folder.folder, devices["gpus"])
        self.started_at = time.time()

    def to_the_end(self) -> End:
        """Start the command, watch it, end all that is left, and say why it ended."""
        try:
            self._start()
            end = self._watch()
        except CommandNotFound as problem:
            end = End(EndReason.COMMAND_NOT_FOUND, None, f"The command cannot be executed: {problem}.")
        except Exception as problem:
            _complain()
            end = End(EndReason.ENGINE_ERROR, None, f"The keeper of the run failed: {problem!r}.")
        all_gone = kill_all(self._left)
        self._reap()
        self._drain()
        if self._log:
            self._log.close()
        return end if all_gone else end._replace(words=f"{end.words} Some processes could not be ended.")

    def figures(self) -> dict[str, Any]:
        """Return what the run has used, as `usage.json` keeps it."""
        return self.meter.figures() | {"log_dropped_bytes": self._log.dropped_bytes if self._log else 0}

    def _start(self) -> None:
        me = identity_of(os.getpid())
        write_json(self._folder.started, {"started_at": self.started_at, "boot": boot_id(), "keeper": me})
        self._log = CappedLog(self._folder.log, self._settings["log_bytes_max"])
        self._pipe, output = os.pipe()
        try:
            self._command = start_command(self._prepared(), output)
        finally:
            os.close(output)
        os.set_blocking(self._pipe, False)
        _widen(self._pipe)

    def _prepared(self) -> Prepared:
        gpus = self._devices["gpus"]
        gpu_count = len(self._settings["gpus"])
        threads = len(self._devices["cores"]) or max(1, len(self._settings["cores"]) * len(gpus) // gpu_count)
        variables = thread_variables(threads) | self._order["variables"] | {"FABRICA_ATTEMPT": self._attempt}
        if gpu_count:
            variables["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)  # empty for a run on cores: it sees no GPU
        arguments, container, folder = self._order["command"], self._order["container"], str(self._folder.folder)
        if container is not None:
            arguments = command_inside(container, folder, arguments, variables)
            variables = variables_inside(folder, variables)
        return Prepared(
            arguments=arguments,
            variables=variables,
            folder=self._folder.folder / "work",
            cores=self._devices["cores"],
            file_bytes_max=self._limits["disk_bytes"],
            mark=mark_of(self._attempt),
        )

    def _watch(self) -> End:
        """Turn until the command has ended: read its log, look at its limits, beat."""
        ended = os.pidfd_open(self._command)
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(self._pipe, select.POLLIN)
        beat_at = time.monotonic() + _BEAT_SECONDS
        look_at = time.monotonic() + _FIRST_LOOK_SECONDS
        while self._exit is None:
            now = time.monotonic()
            ready = [descriptor for descriptor, _ in poll.poll(max(0.0, look_at - now) * 1000)]
            if self._pipe in ready and not self._read_once():
                poll.unregister(self._pipe)
            if ended in ready:
                self._reap()
            now = time.monotonic()
            if now >= look_at:
                self._look(now)
                look_at = now + min(_LOOK_SECONDS, self.meter.elapsed_seconds)  # soon at first, for short runs
            if now >= beat_at:
                self._beat()
                beat_at = now + _BEAT_SECONDS
        os.close(ended)
        kill_all(self._left)
        self._reap()
        self.meter.close()
        return judge(
            self._exit,
            asked=self._asked,
            disk_bytes=self.meter.disk_bytes,
            disk_limit_bytes=self._limits["disk_bytes"],
            disk_free_bytes=_disk_free_bytes(self._folder.folder),
        )

    def _read_once(self) -> bool:
        """Take one piece of the log; say whether more can come."""
        try:
            text = os.read(self._pipe, _PIPE_BYTES)
        except BlockingIOError:
            return True
        if self._log:
            self._log.take(text)
        return bool(text)

    def _drain(self) -> None:
        """Take what the ended processes left in the pipe. It is bounded: nobody writes any more."""
        if self._pipe < 0:
            return
        for _ in range(64):
            if not select.select([self._pipe], [], [], 0)[0] or not self._read_once():
                break
        os.close(self._pipe)
        self._pipe = -1

    def _reap(self) -> None:
        """Wait for every child that has ended: the command, and daemons that we adopted."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._command:
                code = os.waitstatus_to_exitcode(status)
                self._exit = Exit(code, None) if code >= 0 else Exit(None, -code)

    def _look(self, now: float) -> None:
        """Act on a request to stop, on a limit that was passed, and on a grace that is over."""
        self._reap()
        self.meter.look_at_processes()
        if self._kill_at is not None:
            if now >= self._kill_at:
                kill_all(self._left)
            return
        stop = read_json(self._folder.stop)
        if stop is not None:
            self._asked = (EndReason(stop["reason"]), stop["words"])
        elif _told_to_end:
            self._asked = (EndReason.CANCELLED_AT_SITE, "The keeper of the run was told to end by a signal.")
        else:
            self._asked = limit_passed(
                elapsed_seconds=self.meter.elapsed_seconds,
                memory_bytes=self.meter.memory_bytes,
                disk_bytes=self.meter.disk_bytes,
                limits=self._limits,
            )
        if self._asked is None:
            return
        gently = self._asked[0] not in (EndReason.MEMORY_EXCEEDED, EndReason.FOLDER_FULL)  # each moment costs others
        self._kill_at = now + (self._settings["grace_seconds"] if gently else 0)
        if gently:
            send(signal.SIGTERM, self._left())
        else:
            kill_all(self._left)

    def _beat(self) -> None:
        """Write proof of life. A disk that is full costs one beat, not the run."""
        self.meter.look_at_folder()
        self.meter.look_at_gpus()
        try:
            write_json(self._folder.usage, self.figures())
        except OSError:
            _complain()

    def _left(self) -> list[int]:
        return list(living(descendants(os.getpid())))


def _widen(pipe: int) -> None:
    with suppress(OSError):  # beyond the user's share of pipe memory: a small pipe serves too
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _disk_free_bytes(folder: Path) -> int:
    figures = os.statvfs(folder)
    return figures.f_bavail * figures.f_frsize
