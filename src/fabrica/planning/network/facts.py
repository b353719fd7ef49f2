"""What the broker's kernel is given: rows of facts, the numbers of its policy, and who may use what."""

import math
from collections.abc import Sequence

from fabrica.placement import columns as c
from fabrica.placement.encode import encode_policy
from fabrica.placement.snapshot import DEFAULT_POLICY
from fabrica.planning.network.asks import Ask
from fabrica.planning.network.partitions import Partition
from fabrica.planning.scenarios.scenario import Policy

FREE_MILLISECONDS = 2.0**53


def facts_of(partitions: Sequence[Partition]) -> list[list[float]]:
    """Return the kernel's rows, but for the columns that differ from job to job.

    What is not simulated is as good as can be: every site's agent speaks, and an allocation has no end.
    """
    facts = [[math.nan] * c.FACTS for _ in partitions]
    for row, one in zip(facts, partitions, strict=True):
        for column in (c.AGENT_AGE_SECONDS, c.DRAINING, c.SIMULATED, c.DECLINED, c.ALLOCATION_STARTS_IN_SECONDS):
            row[column] = 0.0
        row[c.ALLOCATION_FREE_MILLISECONDS] = FREE_MILLISECONDS
        row[c.RESERVE_MILLISECONDS] = 0.0
        row[c.NODES] = one.devices // one.node_devices
        row[c.DEVICES_PER_NODE] = one.node_devices
        row[c.DEVICES_TOTAL] = one.devices
        for column, known in (
            (c.DEVICE_WATTS, one.tdp_watts),
            (c.PUE, one.pue),
            (c.GCO2E_PER_KWH, one.gco2e_per_kwh),
        ):
            row[column] = math.nan if known is None else known
    return facts


def needs_of_none() -> list[float]:
    """Return the kernel's needs, but for the columns that differ from job to job; software is not simulated."""
    needs = [0.0] * c.NEEDS
    needs[c.NEEDS_SOFTWARE_STACK] = math.nan
    return needs


def policy_numbers(policy: Policy) -> list[float]:
    """Return a scenario's policy as the kernel reads it."""
    numbers = list(encode_policy(DEFAULT_POLICY))
    numbers[: c.TERMS] = [
        float(getattr(policy.weights, name)) for name in ("time_to_result", "carbon", "balance", "risk", "movement")
    ]
    pue = DEFAULT_POLICY.pue_assumed if policy.pue_assumed is None else policy.pue_assumed
    numbers[c.POLICY_PUE_ASSUMED] = float(pue)
    return numbers


def asks_table(asks: Sequence[Ask], partitions: Sequence[Partition]) -> list[list[tuple[float, float, float]]]:
    """Return for each ask and partition what is told of the two, in the order of codes.py."""
    return [
        [
            (
                float(not ask.accepts_class(partition)),
                float(ask.country in (None, partition.country)),
                ask.speed(partition),
            )
            for partition in partitions
        ]
        for ask in asks
    ]
