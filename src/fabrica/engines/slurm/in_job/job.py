"""One start of one attempt by Slurm: starts the run's command, keeps its limits, writes marks."""

import fcntl
import json
import os
import resource
import select
import shutil
import signal
import socket
import stat
import sys
import time
from typing import Any

from fabrica.engines.slurm.in_job.command import (
    NOT_FOUND_STATUS,
    in_its_image,
    marks_folder,
    read_order,
    send,
    signal_name,
    start_command,
    task_of,
    variables_of,
)
from fabrica.engines.slurm.in_job.disk import Disk
from fabrica.engines.slurm.in_job.modules import NotLoaded
from fabrica.engines.slurm.in_job.node import first_failure_place, warning_place

OTHER_JOB_STATUS = 121
NO_MARK_STATUS = 122
TIME_LIMIT_STATUS = 124

_BEAT_SECONDS = 10.0
_RESERVE_BYTES = 4096
_PIPE_BYTES = 2**20
_PATIENCE_TURNS = 100


class Job:
    """One start of one attempt by Slurm."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.order: "dict[str, Any]" = read_order(folder)
        self.task = task_of(self.order)
        self.engine = marks_folder(folder, self.order)
        self.job = os.environ.get("SLURM_JOB_ID" if self.task is None else "SLURM_ARRAY_JOB_ID", "")
        self.restart = int(os.environ.get("SLURM_RESTART_COUNT") or 0)
        self.began = time.time()
        self.clock = time.monotonic()
        self.command = 0
        self.status = None  # type: int | None
        self.asked = None  # type: tuple[str, str] | None
        self.told_to_end = False
        self.near_limit = False
        self.kill_at = None  # type: float | None
        self.disk = Disk(folder)
        self.log = -1
        self.log_room = 0
        self.log_dropped = 0
        self.pipe = -1

    def to_the_end(self) -> int:
        """Start the command, watch it, write how it ended; return the batch script's exit status."""
        if not self.is_the_one():
            print("[fabrica] another job of Slurm runs this attempt already; this one ends", file=sys.stderr)
            return OTHER_JOB_STATUS
        if os.path.exists(self.place_of("started")):
            return self.not_again()
        try:
            self.make_folders()
            self.open_log()
            self.reserve()
            self.mark("started", {"at": self.began, "job": self.job, "node": socket.gethostname()})
        except OSError as trouble:
            print(f"[fabrica] the first mark cannot be written: {trouble}", file=sys.stderr)
            return NO_MARK_STATUS
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, self.note)
        try:
            words = self.start()
        except NotLoaded as trouble:
            return self.end("engine_error", None, f"{trouble}.", 1)
        except OSError as trouble:
            return self.end("engine_error", None, f"The command could not be prepared: {trouble}.", 1)
        if words:
            reason = "engine_error" if self.order.get("container") else "command_not_found"  # Apptainer is the site's
            return self.end(reason, None, f"The command cannot be executed: {words}.", 127)
        self.watch()
        return self.judge()

    def is_the_one(self) -> bool:
        """Say whether this job is the first of the attempt: a submission that was lost may come after all."""
        place = os.path.join(self.folder, "engine", "job")
        try:
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return self.job == self.first_job(place)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.job)
            file.flush()
            os.fsync(file.fileno())
        return True

    def first_job(self, place: str) -> str:
        """Return the id that the first job has written, which may be another task of ours that just writes it."""
        for _ in range(_PATIENCE_TURNS):
            with open(place) as file:
                told = file.read().strip()
            if told:
                return told
            time.sleep(0.1)
        return ""

    def not_again(self) -> int:
        """End a start that Slurm makes a second time, for its controller died and forgot the first: nothing runs."""
        print("[fabrica] Slurm has forgotten that it had started this job; nothing is started again", file=sys.stderr)
        try:
            with open(self.place_of("ended")) as file:
                return 0 if json.load(file)["reason"] == "completed" else 1
        except FileNotFoundError:
            words = "Slurm's controller forgot that it had started this job, and ended it to start it again."
            return self.end("process_vanished", None, words, 1)

    def make_folders(self) -> None:
        """Make what a task of an array has of its own."""
        for folder in (self.engine, os.path.dirname(self.log_place())):
            os.makedirs(folder, 0o770, exist_ok=True)

    def log_place(self) -> str:
        """Return the log; each task of an array has its own, since shared file systems do not append as one."""
        if self.task is None:
            return os.path.join(self.folder, "log")
        return os.path.join(self.folder, "record", "tasks", f"{self.task}.log")

    def open_log(self) -> None:
        place = self.log_place()
        self.log = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        self.log_room = max(0, self.order["log_bytes_max"] - os.fstat(self.log).st_size)

    def reserve(self) -> None:
        """Occupy the space of the last mark, so that it can be written when the disk is full."""
        with open(self.place_of("ended") + ".reserve", "wb") as file:
            file.write(b" " * _RESERVE_BYTES)
            file.flush()
            os.fsync(file.fileno())

    def place_of(self, kind: str) -> str:
        return os.path.join(self.engine, f"{kind}-{self.restart}.json")

    def mark(self, kind: str, told: "dict[str, object]") -> None:
        """Write a mark whole or not at all."""
        place = self.place_of(kind)
        with open(place + ".part", "wb") as file:
            file.write(json.dumps(told).encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(place + ".part", place)

    def note(self, number: int, _frame: object) -> None:
        self.told_to_end = self.told_to_end or number == signal.SIGTERM
        self.near_limit = self.near_limit or number == signal.SIGUSR1

    def start(self) -> str:
        """Start the command in a session of its own; return why it cannot be executed, else nothing."""
        self.pipe, output = os.pipe()
        arguments, variables = self.prepared()
        self.command, words = start_command(
            arguments,
            variables,
            self.folder,
            file_bytes_max=self.order["limits"]["disk_bytes"],
            output=output,
        )
        os.close(output)
        os.set_blocking(self.pipe, False)
        try:
            fcntl.fcntl(self.pipe, 1031, _PIPE_BYTES)  # F_SETPIPE_SZ
        except OSError:
            pass
        return words

    def prepared(self) -> "tuple[list[str], dict[str, str]]":
        """Return what is started: the command itself, or on several nodes srun, which starts it on each."""
        variables = variables_of(self.order, dict(os.environ), rank=0)  # missing modules are told here, and of one node
        if self.order["nodes"] == 1:
            return in_its_image(self.order, self.folder, variables)
        kept = dict(os.environ)
        kept.pop("SLURM_EXPORT_ENV", None)
        kept["FABRICA_FIRST_NODE"] = socket.gethostname()
        return self.on_each_node(), kept

    def on_each_node(self) -> "list[str]":
        srun = shutil.which(self.order["srun"]) or self.order["srun"]
        nodes = str(self.order["nodes"])
        return [
            *(srun, "--nodes=" + nodes, "--ntasks=" + nodes, "--ntasks-per-node=1", "--export=ALL"),
            *("--cpus-per-task=" + str(self.order["cpus"]), "--kill-on-bad-exit=1", "--input=none", "--unbuffered"),
            *(sys.executable, "-I", "-S", os.path.join(self.folder, "engine", "keeper.pyz"), self.folder, "--node"),
        ]

    def watch(self) -> None:
        """Turn until the command has ended: read its output, keep its limits, beat."""
        wake_in, wake_out = os.pipe()
        os.set_blocking(wake_out, False)
        signal.set_wakeup_fd(wake_out)
        beat_at = 0.0
        open_pipes = [wake_in, self.pipe]
        while self.status is None:
            ready = select.select(open_pipes, [], [], 0.5)[0]
            if wake_in in ready:
                os.read(wake_in, 4096)
            if self.pipe in ready and not self.read_once():
                open_pipes.remove(self.pipe)
            self.reap()
            self.keep_limits()
            if self.elapsed() >= beat_at:
                self.beat()
                beat_at = self.elapsed() + _BEAT_SECONDS
        send(self.command, signal.SIGKILL)  # what it left in its session
        for _ in range(64):
            if not select.select([self.pipe], [], [], 0)[0] or not self.read_once():
                break

    def elapsed(self) -> float:
        return time.monotonic() - self.clock

    def read_once(self) -> bool:
        """Take one piece of output; say whether more can come. A full disk costs the text, never the run."""
        try:
            text = os.read(self.pipe, _PIPE_BYTES)
        except BlockingIOError:
            return True
        kept = 0
        if text and self.log_room:
            try:
                kept = os.write(self.log, text[: self.log_room])
                self.disk.took(None)
            except OSError as trouble:
                self.disk.took(trouble)
        self.log_room -= kept
        self.log_dropped += len(text) - kept
        return bool(text)

    def reap(self) -> None:
        pid, status = os.waitpid(self.command, os.WNOHANG)
        if pid:
            self.status = status

    def keep_limits(self) -> None:
        """Warn before the time limit, end at it; end a run whose folder has grown too large."""
        limits, elapsed = self.order["limits"], self.elapsed()
        if self.kill_at is not None and elapsed >= self.kill_at:
            send(self.command, signal.SIGKILL)
        if self.asked is not None or self.told_to_end:
            return  # Slurm has told every process of the job, and kills what does not end
        self.disk.look(elapsed)
        warn_at = max(0, limits["run_seconds"] - limits["signal_seconds"])
        if elapsed >= warn_at or (self.near_limit and limits["run_seconds"] < limits["time_limit_seconds"]):
            words = "It ran for its whole time limit of {} s.".format(limits["time_limit_seconds"])
            if elapsed < limits["time_limit_seconds"]:
                words = "It was told to end {:.0f} s before its time limit of {} s.".format(
                    limits["time_limit_seconds"] - elapsed, limits["time_limit_seconds"]
                )
            self.asked = ("time_limit", words)
            self.kill_at = max(elapsed, limits["run_seconds"]) + limits["grace_seconds"]
            self.warn()
        elif self.is_over_its_limit():
            self.asked = ("folder_full", self.words_of_folder())
            self.kill_at = elapsed
            send(self.command, signal.SIGKILL)

    def is_over_its_limit(self) -> bool:
        held = self.disk.folder_bytes
        return held is not None and held > self.order["limits"]["disk_bytes"]

    def words_of_folder(self) -> str:
        limit = self.order["limits"]["disk_bytes"]
        return f"Its folder held {self.disk.folder_bytes} bytes; {limit} are its limit."

    def beat(self) -> None:
        """Write proof of life. A disk that is full costs one beat, not the run."""
        try:
            self.mark("usage", self.figures())
            self.disk.took(None)
        except OSError as trouble:
            self.disk.took(trouble)
            print(f"[fabrica] a beat cannot be written: {trouble}", file=sys.stderr)

    def figures(self) -> "dict[str, object]":
        return {"at": time.time(), "disk_bytes": self.disk.folder_bytes, "log_dropped_bytes": self.log_dropped}

    def warn(self) -> None:
        """Tell the command to end; on several nodes each is told there, since srun would cut the grace short."""
        try:
            if self.order["nodes"] > 1:
                with open(warning_place(self.engine, self.restart), "wb"):
                    return
        except OSError as trouble:
            print(f"[fabrica] the nodes cannot be warned one by one: {trouble}", file=sys.stderr)
        send(self.command, signal.SIGTERM)

    def judge(self) -> int:
        """Write why the command ended; return the exit status that says the same to Slurm."""
        assert self.status is not None
        killed_by = os.WTERMSIG(self.status) if os.WIFSIGNALED(self.status) else None
        code = os.WEXITSTATUS(self.status) if killed_by is None else None
        if self.order["nodes"] > 1:
            code, killed_by = self.first_failure(code, killed_by)
        status = code if code is not None else 128 + (killed_by or 0)
        if self.asked is not None:
            return self.end(self.asked[0], code, self.asked[1], code or TIME_LIMIT_STATUS)
        if killed_by == signal.SIGXFSZ:
            self.disk.folder_bytes = max(self.disk.folder_bytes or 0, self.order["limits"]["disk_bytes"])
            return self.end("folder_full", None, "It wrote a file larger than its folder's limit.", status)
        if code != 0 and self.disk.is_full():
            return self.end_of_full_disk(code, status)
        if killed_by is not None:
            name = signal_name(killed_by)
            return self.end(
                "killed_by_signal",
                None,
                f"The command was ended by {name}, which Fabrica did not send.",
                status,
            )
        if code == 0:
            return self.end("completed", 0, "The command ended with exit status 0.", 0)
        return self.end("exit_nonzero", code, f"The command ended with exit status {code}.", status)

    def end_of_full_disk(self, code: "int | None", status: int) -> int:
        """End a command that failed while the site's disk was full: the site's fault, unless the run filled it."""
        self.disk.look_now()
        if self.is_over_its_limit():
            return self.end("folder_full", code, self.words_of_folder(), status)
        return self.end("site_disk_full", code, "The command failed while the site's disk was full.", status)

    def first_failure(self, code: "int | None", killed_by: "int | None") -> "tuple[int | None, int | None]":
        """Return how the node that failed first ended: srun itself tells the largest status of all."""
        try:
            with open(first_failure_place(self.engine, self.restart), "rb") as file:
                told = json.load(file)
        except (OSError, ValueError):
            return code, killed_by
        if "words" in told:
            return NOT_FOUND_STATUS, None
        return told.get("exit_code"), told.get("signal")

    def end(self, reason: str, code: "int | None", words: str, status: int) -> int:
        """Write the last mark into the space kept for it."""
        if self.log_dropped:
            note = "\n[fabrica] {} bytes of output were not kept: the log keeps the first {} bytes.\n"
            try:
                os.write(self.log, note.format(self.log_dropped, self.order["log_bytes_max"]).encode())
            except OSError:
                pass
        if self.order["opens_folder"]:
            open_to_agent([os.path.join(self.folder, part) for part in ("work", "record")])
        told = self.figures()
        told.update({"reason": reason, "exit_code": code, "words": words, "job": self.job})
        if self.order["nodes"] == 1:
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            told["cpu_seconds"] = used.ru_utime + used.ru_stime
            told["memory_peak_bytes"] = used.ru_maxrss * 1024
        reserve = self.place_of("ended") + ".reserve"
        with open(reserve, "r+b") as file:
            file.write(json.dumps(told).encode().ljust(_RESERVE_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.replace(reserve, self.place_of("ended"))
        return status


def open_to_agent(places: "list[str]") -> None:
    """Let the agent read what the run has made for itself alone: the group's bits are the list's mask."""
    me = os.geteuid()
    for place in places:
        for parent, folders, files in os.walk(place):
            for entry in [os.path.join(parent, name) for name in folders + files]:
                told = os.lstat(entry)
                if told.st_uid == me and not stat.S_ISLNK(told.st_mode):
                    passes = 0o010 if told.st_mode & 0o100 else 0
                    os.chmod(entry, stat.S_IMODE(told.st_mode) | 0o060 | passes)
