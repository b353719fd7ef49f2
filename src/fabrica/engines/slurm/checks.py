"""The Slurm engine's part of a dry run: Slurm answers, the partitions are there, people's accounts may submit."""

import getpass
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence

from fabrica.engines.containers import version_of
from fabrica.engines.contract import Finding, StartRefused
from fabrica.engines.slurm.accounts import account_or_refusal, is_other
from fabrica.engines.slurm.commands import run_slurm
from fabrica.engines.slurm.controller import Controller, Node, Silent
from fabrica.engines.slurm.inventory import devices_of_node
from fabrica.engines.slurm.probe import version_number
from fabrica.engines.slurm.settings import SlurmPartition, SlurmSettings
from fabrica.engines.slurm.submission import joined

_OLDEST = (20, 11)


def check(settings: SlurmSettings, connect: Callable[[], Controller], accounts: Sequence[str]) -> Iterator[Finding]:
    """Try what the engine needs. Nothing is submitted: sbatch is asked with `--test-only`."""
    if settings.form == "commands" and settings.slurm_conf and not os.access(settings.slurm_conf, os.R_OK):
        words = f"{settings.slurm_conf} is not there, or we may not read it"
        yield Finding("slurm", "fix", words, "correct `slurm_conf`; leave it out where Slurm finds its own")
        return
    try:
        controller = connect()
        nodes = controller.nodes()
    except Silent as trouble:
        remedy = "is this a login node, with `scontrol` on PATH or in `command_folder`, and does munge run?"
        yield Finding("slurm", "fix", f"Slurm does not answer: {trouble}", remedy)
        return
    yield from _version(controller)
    yield from _counting(controller, settings)
    if controller.hides_reservations:
        words = "Slurm shows reservations to its operators alone: planned maintenance may be hidden from the agent"
        yield Finding("slurm", "warn", words, "take `reservations` out of PrivateData in slurm.conf")
    for partition in settings.partitions:
        yield _partition(partition, nodes)
    yield from _apptainer(settings)
    if settings.form == "commands":
        for account in accounts or (None,):
            yield from _account(settings, account)


def _partition(mine: SlurmPartition, nodes: Sequence[Node]) -> Finding:
    """Say whether a partition is one of Slurm's, and whether its nodes have the devices that it offers."""
    own = [node for node in nodes if node.partition == mine.slurm_name]
    if not own:
        words = f"{mine.name}: Slurm has no partition {mine.slurm_name} with nodes that we may see"
        return Finding("slurm", "fix", words, f"there are: {_listed(node.partition for node in nodes)}")
    if not any(devices_of_node(mine, node) for node in own):
        words = f"{mine.name}: no node of {mine.slurm_name} has {':'.join(filter(None, (mine.gres, mine.gres_type)))}"
        there = _listed(name for node in own for name in node.gres)
        return Finding("slurm", "fix", words, f"correct `gres` or `gres_type`; there are: {there}")
    return Finding("slurm", "ok", f"{mine.name} is Slurm's partition {mine.slurm_name}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names))) or "none"


def _version(controller: Controller) -> Iterator[Finding]:
    words = f"Slurm {controller.version} of the cluster {controller.cluster}"
    if version_number(controller.version) < _OLDEST:
        yield Finding("slurm", "warn", words, f"nothing older than {_OLDEST[0]}.{_OLDEST[1]} was ever tried")
    else:
        yield Finding("slurm", "ok", words)
    if not controller.has_accounting:
        words = "Slurm keeps no accounts here: usage is told by the runs' own marks"
        yield Finding("accounting", "warn", words, "slurmdbd would let usage be checked by Slurm's own rows")


def _counting(controller: Controller, settings: SlurmSettings) -> Iterator[Finding]:
    for name in uncounted_gres(controller, settings):
        words = f"Slurm does not count {name} here: a run is charged for as many as it asks for"
        yield Finding("accounting", "warn", words, f"add gres/{name} to AccountingStorageTRES in slurm.conf")


def uncounted_gres(controller: Controller, settings: SlurmSettings) -> list[str]:
    """Return the kinds of devices that are offered and Slurm does not count: it cannot say who got how many."""
    names = dict.fromkeys(partition.gres for partition in settings.partitions if not partition.on_cores)
    return [name for name in names if controller.counts_gres(name) is False]


def _apptainer(settings: SlurmSettings) -> Iterator[Finding]:
    version = version_of(settings.apptainer)
    said = [partition.name for partition in settings.partitions if partition.containers]
    if version is not None:
        yield Finding("images", "ok", f"Apptainer {version} runs images")
    elif said:
        words = f"{', '.join(said)} should run images, and {settings.apptainer} is not on this machine"
        remedy = "right where the nodes alone have it; but images of registries cannot be fetched then"
        yield Finding("images", "warn", words, remedy)


def _account(settings: SlurmSettings, account: str | None) -> Iterator[Finding]:
    who = account or "this account"
    if account is not None:
        try:
            account_or_refusal(account)
        except StartRefused as refusal:
            yield Finding("submit", "fix", refusal.words)
            return
    if is_other(account) and os.geteuid() != 0 and not shutil.which("setfacl"):
        yield Finding("submit", "fix", "there is no setfacl, which gives a run's folder to its account", "install acl")
    if account is not None and is_other(account) and (hindrance := _as_account(settings, account)):
        yield hindrance
        return
    for partition in settings.partitions:
        yield _try_submission(settings, partition, account, who)


def _as_account(settings: SlurmSettings, account: str) -> Finding | None:
    """Say what keeps us from submitting and cancelling as an account: each program is only asked for its version."""
    agent = getpass.getuser()
    for name in ("sbatch", "scancel"):
        try:
            done = run_slurm(settings, [name, "--version"], user=account)
        except Silent as trouble:
            return Finding("submit", "fix", f"{account}: {trouble}", 'install sudo, or use `form = "rest"`')
        said = joined([done.stderr, done.stdout])
        if done.returncode != 0 and "sudo:" in said:
            programs = f"{_path(settings, 'sbatch')}, {_path(settings, 'scancel')}"
            rule = f"a rule in sudoers: {agent} ALL=({account}) NOPASSWD: {programs}"
            return Finding("submit", "fix", f"sudo does not let us use {name} as {account}: {said}", rule)
        if done.returncode != 0:
            line = f'a line in sudoers: Defaults:{agent} env_keep += "SLURM_CONF"'
            return Finding("submit", "fix", f"{name} does not find Slurm as {account}: {said}", line)
    return None


def _try_submission(settings: SlurmSettings, partition: SlurmPartition, account: str | None, who: str) -> Finding:
    words = f"{who} may submit to {partition.name}"
    try:
        done = run_slurm(settings, ["sbatch", *_trial(partition)], stdin="#!/bin/sh\n", user=account)
    except Silent as trouble:
        return Finding("submit", "fix", f"{who}, {partition.name}: {trouble}")
    said = joined([done.stderr, done.stdout])
    if done.returncode == 0:
        return Finding("submit", "ok", words)
    remedy = "look at the partition's `account`, `qos`, `constraint` and `options`, and at the account's rights"
    return Finding("submit", "fix", f"{who} may not submit to {partition.name}: {said}", remedy)


def _trial(partition: SlurmPartition) -> list[str]:
    optional = {"account": partition.account, "qos": partition.qos, "constraint": partition.constraint}
    return [
        "--test-only",
        f"--partition={partition.slurm_name}",
        "--nodes=1",
        "--time=1",
        "--chdir=/",
        "--output=/dev/null",
        *(f"--{name}={value}" for name, value in optional.items() if value),
        *partition.options,
    ]


def _path(settings: SlurmSettings, name: str) -> str:
    if settings.command_folder:
        return str(settings.command_folder / name)
    return shutil.which(name) or name
