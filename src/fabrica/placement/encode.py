"""A snapshot as the kernel's numbers."""

import math
from operator import attrgetter
from typing import NamedTuple

from fabrica.placement import columns as c
from fabrica.placement.kernel import Table, Vector
from fabrica.placement.snapshot import CandidateState, Needs, Policy, Snapshot, tie
from fabrica.wire.placement import SnapshotMalformed


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
        facts=[encode_candidate(snapshot.needs, candidate) for candidate in snapshot.candidates],
        needs=_encode_needs(snapshot.needs),
        policy=encode_policy(snapshot.policy),
    )


# The columns that are an attribute's own number, in the order of the kernel's columns.
_NUMBERS_BEFORE_COUNTRY = attrgetter(
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
    "relative_speed",
    "device_watts",
    "pue",
    "gco2e_per_kwh",
    "failure_share",
    "link_bytes_per_second",
)
_NUMBERS_AFTER_COUNTRY = attrgetter(
    "declined",
    "data_here_bytes",
    "allocation_free_milliseconds",
    "allocation_starts_in_seconds",
    "allocation_ends_in_seconds",
    "reserve_milliseconds",
)


def encode_candidate(needs: Needs, candidate: CandidateState) -> list[float]:
    """Return one candidate's row for one run. The codes of texts are 0 for what the run asks, 1 for anything else.

    A candidate of another resource class never comes to a tie, so none is drawn for it.
    """
    stack = candidate.software_stack
    other_class = candidate.resource_class != needs.resource_class
    numbers = (
        candidate.agent_age_seconds,
        candidate.draining,
        candidate.simulated,
        other_class,
        None if stack is None else stack != needs.software_stack,
        candidate.containers,
        *_NUMBERS_BEFORE_COUNTRY(candidate),
        needs.countries is None or candidate.country in needs.countries,
        *_NUMBERS_AFTER_COUNTRY(candidate),
        None if other_class else tie(needs.run, candidate.site, candidate.partition),
    )
    if not math.isfinite(sum(filter(None, numbers))):  # one sum tells of any number that is not
        raise SnapshotMalformed(f"A number of partition {candidate.partition} of site {candidate.site} is not finite.")
    return [math.nan if number is None else float(number) for number in numbers]


def _encode_needs(needs: Needs) -> list[float]:
    vector = [0.0] * c.NEEDS
    vector[c.NEEDS_SOFTWARE_STACK] = math.nan if needs.software_stack is None else 0.0
    vector[c.NEEDS_CONTAINERS] = float(needs.containers)
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
