"""The simulated schedule: when each pretended run starts and ends. Pure; seconds are simulated seconds."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from fabrica.values.states import EndReason
from fabrica.wire.agents import PartitionInventory


@dataclass(frozen=True, slots=True)
class SimulatedAttempt:
    """One pretended run. Times are simulated seconds; `nodes_held` are the numbers of its nodes once it started."""

    attempt: str
    folder: str
    name: str
    partition: str
    nodes: int
    devices: int
    memory_bytes: int
    lasts_seconds: float
    exit_code: int | None
    reason: EndReason
    started_at: float | None = None
    ended_at: float | None = None
    nodes_held: tuple[int, ...] = ()

    @property
    def running(self) -> bool:
        return self.started_at is not None and self.ended_at is None

    @property
    def ends_at(self) -> float:
        """When a running attempt will have ended."""
        return (self.started_at or 0.0) + self.lasts_seconds


class Pretence(NamedTuple):
    """How a command is pretended to run: how long, and how it ends."""

    lasts_seconds: float
    exit_code: int | None
    reason: EndReason


def pretend(attempt: str, command: Sequence[str], *, time_limit_seconds: int) -> Pretence:
    """Return how a command is pretended to run; the same attempt and command always give the same answer.

    `true`, `false`, `sleep SECONDS` and `sh -c 'exit CODE'` are taken at their word. Any other command ends well after
    a tenth to seven tenths of its time limit: the share is drawn from the SHA-256 of the attempt's id.
    """
    lasts_seconds, exit_code = _plain_command(command) or (_drawn_share(attempt) * time_limit_seconds, 0)
    if lasts_seconds >= time_limit_seconds:
        return Pretence(float(time_limit_seconds), None, EndReason.TIME_LIMIT)
    return Pretence(lasts_seconds, exit_code, EndReason.EXIT_NONZERO if exit_code else EndReason.COMPLETED)


def _plain_command(command: Sequence[str]) -> tuple[float, int] | None:
    match tuple(command):
        case ("true",):
            return 0.0, 0
        case ("false",):
            return 0.0, 1
        case ("sleep", seconds) if re.fullmatch(r"\d+(\.\d+)?", seconds, re.ASCII):
            return float(seconds), 0
        case ("sh", "-c", script) if match := re.fullmatch(r"exit (\d{1,3})", script, re.ASCII):
            return 0.0, int(match[1]) % 256
    return None


def _drawn_share(attempt: str) -> float:
    drawn = int.from_bytes(hashlib.sha256(attempt.encode()).digest()[:8]) / 2**64
    return 0.1 + 0.6 * drawn


def advance(
    attempts: Sequence[SimulatedAttempt],
    partitions: Mapping[str, PartitionInventory],
    *,
    since: float,
    now: float,
) -> tuple[SimulatedAttempt, ...]:
    """Return the attempts as they are at `now`, when `attempts` was true at `since`: ends and starts in their order."""
    current = {one.attempt: one for one in attempts}
    moment = since
    while True:
        _start_what_fits(current, partitions, moment)
        due = [one for one in current.values() if one.running and one.ends_at <= now]
        if not due:
            return tuple(current.values())
        first = min(due, key=lambda one: one.ends_at)
        moment = max(moment, first.ends_at)
        current[first.attempt] = replace(first, ended_at=first.ends_at)


def _start_what_fits(
    current: dict[str, SimulatedAttempt], partitions: Mapping[str, PartitionInventory], moment: float
) -> None:
    """Start waiting attempts, oldest first; in each partition nobody overtakes."""
    blocked: set[str] = set()
    for one in list(current.values()):
        if one.started_at is not None or one.ended_at is not None or one.partition in blocked:
            continue
        held = tuple(other for other in current.values() if other.running and other.partition == one.partition)
        partition = partitions.get(one.partition)  # none: it was taken away, and what waits for it goes on waiting
        nodes = fitting_nodes(one, partition, held) if partition else None
        if nodes is None:
            blocked.add(one.partition)
        else:
            current[one.attempt] = replace(one, started_at=moment, nodes_held=nodes)


def fitting_nodes(
    one: SimulatedAttempt, partition: PartitionInventory, running: Sequence[SimulatedAttempt]
) -> tuple[int, ...] | None:
    """Return the lowest nodes with enough free devices and memory beside `running`; None when there are too few."""
    nodes, devices = partition.nodes or 0, partition.devices_per_node or 0  # what nobody has stated has no room
    devices_held, memory_held = [0] * nodes, [0] * nodes
    for other in running:
        for node in other.nodes_held:
            devices_held[node] += other.devices
            memory_held[node] += other.memory_bytes
    memory_bytes = partition.memory_bytes_per_node
    fitting = [
        node
        for node in range(nodes)
        if devices_held[node] + one.devices <= devices
        and (memory_bytes is None or memory_held[node] + one.memory_bytes <= memory_bytes)
    ]
    return tuple(fitting[: one.nodes]) if len(fitting) >= one.nodes else None
