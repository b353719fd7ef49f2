"""A snapshot as the kernel's numbers."""

import math
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from fabrica.placement import columns as c
from fabrica.placement.kernel import Table, Vector
from fabrica.placement.snapshot import CandidateState, Needs, Policy, Snapshot, tie
from fabrica.wire.placement import SnapshotMalformed

# One value per candidate.
Column = Sequence[Any]


class Encoded(NamedTuple):
    """The kernel's three inputs as lists of floats; `numpy.array` of each is what the compiled kernel takes."""

    facts: Table
    needs: Vector
    policy: Vector


def encode(snapshot: Snapshot) -> Encoded:
    """Return a snapshot as numbers, one row per candidate in the snapshot's order.

    Raises:
        SnapshotMalformed: a number is not finite.
    """
    return Encoded(
        facts=encode_candidates(snapshot.needs, snapshot.candidates),
        needs=_encode_needs(snapshot.needs),
        policy=encode_policy(snapshot.policy),
    )


# What a candidate says, in the order of the kernel's columns.
_SAYS = attrgetter(
    "word_age_seconds",
    "draining",
    "simulated",
    "resource_class",
    "software_stack",
    "containers",
    "interactive",
    "nodes",
    "devices_per_node",
    "devices_total",
    "memory_bytes_per_node",
    "disk_free_bytes",
    "time_limit_seconds_max",
    "nodes_per_run_max",
    "maintenance_starts_in_seconds",
    "wait_q50_seconds",
    "wait_q90_seconds",
    "wait_samples",
    "devices_spare",
    "relative_speed",
    "device_watts",
    "pue",
    "gco2e_per_kwh",
    "failure_share",
    "link_bytes_per_second",
    "country",
    "site",
    "declined",
    "site_account",
    "own_site",
    "data_here_bytes",
    "allocation_free_milliseconds",
    "allocation_starts_in_seconds",
    "allocation_ends_in_seconds",
    "reserve_milliseconds",
)


def encode_candidates(needs: Needs, candidates: Sequence[CandidateState]) -> list[list[float]]:
    """Return the candidates' rows for one run. The codes of texts are 0 for what the run asks, 1 for anything else.

    A candidate of another resource class never comes to a tie, so none is drawn for it.
    """
    if not candidates:
        return []
    columns: list[Column] = list(zip(*map(_SAYS, candidates), strict=True))
    other_class = [has != needs.resource_class for has in columns[c.RESOURCE_CLASS]]
    columns[c.RESOURCE_CLASS] = other_class
    columns[c.SOFTWARE_STACK] = [
        None if has is None else has != needs.software_stack for has in columns[c.SOFTWARE_STACK]
    ]
    columns[c.COUNTRY_ALLOWED] = [
        needs.countries is None or country in needs.countries for country in columns[c.COUNTRY_ALLOWED]
    ]
    columns[c.SITE_ALLOWED] = [needs.sites is None or site in needs.sites for site in columns[c.SITE_ALLOWED]]
    columns.append(
        [
            None if other else tie(needs.run, candidate.site, candidate.partition)
            for other, candidate in zip(other_class, candidates, strict=True)
        ]
    )
    return [list(row) for row in zip(*(_floats(column, candidates) for column in columns), strict=True)]


def _floats(column: Column, candidates: Sequence[CandidateState]) -> list[float]:
    """Return a column as floats, an unknown number as NaN; where all candidates are alike, the first tells of all."""
    alike = column.count(column[0]) == len(column)
    told = column[:1] if alike else column
    if not math.isfinite(sum(filter(None, told))):  # one sum tells of any number that is not
        _check_each(column, candidates)
    floats = [math.nan if number is None else float(number) for number in told]
    return floats * len(column) if alike else floats


def _check_each(column: Column, candidates: Sequence[CandidateState]) -> None:
    for number, candidate in zip(column, candidates, strict=True):
        if number is not None and not math.isfinite(number):
            raise SnapshotMalformed(
                f"A number of partition {candidate.partition} of site {candidate.site} is not finite."
            )


def _encode_needs(needs: Needs) -> list[float]:
    vector = [0.0] * c.NEEDS
    vector[c.NEEDS_SOFTWARE_STACK] = math.nan if needs.software_stack is None else 0.0
    vector[c.NEEDS_CONTAINERS] = float(needs.containers)
    vector[c.NEEDS_INTERACTIVE] = float(needs.interactive)
    vector[c.NEEDS_NODES] = float(needs.nodes)
    vector[c.NEEDS_DEVICES_PER_NODE] = float(needs.devices_per_node)
    vector[c.NEEDS_MEMORY_BYTES_PER_NODE] = float(needs.memory_bytes_per_node)
    vector[c.NEEDS_DISK_BYTES] = float(needs.disk_bytes)
    vector[c.NEEDS_TIME_LIMIT_SECONDS] = float(needs.time_limit_seconds)
    vector[c.NEEDS_EXPECTED_SECONDS] = math.nan if needs.expected_seconds is None else float(needs.expected_seconds)
    vector[c.NEEDS_DATA_BYTES] = math.nan if needs.data_bytes is None else float(needs.data_bytes)
    vector[c.NEEDS_ACCEPT_SIMULATED] = float(needs.accept_simulated)
    return vector


def encode_policy(policy: Policy) -> list[float]:
    """Return a policy's numbers: the weights in the order of the terms, then the rest."""
    weights = policy.weights
    return [
        float(weights.time_to_result),
        float(weights.carbon),
        float(weights.balance),
        float(weights.risk),
        float(weights.movement),
        float(policy.fresh_seconds),
        float(policy.wait_samples_min),
        float(policy.pue_assumed),
    ]
