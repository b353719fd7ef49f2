"""What is handed to Slurm for one attempt: options and a batch script, as plain values. No secret is in either.

Command, environment and limits lie in a private file of the attempt's folder, which the job itself reads.
"""

import math
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabrica.engines.containers import container_of
from fabrica.engines.contract import StartOrder
from fabrica.engines.slurm.jobs import NAME_PREFIX
from fabrica.engines.slurm.marks import ENGINE_FOLDER, KEEPER, OUTPUT
from fabrica.engines.slurm.settings import SlurmPartition, SlurmSettings

_TASK_LOG_BYTES_MIN = 2**14
SPARE_SECONDS = 30
"""The job's own start and end, which Slurm's limit covers beside the run's: the run's limit ends it, not Slurm's."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One job to be. `gres` is per node; memory is per node, in MiB; the limit is Slurm's, in minutes."""

    name: str
    folder: str
    script: str
    partition: str
    nodes: int
    cpus: int
    memory_mib: int
    minutes: int
    signal_seconds: int
    gres: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    requeue: bool = False
    tasks: int = 1
    tasks_at_once: int | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A run's own limit inside Slurm's. `run_seconds`: when the run is ended; earlier than it asked for where Slurm's
    limit could not cover its grace, too.
    """

    minutes: int
    run_seconds: int
    signal_seconds: int
    grace_seconds: int


def time_limit(asked_seconds: int, settings: SlurmSettings, partition_seconds_max: int | None) -> TimeLimit:
    """Return Slurm's limit for a run's own: whole minutes that cover the run, its grace and the job's start and end.

    A warning never comes before nine tenths of the run's limit are over.
    """
    warning = min(settings.signal_seconds, asked_seconds // 10)
    wanted = asked_seconds + settings.grace_seconds + SPARE_SECONDS
    minutes = math.ceil(wanted / 60)
    if partition_seconds_max is None or minutes * 60 <= partition_seconds_max:
        return TimeLimit(minutes, asked_seconds, warning, settings.grace_seconds)
    minutes = partition_seconds_max // 60
    room = max(1, minutes * 60 - settings.grace_seconds - SPARE_SECONDS)
    return TimeLimit(minutes, min(asked_seconds, room), warning, settings.grace_seconds)


def make_submission(
    order: StartOrder,
    partition: SlurmPartition,
    settings: SlurmSettings,
    *,
    limit: TimeLimit,
    threads_per_core: int,
) -> Submission:
    """Return what Slurm is asked for one attempt."""
    asked = order.resources
    gres = None
    if not partition.on_cores:
        gres = ":".join(part for part in (partition.gres, partition.gres_type, str(asked.devices)) if part)
    return Submission(
        name=f"{NAME_PREFIX}{order.attempt}",
        folder=str(order.folder),
        script=batch_script(order.folder, settings.python),
        partition=partition.slurm_name,
        nodes=asked.nodes,
        cpus=cpus_per_node(asked.devices, partition, threads_per_core),
        memory_mib=max(1, math.ceil(asked.memory_bytes / 2**20)),
        minutes=limit.minutes,
        signal_seconds=limit.signal_seconds + limit.grace_seconds,
        gres=gres,
        account=settings.account_of(order.project, partition),
        qos=partition.qos,
        constraint=partition.constraint,
        requeue=partition.requeue,
        tasks=asked.tasks,
        tasks_at_once=asked.tasks_at_once,
        options=partition.options,
    )


def cpus_per_node(devices: int, partition: SlurmPartition, threads_per_core: int) -> int:
    """Return the CPUs in Slurm's sense, which are hardware threads: whole cores, or some with each accelerator."""
    return devices * (threads_per_core if partition.on_cores else partition.cpus_per_device)


def batch_script(folder: Path, python: Path) -> str:
    """Return the batch script: it becomes the keeper that lies in the attempt's folder.

    Raises:
        ValueError: a path holds a line break or a zero byte, which no script can name.
    """
    keeper = folder / ENGINE_FOLDER / KEEPER
    paths = [str(python), "-I", "-S", str(keeper), str(folder)]
    if any(character in path for path in paths for character in "\n\r\0"):
        raise ValueError(f"{str(folder)!r} cannot be named in a script")
    return f"#!/bin/sh\nexec {shlex.join(paths)}\n"


def sbatch_options(submission: Submission) -> list[str]:
    """Return the options of sbatch, which reads the script from its standard input."""
    optional = {
        "gres": submission.gres,
        "account": submission.account,
        "qos": submission.qos,
        "constraint": submission.constraint,
        "array": array_text(submission),
    }
    return [
        "--parsable",
        f"--job-name={submission.name}",
        f"--partition={submission.partition}",
        f"--nodes={submission.nodes}",
        f"--ntasks={submission.nodes}",
        "--ntasks-per-node=1",
        f"--cpus-per-task={submission.cpus}",
        f"--mem={submission.memory_mib}M",
        f"--time={submission.minutes}",
        f"--signal=B:USR1@{submission.signal_seconds}",
        "--requeue" if submission.requeue else "--no-requeue",
        "--open-mode=append",
        "--export=ALL",  # of sbatch, which runs with nothing of its own; NONE would start a login shell for each job
        f"--chdir={submission.folder}",
        "--input=/dev/null",
        f"--output={output_pattern(submission)}",
        *(f"--{name}={value}" for name, value in optional.items() if value),
        *submission.options,
    ]


def array_text(submission: Submission) -> str | None:
    """Return the tasks of an array as Slurm takes them; None for one job alone."""
    if submission.tasks == 1:
        return None
    at_once = f"%{submission.tasks_at_once}" if submission.tasks_at_once else ""
    return f"0-{submission.tasks - 1}{at_once}"


def output_pattern(submission: Submission) -> str:
    """Return where the batch script's own words go, as Slurm reads it: a percent sign begins a pattern.

    The run's output goes to its log. Each task of an array has its own file.
    """
    folder = f"{submission.folder}/{ENGINE_FOLDER}".replace("%", "%%")
    return f"{folder}/{OUTPUT}" if submission.tasks == 1 else f"{folder}/slurm-%a.out"


def order_as_kept(
    order: StartOrder, settings: SlurmSettings, *, limit: TimeLimit, cpus: int, srun: str
) -> dict[str, Any]:
    """Return the private file of one attempt: all that the job needs to know."""
    asked = order.resources
    return {
        "attempt": order.attempt,
        "command": list(order.command),
        "variables": dict(order.variables),
        "modules": list(settings.by_name[order.partition].modules),
        "container": _container(order, settings),
        "opens_folder": order.site_account is not None,
        "nodes": asked.nodes,
        "cpus": cpus,
        "srun": srun,
        "tasks": asked.tasks,
        "log_bytes_max": max(_TASK_LOG_BYTES_MIN, settings.log_bytes_max // asked.tasks),
        "limits": {
            "time_limit_seconds": asked.time_limit_seconds,
            "disk_bytes": asked.disk_bytes,
            "signal_seconds": limit.signal_seconds,
            "grace_seconds": limit.grace_seconds,
            "run_seconds": limit.run_seconds,
        },
    }


def _container(order: StartOrder, settings: SlurmSettings) -> dict[str, str | None] | None:
    if order.image is None:
        return None
    return container_of(str(order.image), settings.apptainer, settings.by_name[order.partition].stack)


def joined(words: Iterable[str]) -> str:
    """Return words of Slurm's in one line, short enough to be shown."""
    return " ".join(" ".join(words).split())[:300]
