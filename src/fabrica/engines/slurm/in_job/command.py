"""Starts the run's command: its own session, its own limits, its own environment, nothing inherited but Slurm's."""

import json
import os
import resource
import signal
import socket

from fabrica.engines.containers import command_inside, variables_inside
from fabrica.engines.signals import reset_signals
from fabrica.engines.slurm.in_job.modules import load, merged

NOT_FOUND_STATUS = 127

_SLURM_VARIABLES = ("SLURM_", "SLURMD_", "PMI_", "PMIX_")
_DEVICE_VARIABLES = (
    *("CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ZE_AFFINITY_MASK"),
    *("GPU_DEVICE_ORDINAL", "CUDA_DEVICE_ORDER", "CUDA_MPS_PIPE_DIRECTORY"),
)


def read_order(folder: str) -> "dict[str, object]":
    """Read the private file of an attempt."""
    with open(os.path.join(folder, "engine", "order.json"), "rb") as file:
        return dict(json.load(file))


def task_of(order: "dict[str, object]") -> "int | None":
    """Return the number of this task of an array; None for a run of one task."""
    tasks = order.get("tasks", 1)
    assert isinstance(tasks, int)
    return int(os.environ["SLURM_ARRAY_TASK_ID"]) if tasks > 1 else None


def marks_folder(folder: str, order: "dict[str, object]") -> str:
    """Return where this job writes its marks: each task of an array has a folder of its own."""
    engine, task = os.path.join(folder, "engine"), task_of(order)
    return engine if task is None else os.path.join(engine, "tasks", str(task))


def variables_of(order: "dict[str, object]", inherited: "dict[str, str]", *, rank: int) -> "dict[str, str]":
    """Return the command's whole environment: Slurm's variables, the order's, the modules', its place among nodes.

    Raises:
        NotLoaded: the site's modules cannot be loaded.
    """
    kept = {
        name: value
        for name, value in inherited.items()
        if name.startswith(_SLURM_VARIABLES) or name in _DEVICE_VARIABLES
    }
    for name in ("SLURM_EXPORT_ENV", "SLURM_TIME_FORMAT", "SLURM_BITSTR_LEN"):
        kept.pop(name, None)  # they are about our own sbatch, and would change what the run's own commands of Slurm do
    variables, modules = order["variables"], order.get("modules", [])
    assert isinstance(variables, dict)
    assert isinstance(modules, list)
    kept.update(merged(variables, *load(modules, inherited)) if modules else variables)
    kept["FABRICA_ATTEMPT"] = str(order["attempt"])
    kept["FABRICA_NODES"] = str(order["nodes"])
    kept["FABRICA_NODE_RANK"] = str(rank)
    task = task_of(order)
    if task is not None:
        kept["FABRICA_TASK"] = str(task)
        kept["FABRICA_TASKS"] = str(order["tasks"])
    kept["FABRICA_FIRST_NODE"] = inherited.get("FABRICA_FIRST_NODE") or socket.gethostname()
    return kept


def in_its_image(
    order: "dict[str, object]", folder: str, variables: "dict[str, str]"
) -> "tuple[list[str], dict[str, str]]":
    """Return the run's command and variables as they are started on this node: inside its image when it has one."""
    command, container = order["command"], order.get("container")
    assert isinstance(command, list)
    if container is None:
        return command, variables
    assert isinstance(container, dict)
    return command_inside(container, folder, command, variables), variables_inside(folder, variables)


def start_command(
    arguments: "list[str]", variables: "dict[str, str]", folder: str, *, file_bytes_max: int, output: int
) -> "tuple[int, str]":
    """Start a command with `output` as standard output and error; return its process number, and why it cannot be.

    The words are empty once it runs.
    """
    complaint_in, complaint_out = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(arguments, variables, folder, file_bytes_max, output, complaint_out)
    os.close(complaint_out)
    with os.fdopen(complaint_in, "rb") as file:
        words = file.read().decode(errors="replace")  # empty once the command runs: exec closed the pipe
    if words:
        os.waitpid(pid, 0)
    return pid, words


def _become(
    arguments: "list[str]", variables: "dict[str, str]", folder: str, file_bytes_max: int, output: int, complaint: int
) -> None:
    try:
        os.setsid()
        _limit(file_bytes_max)
        os.chdir(os.path.join(folder, "work"))
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        reset_signals()
        os.execvpe(arguments[0], arguments, variables)  # noqa: S606 - no shell is what we want
    except BaseException as trouble:
        words = "{}: {}".format(arguments[0], getattr(trouble, "strerror", None) or trouble)
        os.write(complaint, words.encode(errors="replace")[:2000])
    os._exit(NOT_FOUND_STATUS)


def _limit(file_bytes_max: int) -> None:
    """Set what the kernel itself keeps: no core dumps, no file larger than the folder may be."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    most = file_bytes_max if hard == resource.RLIM_INFINITY else min(file_bytes_max, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def send(session: int, number: int) -> None:
    """Send a signal to a command's session: all it has started, but what became a daemon; Slurm ends that."""
    try:
        os.killpg(session, number)
    except (ProcessLookupError, PermissionError):
        return


def signal_name(number: int) -> str:
    """Return the name of a signal."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal {}".format(number)
