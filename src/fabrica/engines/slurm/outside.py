"""Jobs in mapped Slurm accounts that did not come from this agent, as accounting tells them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fabrica.engines.slurm.jobs import NAME_PREFIX, Garbled, devices_of, read_tres
from fabrica.engines.slurm.settings import SlurmPartition
from fabrica.values.ids import AttemptId, ProjectId
from fabrica.wire.ledger import OutsideStart
from fabrica.wire.limits import OutsideReported

FIELDS = (
    *("Cluster", "JobID", "Account", "User", "Partition", "Start", "End", "ElapsedRaw", "AllocTRES"),
    "JobName",  # last: it may hold the separator
)
FORMAT = ",".join(FIELDS)


@dataclass(frozen=True, slots=True)
class Start:
    """One start of one job of whoever. Times are epoch seconds; `ended_at` null: it runs."""

    cluster: str
    job: str
    account: str
    user: str
    partition: str
    name: str
    started_at: int
    ended_at: int | None
    elapsed_seconds: int
    allocated: Mapping[str, int]

    @property
    def claims(self) -> AttemptId | None:
        """The attempt of ours that the job's name says it is."""
        try:
            return AttemptId.parse(self.name.removeprefix(NAME_PREFIX)) if self.name.startswith(NAME_PREFIX) else None
        except ValueError:
            return None


def read_starts(text: str) -> list[Start]:
    """Read what `sacct -X -D -n -P` printed; jobs that never started are left out.

    Raises:
        Garbled: a line has too few fields.
    """
    starts = []
    for line in text.splitlines():
        parts = line.split("|", len(FIELDS) - 1)
        if len(parts) != len(FIELDS):
            raise Garbled(f"sacct printed a line of {len(parts)} fields")
        told = dict(zip(FIELDS, parts, strict=True))
        allocated = read_tres(told["AllocTRES"])
        if not told["Start"].isdecimal() or not allocated:
            continue
        starts.append(
            Start(
                cluster=told["Cluster"],
                job=told["JobID"],
                account=told["Account"].lower(),
                user=told["User"],
                partition=told["Partition"],
                name=told["JobName"],
                started_at=int(told["Start"]),
                ended_at=int(told["End"]) if told["End"].isdecimal() else None,
                elapsed_seconds=int(told["ElapsedRaw"] or 0),
                allocated=allocated,
            )
        )
    return starts


def partition_of(
    start_partition: str, allocated: Mapping[str, int], offered: Sequence[SlurmPartition]
) -> SlurmPartition | None:
    """Return as which of Fabrica's partitions a job counts; None: it holds nothing that is offered.

    By its accelerator, first in its own Slurm partition, then in any; by cores where it holds no accelerator.
    """
    here = [one for one in offered if one.slurm_name == start_partition]
    for among in (here, offered):
        for one in among:
            if not one.on_cores and _holds(one, allocated):
                return one
    if any(name.startswith("gres/") for name in allocated):
        return None
    on_cores = [one for one in (*here, *offered) if one.on_cores]
    return on_cores[0] if on_cores else None


def _holds(one: SlurmPartition, allocated: Mapping[str, int]) -> bool:
    typed = [name for name in allocated if name.startswith(f"gres/{one.gres}:")]
    if one.gres_type is not None and typed:
        return f"gres/{one.gres}:{one.gres_type}" in typed
    return bool(typed) or f"gres/{one.gres}" in allocated


def reported(
    starts: Iterable[Start],
    offered: Sequence[SlurmPartition],
    projects: Mapping[str, ProjectId],
    *,
    is_own: Callable[[AttemptId], bool],
    threads_per_core: int,
) -> list[OutsideReported]:
    """Return what is told of starts that are none of this agent's. `projects`: by Slurm account.

    Of a job whose name claims an attempt the server decides; it is asked once the job has ended.
    """
    found = []
    for start in starts:
        claims = start.claims
        counts_as = partition_of(start.partition, start.allocated, offered)
        project = projects.get(start.account)
        if project is None or counts_as is None:
            continue
        if claims is not None and (is_own(claims) or start.ended_at is None):
            continue
        devices = devices_of(start.allocated, gres=None if counts_as.on_cores else counts_as.gres)
        devices = -(-devices // threads_per_core) if counts_as.on_cores else devices
        told = OutsideStart(
            cluster=start.cluster,
            job=start.job,
            started_at=datetime.fromtimestamp(start.started_at, UTC),
            ended_at=None if start.ended_at is None else datetime.fromtimestamp(start.ended_at, UTC),
            resource_class=counts_as.resource_class,
            devices=devices,
            device_milliseconds=devices * start.elapsed_seconds * 1000,
            partition=start.partition[:100],
            slurm_account=start.account[:100],
            site_user=start.user[:100],
        )
        found.append(OutsideReported(project=project, start=told, attempt=claims))
    return found
