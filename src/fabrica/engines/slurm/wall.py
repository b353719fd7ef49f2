"""The second wall at a site with Slurm: asks and sets the limits of projects' accounts, and sees who went round."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from fabrica.engines.slurm import limits, outside
from fabrica.engines.slurm.commands import run_slurm
from fabrica.engines.slurm.controller import Controller, Node, Silent
from fabrica.engines.slurm.inventory import devices_of_node, threads_of
from fabrica.engines.slurm.jobs import NAME_PREFIX, Garbled, devices_of, read_tres, span_seconds
from fabrica.engines.slurm.opening import connect
from fabrica.engines.slurm.probe import read_config
from fabrica.engines.slurm.settings import SlurmPartition, SlurmSettings, read_slurm_settings
from fabrica.engines.slurm.store import Record, Store
from fabrica.engines.slurm.submission import SPARE_SECONDS, joined
from fabrica.values.ids import ProjectId
from fabrica.wire.limits import (
    LimitDrift,
    LimitsNotSet,
    LimitsReport,
    LimitsUnread,
    OutsideReported,
    ProjectRemaining,
)

_RUNNING_FIELDS = ("Account", "Partition", "TimeUsed", "TimeLimit", "tres-alloc", "Name")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class _Running:
    """One job that holds devices now. `limit_seconds` null: it has none."""

    account: str
    partition: str
    name: str
    used_seconds: int
    limit_seconds: int | None
    allocated: Mapping[str, int]


def open_slurm_wall(folder: Path, table: dict[str, Any]) -> "SlurmWall":
    """Return the wall of an operator's settings, over the folder of the engine that submits.

    Raises:
        AgentSettingsRefused: the settings have a mistake; each is named.
    """
    settings = read_slurm_settings(table)
    return SlurmWall(settings, Store(folder.absolute()), lambda: connect(settings))


class SlurmWall:
    """Reads limits from slurmdbd, what is counted from slurmctld, starts from accounting; sets limits by sacctmgr."""

    def __init__(self, settings: SlurmSettings, store: Store, connected: Callable[[], Controller]) -> None:
        self._settings = settings
        self._store = store
        self._connected = connected

    @property
    def accounts(self) -> Mapping[ProjectId, str]:
        """The Slurm account of each project."""
        return self._settings.project_accounts

    def outside(self, since: Mapping[str, int]) -> Sequence[OutsideReported]:
        """Return starts of jobs in these accounts, and in those under them, that are none of ours."""
        if not since:
            return ()
        mapped = {account: project for project, account in self.accounts.items() if account in since}
        _, parents = self._limits()
        counted_to = limits.owners(mapped, parents)
        projects = {account: mapped[owner] for account, owner in counted_to.items()}
        past = max(0, int(time.time()) - min(since.values()))
        command = ["sacct", "--duplicates", "--allocations", "--noheader", "--parsable2", "--allusers"]
        which = [f"--accounts={','.join(sorted(projects))}", f"--starttime=now-{past}", f"--format={outside.FORMAT}"]
        starts = self._read(outside.read_starts, [*command, *which])
        fresh = [
            start
            for start in starts
            if start.account in projects and (start.ended_at or time.time()) >= since[counted_to[start.account]]
        ]
        return outside.reported(
            fresh,
            self._settings.partitions,
            projects,
            is_own=lambda attempt: self._store.read(attempt) is not None,
            threads_per_core=threads_of(self._nodes()),
        )

    def compare(self, projects: Sequence[ProjectRemaining]) -> LimitsReport:
        """Return what stands otherwise than it should. It changes nothing."""
        config = read_config(self._answer(["scontrol", "show", "config"]))
        cluster = config.get("ClusterName", "")
        notes = limits.weaknesses(config)
        nodes = self._nodes()
        offers = [_offered(one, nodes, self._settings.grace_seconds) for one in self._settings.partitions]
        offers = limits.together(offers)
        resources = limits.mirrored(offers, limits.tracked_resources(config))
        notes += limits.untracked(offers, resources)
        standing, parents = self._standing()
        counted_to = limits.owners(self.accounts.values(), parents)
        running = [one for one in self._running(counted_to) if one.account in counted_to]
        drifts: list[LimitDrift] = []
        mirrored = 0
        for project in projects:
            account = self.accounts[project.project]
            if not project.known:
                notes.append(f"{project.project} has no allocation that reaches this site; {account} is left alone.")
                continue
            if account not in standing:
                notes.append(f"Slurm has no account {account}: sacctmgr add account {account} cluster={cluster}")
                continue
            mirrored += 1
            its = [one for one in running if counted_to[one.account] == account]
            drifts += self._drifts(project, standing[account], offers, resources, its)
        return LimitsReport(
            checked_at=datetime.now(UTC),
            cluster=cluster,
            drifts=tuple(drifts),
            notes=tuple(notes[:100]),
            accounts=mirrored,
        )

    def _drifts(
        self,
        project: ProjectRemaining,
        standing: limits.Standing,
        offers: Sequence[limits.Offered],
        resources: Sequence[str],
        running: Sequence[_Running],
    ) -> list[LimitDrift]:
        own, others = [], []
        for job in running:
            record = self._record(job.name)
            if record is None:
                others.append(limits.OutsideRunning(_rest_of(job)))
            else:
                own.append(self._own(job, record))
        found = []
        for resource in resources:
            want = limits.wanted(resource, standing, offers, project.classes, own, others)
            stands = standing.limits.get(resource)
            if not want.is_met(stands):
                found.append(
                    LimitDrift(
                        project=project.project,
                        slurm_account=standing.account,
                        resource=resource,
                        stands_minutes=stands,
                        wanted_minutes=want.minutes,
                        words=limits.words_of(want, stands),
                    )
                )
        return found

    def _record(self, name: str) -> Record | None:
        return self._store.read(name.removeprefix(NAME_PREFIX)) if name.startswith(NAME_PREFIX) else None

    def _own(self, job: _Running, record: Record) -> limits.OwnRunning:
        """Return what a running run of ours still holds; a job of an array holds one task's share."""
        partition = self._settings.by_name.get(record["partition"])
        gres = record["charged"]["gres"]
        devices = devices_of(job.allocated, gres=gres)
        devices = devices if gres else -(-devices // record["charged"]["threads_per_core"])
        rest = devices * max(0, record["limit_seconds"] - job.used_seconds)
        return limits.OwnRunning(partition.resource_class if partition else "", rest)

    def mend(self, drift: LimitDrift) -> None:
        """Set one limit with sacctmgr; the account's other limits stay.

        Raises:
            LimitsUnread: Slurm does not answer.
            LimitsNotSet: it does not take the limit.
        """
        cluster = read_config(self._answer(["scontrol", "show", "config"])).get("ClusterName", "")
        where = ["where", f"name={drift.slurm_account}", f"cluster={cluster}"]
        change = ["set", f"GrpTRESMins={drift.resource}={drift.wanted_minutes}"]
        try:
            done = run_slurm(self._settings, ["sacctmgr", "--immediate", "modify", "account", *where, *change])
        except Silent as trouble:
            raise _unread(str(trouble)) from trouble
        words = joined([done.stdout, done.stderr])
        if done.returncode != 0 or "Nothing modified" in words:
            raise LimitsNotSet(
                f"Slurm did not set {drift.resource} of {drift.slurm_account}: {words}.",
                remedy="Run this as an operator of Slurm, or as a coordinator of the account above this one: "
                "sacctmgr add coordinator account=PARENT names=USER",
            )

    # What Slurm is asked

    def _limits(self) -> tuple[dict[str, dict[str, int]], dict[str, str]]:
        cluster = read_config(self._answer(["scontrol", "show", "config"])).get("ClusterName", "")
        fields = "format=Account,User,ParentName,GrpTRESMins"
        return self._read(
            limits.read_limits,
            ["sacctmgr", "--noheader", "--parsable2", "show", "associations", "where", f"cluster={cluster}", fields],
        )

    def _standing(self) -> tuple[dict[str, limits.Standing], dict[str, str]]:
        stand, parents = self._limits()
        which = [
            f"--accounts={','.join(sorted(self.accounts.values()))}",
            "--format=Account,User,GrpTRESRaw,TRESRunMins",
        ]
        usage = self._read(limits.read_usage, ["sshare", "--noheader", "--parsable2", *which])
        found = {
            account: limits.Standing(account, counted, committed, stand.get(account, {}))
            for account, (counted, committed) in usage.items()
            if account in stand
        }
        return found, parents

    def _running(self, accounts: Mapping[str, str]) -> list[_Running]:
        shape = ",".join(f"{name}:|" for name in _RUNNING_FIELDS)
        common = ["--noheader", "--all", "--array", "--states=RUNNING,COMPLETING,SUSPENDED", f"--Format={shape}"]
        return self._read(_read_running, ["squeue", *common, f"--account={','.join(sorted(accounts))}"])

    def _nodes(self) -> list[Node]:
        try:
            return self._connected().nodes()
        except Silent as trouble:
            raise _unread(str(trouble)) from trouble

    def _answer(self, command: Sequence[str]) -> str:
        try:
            done = run_slurm(self._settings, command)
        except Silent as trouble:
            raise _unread(str(trouble)) from trouble
        if done.returncode != 0:
            raise _unread(joined([done.stderr, done.stdout]) or f"{command[0]} ended with status {done.returncode}")
        return done.stdout

    def _read(self, reader: Callable[[str], _Value], command: Sequence[str]) -> _Value:
        try:
            return reader(self._answer(command))
        except (Garbled, ValueError) as trouble:
            raise _unread(f"{command[0]} printed what it never prints: {trouble}") from trouble


def _unread(words: str) -> LimitsUnread:
    return LimitsUnread(f"{words}.", remedy="Look at slurmctld and slurmdbd; nothing was changed.")


def _offered(one: SlurmPartition, nodes: Sequence[Node], grace_seconds: int) -> limits.Offered:
    """Return what a partition offers: devices, and what of each of Slurm's resources one device takes at most."""
    own = [node for node in nodes if node.partition == one.slurm_name and devices_of_node(one, node) > 0]
    threads = threads_of(own)
    if one.on_cores:
        uses = {"cpu": threads}
    else:
        asked = -(-one.cpus_per_device // threads) * threads
        share = max((-(-node.cpus // devices_of_node(one, node)) for node in own), default=0)
        uses = {f"gres/{one.gres}": 1, "cpu": max(asked, share)}
        if one.gres_type:
            uses[f"gres/{one.gres}:{one.gres_type.lower()}"] = 1
    return limits.Offered(
        resource_class=one.resource_class,
        devices=sum(devices_of_node(one, node) for node in own),
        uses=uses,
        overhead_seconds=grace_seconds + SPARE_SECONDS + 60,  # and a limit of Slurm's is in whole minutes
    )


def _rest_of(job: _Running) -> dict[str, int]:
    rest = max(0, (job.limit_seconds or 0) - job.used_seconds)
    return {name.lower(): amount * rest for name, amount in job.allocated.items()}


def _read_running(text: str) -> list[_Running]:
    found = []
    for line in text.splitlines():
        parts = line.rstrip().removesuffix("|").split("|", len(_RUNNING_FIELDS) - 1)
        if len(parts) != len(_RUNNING_FIELDS):
            raise Garbled(f"squeue printed a line of {len(parts)} fields")
        account, partition, used, limit, allocated, name = (part.strip() for part in parts)
        limit_seconds = span_seconds(limit)
        found.append(
            _Running(
                account=account.lower(),
                partition=partition,
                name=name,
                used_seconds=int(span_seconds(used) or 0),
                limit_seconds=None if limit_seconds is None else int(limit_seconds),
                allocated=read_tres(allocated),
            )
        )
    return found
