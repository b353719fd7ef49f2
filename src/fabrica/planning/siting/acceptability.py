"""How often a candidate takes each rank when nobody says what counts how much: never one score.

Source: Lahdelma, Hokkanen and Salminen 1998 (SMAA, European Journal of Operational Research 106) and Lahdelma and
Salminen 2001 (SMAA-2, Operations Research 49): weights uniform over all that sum to one, values uniform over their
intervals, additive linear values.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul

from fabrica.planning.siting.criteria import Measures
from fabrica.planning.siting.pareto import worst_and_best

DRAWS, SEED = 1_000, 1


@dataclass(frozen=True, slots=True)
class Ranks:
    """Shares of all draws in which a site took rank 1, 2, …; `weights`: the mean of those that put it first.

    `weights` is null where it was never first.
    """

    shares: tuple[float, ...]
    weights: Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class Acceptability:
    """The ranks of each site under random weights. `half_width`: of the 95 % interval of a share, at most."""

    draws: int
    seed: int
    half_width: float
    ranks: Mapping[str, Ranks]


def acceptability(
    sites: Mapping[str, Measures], criteria: Sequence[str], *, draws: int = DRAWS, seed: int = SEED
) -> Acceptability:
    """Return how often each site takes each rank. A figure that is unknown is drawn from the whole scale.

    The scale of a criterion runs from the worst to the best end that any site has. Equal values share ranks by lot.
    """
    names = tuple(sites)
    columns = [_column(key, [sites[name] for name in names]) for key in criteria]
    rows = [tuple(column[place] for column in columns) for place in range(len(names))]
    lot = random.Random(seed)  # noqa: S311 - for a simulation that must be repeatable
    counts = [[0] * len(names) for _ in names]
    first: list[list[float]] = [[0.0] * len(criteria) for _ in names]
    for _ in range(draws):
        weights = _weights(len(criteria), lot)
        values = [sum(map(mul, weights, _drawn(row, lot))) for row in rows]
        order = sorted(range(len(names)), key=lambda place: (-values[place], lot.random()))
        for rank, place in enumerate(order):
            counts[place][rank] += 1
        if order:
            first[order[0]] = [total + weight for total, weight in zip(first[order[0]], weights, strict=True)]
    ranks = {
        name: Ranks(
            tuple(count / draws for count in counts[place]),
            dict(zip(criteria, (total / counts[place][0] for total in first[place]), strict=True))
            if counts[place][0]
            else None,
        )
        for place, name in enumerate(names)
    }
    return Acceptability(draws, seed, 1.96 * math.sqrt(0.25 / draws), ranks)


def _column(criterion: str, rows: Sequence[Measures]) -> list[tuple[float, float]]:
    """Return every site's interval on a scale from 0, the worst, to 1; unknown is all of it."""
    ends = [worst_and_best(criterion, row[criterion]) if criterion in row else None for row in rows]
    known = [end for end in ends if end is not None]
    worst = min((low for low, _ in known), default=0.0)
    span = max((high for _, high in known), default=0.0) - worst
    if span <= 0:
        return [(0.0, 1.0) if end is None else (0.5, 0.5) for end in ends]
    return [(0.0, 1.0) if end is None else ((end[0] - worst) / span, (end[1] - worst) / span) for end in ends]


def _weights(count: int, lot: random.Random) -> list[float]:
    """Return weights drawn uniformly from all that sum to one: spacings of exponential draws."""
    drawn = [-math.log(1.0 - lot.random()) for _ in range(count)]
    total = sum(drawn) or 1.0
    return [one / total for one in drawn]


def _drawn(row: Sequence[tuple[float, float]], lot: random.Random) -> list[float]:
    return [low if low == high else low + (high - low) * lot.random() for low, high in row]
