"""Make the live service's placement decisions again with the twin's kernel: each has to come out as it was made."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fabrica.placement.encode import Encoded, encode
from fabrica.placement.kernel import Answer, Vector, answer_arrays, answer_lists, choose, compiled
from fabrica.placement.snapshot import Snapshot
from fabrica.wire.placement import KeptDecision


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that came out otherwise."""

    placement: str
    was: str
    is_now: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many decisions were made again, how many of them held a run, by which kernel, and those that differ."""

    decisions: int
    held: int
    compiled: bool
    different: tuple[Difference, ...]

    @property
    def equal_share(self) -> float:
        return 1 - len(self.different) / self.decisions if self.decisions else 1.0


def replay_decisions(kept: Iterable[KeptDecision], *, plain: bool = False) -> Replayed:
    """Decide each snapshot again. `plain`: with the kernel in plain Python even where Numba is installed.

    Raises:
        SnapshotMalformed: a snapshot cannot be read.
    """
    decide = choose if plain else compiled()
    count, held, different = 0, 0, []
    for one in kept:
        snapshot = Snapshot.from_json(one.snapshot.encode())
        encoded, candidates = encode(snapshot), len(snapshot.candidates)
        if decide is choose:
            row = decide(encoded.facts, encoded.needs, encoded.policy, answer_lists(candidates))
        else:
            row = _decide_compiled(decide, encoded, candidates)
        winner = snapshot.candidates[row] if row >= 0 else None
        now = (winner.site, winner.partition) if winner else (None, None)
        if now != (one.chosen, one.chosen_partition):
            different.append(Difference(str(one.placement), _told(one.chosen, one.chosen_partition), _told(*now)))
        count += 1
        held += one.chosen is None
    return Replayed(count, held, decide is not choose, tuple(different))


def _decide_compiled(decide: Callable[[Vector, Vector, Vector, Answer], int], encoded: Encoded, candidates: int) -> int:
    """Call the compiled kernel, which takes arrays; a snapshot without candidates has nobody to choose."""
    import numpy

    if candidates == 0:
        return -1
    facts, needs, policy = (numpy.array(part, numpy.float64) for part in encoded)
    return int(decide(facts, needs, policy, answer_arrays(candidates)))


def _told(site: str | None, partition: str | None) -> str:
    return f"{site} ({partition})" if site else "nobody"
