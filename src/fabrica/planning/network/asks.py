"""Which partitions a job may run on, as the kernel reads it, and how fast they are for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from fabrica.planning.network.members import Network
from fabrica.planning.network.partitions import Partition
from fabrica.planning.scenarios.scenario import Work
from fabrica.reference.accelerators import load_accelerators

REFERENCE_DEVICE = "H100-80G-SXM"
"""What the run time of a job that takes any accelerator is told for. A job that asks for one kind is told for that."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What jobs ask for. Null: any class that computes, in any country."""

    resource_class: str | None = None
    country: str | None = None

    @property
    def name(self) -> str:
        kind = self.resource_class or "any accelerator"
        return f"{kind} in {self.country}" if self.country else kind

    def accepts_class(self, partition: Partition) -> bool:
        """Return whether the accelerators there will do; of any kind only those whose speed is known."""
        if self.resource_class is None:
            return partition.bf16_teraflops is not None
        return partition.resource_class == self.resource_class

    def accepts(self, partition: Partition) -> bool:
        return self.accepts_class(partition) and self.country in (None, partition.country)

    def speed(self, partition: Partition) -> float:
        """Return how fast a job runs there beside its reference device, by the peak in bf16: no speed is published."""
        if self.resource_class is not None or partition.bf16_teraflops is None:
            return 1.0
        reference = load_accelerators()[REFERENCE_DEVICE].bf16_teraflops
        assert reference is not None
        return partition.bf16_teraflops / reference


def asks_of(network: Network, work: Work) -> tuple[tuple[Ask, float], ...]:
    """Return what jobs of this network ask for, and their shares of all jobs.

    Jobs that ask for one class, or for one country, divide over these as the devices do.
    """
    bound = 1 - work.portable_share - work.home_share
    shares: dict[Ask, float] = {}
    for partition in network.partitions:
        part = partition.devices / network.devices
        told = [(Ask(resource_class=partition.resource_class), bound)]
        if partition.bf16_teraflops is not None:
            told.append((Ask(country=partition.country), work.home_share))
            told.append((Ask(), work.portable_share))
        for ask, share in told:
            shares[ask] = shares.get(ask, 0.0) + part * share
    total = sum(shares.values())
    kept = sorted(((ask, share / total) for ask, share in shares.items() if share > 0), key=lambda one: one[0].name)
    return tuple(kept)


def groups(asks: Sequence[Ask], partitions: Sequence[Partition]) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """Return the parts of the network between which no job can choose: rows of asks and of partitions.

    Each can be run alone, and its result is kept while nothing in it changes.
    """
    accepted = [[row for row, one in enumerate(partitions) if ask.accepts(one)] for ask in asks]
    group_of = list(range(len(partitions)))
    for rows in accepted:
        for row in rows[1:]:
            old, new = group_of[row], group_of[rows[0]]
            group_of = [new if one == old else one for one in group_of]
    found = []
    for group in dict.fromkeys(group_of):
        members = tuple(row for row, one in enumerate(group_of) if one == group)
        askers = tuple(number for number, rows in enumerate(accepted) if rows and group_of[rows[0]] == group)
        found.append((askers, members))
    return tuple(found)
