"""How long jobs of the whole site waited, by Slurm's accounting: everybody's, for the next run waits behind all."""

from collections.abc import Callable, Sequence

from fabrica.engines.contract import JobWait
from fabrica.engines.slurm.cluster_text import count_gres
from fabrica.engines.slurm.jobs import Garbled, read_tres
from fabrica.engines.slurm.settings import SlurmPartition

_FIELDS = ("Partition", "Submit", "Eligible", "Start", "State", "ReqTRES", "TimelimitRaw")
_NEVER = frozenset({"", "Unknown", "None", "N/A"})
_GRES = "gres/"


def sacct_options(since_seconds: int) -> list[str]:
    """Return the options that ask for every job of the last `since_seconds`; no name of a person is asked for."""
    common = ["--allusers", "--allocations", "--noheader", "--parsable2", f"--starttime=now-{since_seconds}"]
    return [*common, "--endtime=now", f"--format={','.join(_FIELDS)}"]


def read_waits(
    text: str, partitions: Sequence[SlurmPartition], *, now: int, threads: Callable[[], int]
) -> list[JobWait]:
    """Read what sacct printed for `sacct_options` as waits at Fabrica's partitions.

    A job waits from when it may start: neither a dependency nor a start asked for later counts. `threads`: hardware
    threads of one core.

    Raises:
        Garbled: a line has another number of fields.
    """
    found = []
    for line in text.splitlines():
        parts = line.split("|")
        if len(parts) != len(_FIELDS):
            raise Garbled(f"sacct printed a line of {len(parts)} fields")
        told = dict(zip(_FIELDS, parts, strict=True))
        began = _instant(told["Eligible"]) or _instant(told["Submit"])
        started = _instant(told["Start"])
        pending = told["State"].startswith("PENDING")
        if began is None or began > now or (started is None and not pending):
            continue
        asked = read_tres(told["ReqTRES"])
        for mine in partitions:
            devices = _devices(mine, asked, threads)
            if devices and mine.slurm_name in told["Partition"].split(","):
                found.append(
                    JobWait(
                        partition=mine.name,
                        waited_seconds=max(0, (now if pending else started or now) - began),
                        devices=devices,
                        limit_seconds=60 * (int(told["TimelimitRaw"]) if told["TimelimitRaw"].isdecimal() else 0),
                        started_at=None if pending else started,
                    )
                )
    return found


def _devices(mine: SlurmPartition, asked: dict[str, int], threads: Callable[[], int]) -> int:
    """Return the devices of the partition's kind that a job asked for; none: it waits for something else."""
    devices = {name.removeprefix(_GRES): count for name, count in asked.items() if name.startswith(_GRES)}
    if mine.on_cores:
        return 0 if devices else -(-asked.get("cpu", 0) // threads())
    typed = {name: count for name, count in devices.items() if ":" in name}
    return devices.get(mine.gres, 0) if not typed else count_gres(typed, mine.gres, mine.gres_type)


def _instant(text: str) -> int | None:
    return None if text in _NEVER or not text.isdecimal() else int(text)
