"""One node of a run of several: starts the command there, warns it, and notes the node that failed first."""

import json
import os
import signal
import sys
import time

from fabrica.engines.slurm.in_job.command import (
    NOT_FOUND_STATUS,
    in_its_image,
    marks_folder,
    read_order,
    send,
    start_command,
    variables_of,
)

_LOOK_SECONDS = 0.5


def warning_place(marks: str, restart: int) -> str:
    """Return the file that asks the commands of all nodes to end; `marks`: where the job writes its marks."""
    return os.path.join(marks, "warned-{}".format(restart))


def first_failure_place(marks: str, restart: int) -> str:
    """Return the file in which the node that fails first says how; srun tells the largest status of all."""
    return os.path.join(marks, "failed-{}".format(restart))


def run_on_node(folder: str) -> int:
    """Run the command on this node to its end; return the status that srun is told."""
    order = read_order(folder)
    marks = marks_folder(folder, order)
    restart = int(os.environ.get("SLURM_RESTART_COUNT") or 0)
    rank = int(os.environ.get("SLURM_NODEID") or 0)
    limits = order["limits"]
    assert isinstance(limits, dict)
    signal.signal(signal.SIGTERM, lambda number, frame: None)  # Slurm tells the command, too
    signal.signal(signal.SIGUSR1, lambda number, frame: None)
    command, variables = in_its_image(order, folder, variables_of(order, dict(os.environ), rank=rank))
    pid, words = start_command(
        command,
        variables,
        folder,
        file_bytes_max=limits["disk_bytes"],
        output=1,
    )
    if words:
        print("[fabrica] the command cannot be executed: {}".format(words), file=sys.stderr)
        _note_failure(marks, restart, {"exit_code": None, "words": words})
        return NOT_FOUND_STATUS
    status = _watch(pid, warning_place(marks, restart))
    send(pid, signal.SIGKILL)
    if os.WIFSIGNALED(status):
        _note_failure(marks, restart, {"exit_code": None, "signal": os.WTERMSIG(status)})
        return 128 + os.WTERMSIG(status)
    if os.WEXITSTATUS(status) != 0:
        _note_failure(marks, restart, {"exit_code": os.WEXITSTATUS(status)})
    return os.WEXITSTATUS(status)


def _watch(pid: int, warning: str) -> int:
    """Wait for the command's end; pass the warning on when it is there."""
    warned = False
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        if not warned and os.path.exists(warning):
            warned = True
            send(pid, signal.SIGTERM)
        time.sleep(0.02 if warned else _LOOK_SECONDS / 5)


def _note_failure(marks: str, restart: int, told: "dict[str, object]") -> None:
    try:
        descriptor = os.open(first_failure_place(marks, restart), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return  # another node failed before, or the disk is full
    with os.fdopen(descriptor, "w") as file:
        json.dump(told, file)
