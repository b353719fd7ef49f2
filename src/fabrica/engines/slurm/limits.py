"""A project's allocation as limits of its Slurm account (`GrpTRESMins`): what they should be, and what stands.

Slurm holds a job back while `counted + committed + its devices x its limit > GrpTRESMins`, where `counted` is what the
account's jobs have used and `committed` what its running jobs may still use by their limits. The ledger is to refuse
first and Slurm never to stop a run that the ledger allowed, so a limit is rounded up and covers what a job's limit in
Slurm is longer than its run's. Source: Slurm's documentation of resource limits and of AccountingStorageEnforce.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fabrica.engines.slurm.jobs import read_tres
from fabrica.values.quantities import CPU_CORE
from fabrica.wire.limits import Remaining

_TRUNCATED_MINUTES = 2  # Slurm tells what it counted and what is committed in whole minutes, each cut off


@dataclass(frozen=True, slots=True)
class Standing:
    """One Slurm account as Slurm has it now, in minutes by Slurm's name of the resource."""

    account: str
    counted: Mapping[str, int] = field(default_factory=dict)
    committed: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offered:
    """What a site offers of one resource class. `uses`: units of Slurm's resources that one device takes at most.

    `overhead_seconds`: how much longer a job's limit in Slurm may be than its run's.
    """

    resource_class: str
    devices: int
    uses: Mapping[str, int]
    overhead_seconds: int


@dataclass(frozen=True, slots=True)
class OwnRunning:
    """A run of ours that Slurm runs now: what of its reservation it may still use, in device-seconds."""

    resource_class: str
    rest_device_seconds: int


@dataclass(frozen=True, slots=True)
class OutsideRunning:
    """A job that runs now and is none of ours: what it may still use by its limit, in resource-seconds."""

    rest_seconds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A limit in minutes, and between what it may stand: lower would stop runs, higher is no wall."""

    resource: str
    minutes: int
    low: int
    high: int

    def is_met(self, stands: int | None) -> bool:
        return stands is not None and self.low <= stands <= self.high


def together(offers: Iterable[Offered]) -> list[Offered]:
    """Return one offer for each resource class: devices of all its partitions, of the other figures the largest."""
    found: dict[str, Offered] = {}
    for offer in offers:
        known = found.get(offer.resource_class)
        if known is None:
            found[offer.resource_class] = offer
            continue
        uses = {name: max(known.uses.get(name, 0), offer.uses.get(name, 0)) for name in {*known.uses, *offer.uses}}
        found[offer.resource_class] = Offered(
            offer.resource_class,
            known.devices + offer.devices,
            uses,
            max(known.overhead_seconds, offer.overhead_seconds),
        )
    return list(found.values())


def untracked(offers: Iterable[Offered], resources: Sequence[str]) -> list[str]:
    """Return for which offered devices no limit can stand, because the site's accounting does not count them."""
    return [
        f"{offer.resource_class} has no wall: add {_devices(offer)} to AccountingStorageTRES."
        for offer in offers
        if not {name for name in offer.uses if name != "cpu" or offer.resource_class == CPU_CORE} & set(resources)
    ]


def _devices(offer: Offered) -> str:
    return next((name for name in offer.uses if name != "cpu"), "cpu")


def mirrored(offers: Iterable[Offered], tracked: Iterable[str]) -> list[str]:
    """Return Slurm's resources that get a limit: those of the offered devices that the site's accounting tracks.

    CPUs are limited only where cores themselves are offered.
    """
    offered = tuple(offers)
    on_cores = any(offer.resource_class == CPU_CORE for offer in offered)
    known = {resource for offer in offered for resource in offer.uses if resource != "cpu" or on_cores}
    return sorted(known & set(tracked))


def wanted(
    resource: str,
    standing: Standing,
    offers: Sequence[Offered],
    remaining: Iterable[Remaining],
    own: Iterable[OwnRunning],
    outside: Iterable[OutsideRunning],
) -> Wanted:
    """Return what one limit should be.

    All that Slurm has counted and committed, less what jobs of others only may still use, more what the ledger would
    still let runs use here. A job of others thus takes from what is left, and a run of ours takes what it holds.
    """
    by_class = {offer.resource_class: offer for offer in offers}
    still = {one.resource_class: one.available_milliseconds + one.held_milliseconds for one in remaining}
    taken: dict[str, int] = {}
    for run in own:  # what a running run still holds is in what Slurm has committed for it already
        taken[run.resource_class] = taken.get(run.resource_class, 0) + run.rest_device_seconds
    seconds = 60 * (standing.counted.get(resource, 0) + standing.committed.get(resource, 0))
    seconds -= sum(job.rest_seconds.get(resource, 0) for job in outside)
    margin = 0
    for kind, milliseconds in still.items():
        offer = by_class.get(kind)
        uses = offer.uses.get(resource, 0) if offer else 0
        left = max(0, math.ceil(milliseconds / 1000) - taken.get(kind, 0))
        seconds += uses * left
        margin += uses * (offer.overhead_seconds if offer else 0) * min(offer.devices if offer else 0, left)
    base = max(0, math.ceil(seconds / 60))
    if margin == 0:  # nothing is left to start, so lower stops nothing
        return Wanted(resource, base, 0, base + _TRUNCATED_MINUTES)
    low = base + _TRUNCATED_MINUTES + math.ceil(margin / 60)
    slack = max(1, math.ceil(margin / 60) // 4)
    return Wanted(resource, low + slack, low, low + 2 * slack)


def words_of(want: Wanted, stands: int | None) -> str:
    """Say in words how a limit stands that is not as wanted."""
    if stands is None:
        return f"There is no limit of {want.resource}: jobs that go round Fabrica are not stopped."
    if stands < want.low:
        return f"The limit of {want.resource} is {want.low - stands} minutes too low: it may stop a granted run."
    return f"The limit of {want.resource} is {stands - want.minutes} minutes too high: more could be used than is left."


def weaknesses(config: Mapping[str, str]) -> list[str]:
    """Return what in a site's configuration makes its limits less than a wall; empty: nothing."""
    found = []
    enforced = {word.strip().lower() for word in config.get("AccountingStorageEnforce", "").split(",")}
    if not enforced & {"limits", "safe", "all"}:
        found.append(
            "Slurm enforces no limits here, so there is no wall: add limits and safe to AccountingStorageEnforce."
        )
    elif not enforced & {"safe", "all"}:
        found.append(
            "AccountingStorageEnforce has no safe: a job starts although it cannot end within its limit, and is killed "
            "when it gets there."
        )
    if config.get("PriorityType", "").strip() != "priority/multifactor":
        found.append("GrpTRESMins needs PriorityType=priority/multifactor; with another one nothing is counted.")
    if config.get("PriorityDecayHalfLife", "").strip() not in ("", "0", "00:00:00"):
        found.append(
            f"PriorityDecayHalfLife is {config['PriorityDecayHalfLife']}: what Slurm has counted fades, and a limit "
            "grows too high by that until it is set again; 0 keeps it."
        )
    if config.get("PriorityUsageResetPeriod", "").strip().upper() not in ("", "NONE"):
        found.append(
            f"PriorityUsageResetPeriod is {config['PriorityUsageResetPeriod']}: at each reset a limit becomes too high "
            "by all that was counted, until it is set again."
        )
    return found


def tracked_resources(config: Mapping[str, str]) -> list[str]:
    """Return which resources a site's accounting counts, by Slurm's names."""
    return [word.strip().lower() for word in config.get("AccountingStorageTRES", "").split(",") if word.strip()]


def read_usage(text: str) -> dict[str, tuple[dict[str, int], dict[str, int]]]:
    """Read `sshare -nP -o Account,User,GrpTRESRaw,TRESRunMins`: counted and committed minutes of each account."""
    found = {}
    for line in text.splitlines():
        parts = line.split("|")
        if len(parts) >= 4 and not parts[1].strip():
            found[parts[0].strip().lower()] = (read_tres(parts[2]), read_tres(parts[3]))
    return found


def read_limits(text: str) -> tuple[dict[str, dict[str, int]], dict[str, str]]:
    """Read `sacctmgr -nP show assoc format=Account,User,ParentName,GrpTRESMins`: limits and the parent of accounts."""
    limits: dict[str, dict[str, int]] = {}
    parents: dict[str, str] = {}
    for line in text.splitlines():
        parts = line.split("|")
        if len(parts) >= 4 and not parts[1].strip():
            account = parts[0].strip().lower()
            limits[account] = read_tres(parts[3])
            parents[account] = parts[2].strip().lower()
    return limits, parents


def owners(accounts: Iterable[str], parents: Mapping[str, str]) -> dict[str, str]:
    """Return for each account the mapped one it counts towards: itself, or the nearest above it."""
    mapped = set(accounts)
    found: dict[str, str] = {account: account for account in mapped}
    for account in parents:
        above, seen = account, set[str]()
        while above and above not in mapped and above not in seen:
            seen.add(above)
            above = parents.get(above, "")
        if above in mapped:
            found[account] = above
    return found
