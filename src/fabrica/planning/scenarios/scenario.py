"""A scenario: which partitions, how much work, which policy, how long. Plain values, as read from its file."""

from dataclasses import dataclass, field
from typing import Literal

from fabrica.placement.snapshot import Weights
from fabrica.planning.options import AGE_MAX_SECONDS, HALF_LIFE_SECONDS, HOUR_SECONDS, RESTART_SECONDS
from fabrica.planning.training.goodput import REPAIR_SECONDS

Role = Literal["current", "incoming", "upgrade"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What is simulated: so many days, after others that only fill the machines and are not counted."""

    days: int = 365
    warm_up_days: int = 7
    seed: int = 20261121
    replications: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPart:
    """What is taken from the reference data: systems in these roles, without these sites."""

    systems: tuple[Role, ...] = ("current",)
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """How much work there is. Shares lie in 0..1.

    `load`: of the devices' time that the work would fill, were it spread evenly. `jobs`: in the days that count; null:
    as many as the published shares of job classes make. `growth`: so many times the work of the base.
    `portable_share`: of jobs that run on any kind of accelerator. `home_share`: of those that also may run in one
    country only. The others ask for one kind, as runs do today. `largest_devices`: of one job; null: half of the
    largest partition that it may use. `trace`: a file of jobs in place of those made by chance.
    """

    load: float = 0.7
    jobs: int | None = None
    growth: float = 1.0
    portable_share: float = 0.0
    home_share: float = 0.0
    largest_devices: int | None = None
    trace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the broker weighs, as the live one does."""

    weights: Weights = field(default_factory=Weights)
    pue_assumed: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How every site starts jobs beyond EASY backfilling; each rule is off unless it is told.

    `half_life_hours`: until usage counts half in the fair share; 0: it never fades. `age_hours`: of waiting, after each
    of which it counts half for a job, up to `age_max_hours`; 0: never. `preemption`: whether jobs of a lower level make
    room, and save for `saving_seconds`. `device_hours_per_stop`: of use; 0: no node fails.
    `leaf_stop_share`: of failures that take the whole leaf. `within_leaf`: whether a job waits until it can be given as
    few leaves as its size needs; both where a site says how large its leaves are.
    `checkpoint_seconds`: of work between two; 0: a stopped job begins again.
    """

    fair_share: bool = False
    half_life_hours: float = HALF_LIFE_SECONDS / HOUR_SECONDS
    age_hours: float = 0.0
    age_max_hours: float = AGE_MAX_SECONDS / HOUR_SECONDS
    preemption: bool = False
    saving_seconds: int = 120
    device_hours_per_stop: float = 0.0
    leaf_stop_share: float = 0.0
    within_leaf: bool = False
    checkpoint_seconds: int = 0
    restart_seconds: int = RESTART_SECONDS
    repair_seconds: int = int(REPAIR_SECONDS)

    @property
    def age_seconds(self) -> tuple[int, int]:
        """After how much waiting usage counts half for a job, and up to how much; without fair share never."""
        hours = (self.age_hours, self.age_max_hours) if self.fair_share else (0.0, 0.0)
        return round(hours[0] * HOUR_SECONDS), round(hours[1] * HOUR_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """How urgent each class of made-up jobs is: a higher level goes first."""

    tests: int = 0
    experiments: int = 0
    fine_tuning: int = 0
    services: int = 0
    pretraining: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Whose the made-up jobs are. `skew`: the k-th account has k^-skew as many sittings as the first.

    `device_hours`: the grant of each, for the whole time that is simulated, with the warm-up; null: no bound.
    """

    count: int = 1
    skew: float = 1.0
    device_hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is otherwise for one account: `account 1` to `account N` of made-up jobs, or a user of the trace."""

    name: str
    share: float = 1.0
    device_hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours in which devices are out of use, or reserved. Null: every site, every partition.

    `devices`: null for all. `every_days`: after so many days again, to the end. `accounts`: whose jobs run in it: a
    reservation; none for maintenance, or where it is for others.
    """

    from_day: float
    hours: float
    site: str | None = None
    partition: str | None = None
    devices: int | None = None
    every_days: float | None = None
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSite:
    """A site of the scenario's own: planned, or assumed. `basis`: what its figures rest on.

    `devices`: null for as many as the programme plans for a gigafactory. `opens_on_day`: the first day of its work.
    `leaf_nodes`: nodes of one leaf switch, rail group or rack of linked devices; null: it has no leaves.
    `pod_leaves`: leaves of one pod; null: they stand side by side.
    The files hold a number for each hour of the year; they go before the yearly figures.
    """

    id: str
    country: str
    accelerator: str
    basis: str
    devices: int | None = None
    name: str = ""
    node_devices: int = 4
    leaf_nodes: int | None = None
    pod_leaves: int | None = None
    pue: float | None = None
    gco2e_per_kwh: float | None = None
    eur_per_kwh: float | None = None
    gco2e_per_kwh_file: str | None = None
    eur_per_kwh_file: str | None = None
    opens_on_day: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is otherwise at a site, or at one of its partitions. Null: as in the reference data, or in the base."""

    site: str
    partition: str | None = None
    closed_from_day: float | None = None
    closed_to_day: float | None = None
    devices: int | None = None
    leaf_nodes: int | None = None
    pod_leaves: int | None = None
    pue: float | None = None
    gco2e_per_kwh: float | None = None
    eur_per_kwh: float | None = None
    gco2e_per_kwh_file: str | None = None
    eur_per_kwh_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole scenario. `base`: the one it changes; its network is what the work is drawn for, so that a pair compares
    the same jobs."""

    name: str
    description: str = ""
    base: "Scenario | None" = None
    period: Period = Period()
    network: NetworkPart = NetworkPart()
    work: Work = Work()
    policy: Policy = Policy()
    rules: Rules = Rules()
    levels: Levels = Levels()
    accounts: Accounts = Accounts()
    named_accounts: tuple[Account, ...] = ()
    windows: tuple[Window, ...] = ()
    sites: tuple[OwnSite, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def has_grants(self) -> bool:
        own = (one.device_hours for one in self.named_accounts)
        return any(hours is not None for hours in (self.accounts.device_hours, *own))

    @property
    def leaf_nodes(self) -> tuple[int | None, ...]:
        """How large leaves are, wherever that is told."""
        return (*(site.leaf_nodes for site in self.sites), *(change.leaf_nodes for change in self.changes))

    @property
    def pod_leaves(self) -> tuple[int | None, ...]:
        """How large pods are, wherever that is told."""
        return (*(site.pod_leaves for site in self.sites), *(change.pod_leaves for change in self.changes))
