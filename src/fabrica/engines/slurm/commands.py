"""A site's Slurm by its commands: each question is one process, ended when it hangs."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from fabrica.engines.slurm import cluster_text
from fabrica.engines.slurm.accounts import command_as, is_other
from fabrica.engines.slurm.controller import Node, Refused, Reservation, Silent, Waiting
from fabrica.engines.slurm.jobs import (
    QUEUE_FORMAT,
    ROW_FORMAT,
    Garbled,
    Job,
    Row,
    read_queue,
    read_rows,
)
from fabrica.engines.slurm.probe import Probe, read_config
from fabrica.engines.slurm.refusals import is_for_ever
from fabrica.engines.slurm.reservations import read_reservations
from fabrica.engines.slurm.settings import SlurmSettings
from fabrica.engines.slurm.submission import Submission, joined, sbatch_options

_Value = TypeVar("_Value")
_NAMES_MAX = 2_000  # beyond, an argument would be too long: all jobs are asked for, and ours picked


class Commands:
    """Asks by sbatch, scancel, squeue, sacct and sinfo. Nothing of our own environment reaches them."""

    def __init__(self, settings: SlurmSettings, probe: Probe) -> None:
        self._settings = settings
        self._probe = probe

    @property
    def version(self) -> str:
        return self._probe.version

    @property
    def cluster(self) -> str:
        return self._probe.cluster

    @property
    def has_accounting(self) -> bool:
        return self._probe.accounting

    @property
    def measures_energy(self) -> bool:
        return self._probe.energy

    @property
    def array_size_max(self) -> int | None:
        return self._probe.array_size_max

    @property
    def hides_reservations(self) -> bool | None:
        return "reservations" in self._probe.private

    def counts_gres(self, name: str) -> bool | None:
        return any(one.partition(":")[0] == f"gres/{name.lower()}" for one in self._probe.counted)

    def begin(self, submission: Submission, *, user: str | None) -> "_Sbatch":
        """Start sbatch, which waits for the job's script on its standard input and does nothing without one."""
        command = ["sbatch", *sbatch_options(submission)]
        return _Sbatch(begin_slurm(self._settings, command, user=user), submission.script)

    def cancel(self, jobs: Sequence[str], *, user: str | None) -> None:
        """End jobs with scancel, which tells every process of theirs and kills what does not end."""
        done = self._run(["scancel", *jobs], user=user)
        words = joined([done.stderr, done.stdout])
        if done.returncode != 0 and "invalid job id" not in words.lower() and "already completing" not in words.lower():
            raise Silent(words)

    def queue(self, names: Collection[str]) -> list[Job]:
        """Ask squeue once for all."""
        by_name = [f"--name={','.join(sorted(names))}"] if len(names) <= _NAMES_MAX else []
        common = ["--noheader", "--all", "--states=all", f"--Format={QUEUE_FORMAT}"]
        text = self._answer(["squeue", *common, *by_name])
        return [job for job in _read(read_queue, text) if job.name in names]

    def rows(self, names: Collection[str], jobs: Collection[str], *, since: int) -> list[Row]:
        """Ask sacct once for all, repeated starts included."""
        past = max(0, int(time.time()) - since)
        which = [f"--jobs={','.join(sorted(jobs))}"] if jobs else [f"--name={','.join(sorted(names))}"]
        common = ["--duplicates", "--noheader", "--parsable2", "--allusers", f"--starttime=now-{past}"]
        text = self._answer(["sacct", *common, *which, f"--format={ROW_FORMAT}"])
        return [row for row in _read(read_rows, text) if row.name in names]

    def booted_at(self) -> int | None:
        """Ask scontrol for the controller's start."""
        told = read_config(self._answer(["scontrol", "show", "config"])).get("BOOT_TIME", "")
        return int(told) if told.isdecimal() else None

    def nodes(self) -> list[Node]:
        """Ask sinfo once for every node."""
        text = self._answer(["sinfo", "--noheader", "--all", "--Node", f"--Format={cluster_text.NODE_FORMAT}"])
        return _read(cluster_text.read_nodes, text)

    def waiting(self) -> list[Waiting]:
        """Ask squeue once for all jobs, four words of each."""
        text = self._answer(["squeue", "--noheader", "--all", "--array", f"--Format={cluster_text.WAITING_FORMAT}"])
        return _read(cluster_text.read_waiting, text)

    def reservations(self) -> list[Reservation]:
        """Ask scontrol once for every reservation."""
        return _read(read_reservations, self._answer(["scontrol", "--oneliner", "--all", "show", "reservation"]))

    def _answer(self, command: Sequence[str]) -> str:
        done = self._run(command)
        if done.returncode != 0:
            raise Silent(joined([done.stderr, done.stdout]) or f"{command[0]} ended with status {done.returncode}")
        return done.stdout

    def _run(
        self, command: Sequence[str], *, stdin: str = "", user: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return run_slurm(self._settings, command, stdin=stdin, user=user)


@dataclass(frozen=True, slots=True)
class _Sbatch:
    """A started sbatch that waits for its script."""

    command: "BegunCommand"
    script: str

    def finish(self) -> str:
        """Hand over the script, and return the job's id."""
        done = self.command.finish(self.script)
        if done.returncode == 0:
            job = done.stdout.strip().partition(";")[0]
            if job.isdecimal():
                return job
            raise Silent(f"sbatch printed no job id: {joined([done.stdout])}")
        words = joined([done.stderr, done.stdout])
        if is_for_ever(words):
            raise Refused(words)
        raise Silent(words or f"sbatch ended with status {done.returncode}")

    def drop(self) -> None:
        """Let sbatch end for want of a script."""
        with suppress(Silent):
            self.command.finish("")


@dataclass(frozen=True, slots=True)
class BegunCommand:
    """A command of Slurm that runs, and waits for what it is to read."""

    process: subprocess.Popen[str]
    name: str
    seconds: float

    def finish(self, stdin: str) -> subprocess.CompletedProcess[str]:
        """Give the command its standard input, and wait for its end.

        Raises:
            Silent: it did not end in time.
        """
        with self.process:
            try:
                output, words = self.process.communicate(stdin, timeout=self.seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise Silent(f"{self.name} gave no answer in {self.seconds:g} s") from None
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, output, words)


def run_slurm(
    settings: SlurmSettings, command: Sequence[str], *, stdin: str = "", user: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command of Slurm, as another user of the site when one is named.

    Raises:
        Silent: it is not there, or did not end in time.
    """
    return begin_slurm(settings, command, user=user).finish(stdin)


def begin_slurm(settings: SlurmSettings, command: Sequence[str], *, user: str | None = None) -> BegunCommand:
    """Start one command of Slurm, as another user of the site when one is named.

    Raises:
        Silent: it is not there.
    """
    program = str(settings.command_folder / command[0]) if settings.command_folder else command[0]
    whole = [program, *command[1:]]
    identity: dict[str, Any] = {}
    try:
        if user is not None and is_other(user):
            found = shutil.which(program) or program  # sudo's rule names the whole path
            whole, identity = command_as([found, *command[1:]], user, root=os.geteuid() == 0)
        process = subprocess.Popen(
            whole,
            **identity,
            env=environment_of(settings, os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            cwd="/",
        )
    except (OSError, KeyError) as trouble:
        raise Silent(f"{program} cannot be started: {trouble}") from trouble
    return BegunCommand(process, command[0], settings.command_seconds)


def environment_of(settings: SlurmSettings, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a command: no option hidden in the environment changes what it says."""
    variables = {"PATH": inherited.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "SLURM_TIME_FORMAT": "%s", "TZ": "UTC"}
    variables["SLURM_BITSTR_LEN"] = "0"  # the numbers of an array's tasks, however many
    conf = str(settings.slurm_conf) if settings.slurm_conf else inherited.get("SLURM_CONF")
    return variables | ({"SLURM_CONF": conf} if conf else {})


def _read(reader: Callable[[str], list[_Value]], text: str) -> list[_Value]:
    try:
        return reader(text)
    except Garbled as trouble:
        raise Silent(f"Slurm printed what it never prints: {trouble}") from trouble
