"""What holds for every job of a year: the broker's policy, the rules of sites, whose jobs they are, how long it is."""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fabrica.planning.engine.site_rules import SiteRules, Window
from fabrica.planning.network.codes import CLOSES, COUNTED_EVERY_SECONDS, IS_OVER, OPENS
from fabrica.planning.network.demand import Demand
from fabrica.planning.network.partitions import Partition
from fabrica.planning.options import HOUR_SECONDS, age_steps
from fabrica.planning.scenarios.scenario import Policy, Rules, Scenario
from fabrica.planning.workload_classes import DAY, HOUR
from fabrica.wire.planning import NetworkImpossible


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What holds for every job. `shares`, `grants`: of accounts by their number, the latter in device-seconds.

    `numbers`: of the accounts that windows name. `classes`, `accounts`, `levels`: how many there are.
    `seed`, `replication`: where the chance of failures begins.
    """

    policy: Policy = field(default_factory=Policy)
    rules: Rules = field(default_factory=Rules)
    classes: int = 1
    accounts: int = 1
    levels: int = 1
    shares: Mapping[int, float] = field(default_factory=dict)
    grants: Mapping[int, int] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    days: int = 0
    warm_up_days: int = 0
    seed: int = 0
    replication: int = 0


def setting_of(scenario: Scenario, demand: Demand, replication: int) -> Setting:
    """Return the setting of one replication.

    Raises:
        NetworkImpossible: the scenario names an account that has no jobs.
    """
    number_of = {name: number for number, name in enumerate(demand.accounts)}
    reserved = [name for window in scenario.windows for name in window.accounts]
    for name in (*(one.name for one in scenario.named_accounts), *reserved):
        if name not in number_of:
            raise NetworkImpossible(
                f"No job is of the account {name!r}.",
                remedy=f"There are {demand.accounts[0]!r} to {demand.accounts[-1]!r}: [accounts] tells how many.",
            )
    hours = dict.fromkeys(range(len(demand.accounts)), scenario.accounts.device_hours)
    hours |= {number_of[one.name]: one.device_hours for one in scenario.named_accounts if one.device_hours is not None}
    trace = demand.trace
    levels = max(demand.levels) if trace is None else max(trace.levels or (0,))
    return Setting(
        policy=scenario.policy,
        rules=scenario.rules,
        classes=len(demand.classes),
        accounts=len(demand.accounts),
        levels=levels + 1,
        shares={number_of[one.name]: one.share for one in scenario.named_accounts},
        grants={number: round(each * HOUR_SECONDS) for number, each in hours.items() if each is not None},
        numbers={name: number_of[name] for name in reserved},
        days=scenario.period.days,
        warm_up_days=scenario.period.warm_up_days,
        seed=demand.seed,
        replication=replication,
    )


def site_rules(setting: Setting, partition: Partition) -> SiteRules:
    """Return the engine's rules of a partition. Its failures do not depend on what other partitions there are."""
    rules = setting.rules
    return SiteRules(
        capacity=partition.devices,
        node_devices=partition.node_devices,
        accounts=setting.accounts,
        levels=setting.levels,
        is_fair=rules.fair_share,
        half_life_seconds=round(rules.half_life_hours * HOUR_SECONDS),
        age_seconds=rules.age_seconds[0],
        age_steps=age_steps(*rules.age_seconds),
        preempts=rules.preemption,
        saving_seconds=rules.saving_seconds,
        leaf_nodes=partition.leaf_nodes,
        pod_leaves=partition.pod_leaves,
        within_leaf=rules.within_leaf and partition.leaf_nodes > 0,
        device_seconds_per_stop=rules.device_hours_per_stop * HOUR_SECONDS,
        leaf_stop_share=rules.leaf_stop_share if partition.leaf_nodes else 0.0,
        checkpoint_seconds=rules.checkpoint_seconds,
        restart_seconds=rules.restart_seconds,
        repair_seconds=rules.repair_seconds,
        seed=zlib.crc32(f"{setting.seed}/{setting.replication}/{partition.key}".encode()),
        kinds=setting.classes,
        use_from=setting.warm_up_days * DAY,
        use_hours=setting.days * DAY // HOUR,
    )


def windows_of(setting: Setting, partition: Partition) -> list[Window]:
    """Return the engine's windows of a partition, in seconds from the start of the warm-up."""
    before, numbers = setting.warm_up_days * DAY, setting.numbers
    return [
        (start + before, end + before, units, tuple(sorted({numbers[name] for name in accounts})))
        for start, end, units, accounts in partition.windows
    ]


def maintenance_of(setting: Setting, partition: Partition) -> list[tuple[int, int]]:
    """Return the starts and ends of the windows that take all of a partition and give it to nobody, in order."""
    windows = windows_of(setting, partition)
    return [(start, end) for start, end, units, users in windows if units == partition.devices and not users]


def changes_of(partitions: Sequence[Partition], setting: Setting) -> list[tuple[int, int, int]]:
    """Return when what changes at which partition, by time, in seconds from the start of the warm-up."""
    found, before = [], setting.warm_up_days
    for row, one in enumerate(partitions):
        for start, end in merged(one.closed):
            found.append((0 if math.isinf(start) else round((start + before) * DAY), row, CLOSES))
            found.append((round((end + before) * DAY), row, OPENS))
        for _, end in maintenance_of(setting, one):
            found.append(((end // COUNTED_EVERY_SECONDS + 1) * COUNTED_EVERY_SECONDS, row, IS_OVER))
    return sorted(found)


def merged(closed: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return closures in order, those that touch or overlap as one."""
    found: list[tuple[float, float]] = []
    for start, end in sorted(closed):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
