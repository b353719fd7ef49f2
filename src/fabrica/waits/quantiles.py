"""Empirical quantiles, and the order statistic that bounds one with a stated confidence."""

import math
from collections.abc import Sequence
from functools import lru_cache


def empirical(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` of the ascending, non-empty values do not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)]


def upper_bound(ordered: Sequence[float], share: float, confidence: float = 0.95) -> float | None:
    """Return a value that the true quantile stays under with `confidence`; None: too few values to say.

    Raises:
        ValueError: share or confidence is not between 0 and 1.

    Source: the k-th smallest of n independent values is above the quantile of `share` with the probability that a
    binomial (n, share) is under k; QBETS (Nurmi, Brevik, Wolski 2008) forecasts batch queues this way.
    """
    place = _place(len(ordered), share, confidence)
    return None if place is None else ordered[place - 1]


@lru_cache(maxsize=20_000)
def _place(count: int, share: float, confidence: float) -> int | None:
    """Return the smallest k with P(binomial(count, share) <= k - 1) >= confidence; None: no k up to count has it."""
    if not (0 < share < 1 and 0 < confidence < 1):
        raise ValueError(f"share {share} and confidence {confidence} lie between 0 and 1, neither included")
    below = 0.0
    for successes in range(count):
        below += math.exp(
            math.lgamma(count + 1)
            - math.lgamma(successes + 1)
            - math.lgamma(count - successes + 1)
            + successes * math.log(share)
            + (count - successes) * math.log1p(-share)
        )
        if below >= confidence:
            return successes + 1
    return None
