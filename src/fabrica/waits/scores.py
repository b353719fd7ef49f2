"""Predictions of waits beside what came true."""

from collections.abc import Iterable
from dataclasses import dataclass

from fabrica.waits.history import SAMPLES_MIN

COVERAGE_MIN, COVERAGE_MAX = 0.85, 0.95


@dataclass(frozen=True, slots=True)
class Score:
    """How predictions did: the shares of waits that stayed within the q50 and the q90 that were told beforehand."""

    predictions: int
    within_q50: float
    within_q90: float

    @property
    def holds(self) -> bool | None:
        """Whether about nine of ten waits stayed within q90; None: too few predictions to say."""
        if self.predictions < SAMPLES_MIN:
            return None
        return COVERAGE_MIN <= self.within_q90 <= COVERAGE_MAX


def score(outcomes: Iterable[tuple[float, float, float]]) -> Score | None:
    """Return the score of (q50 told, q90 told, seconds waited), or None of nothing."""
    told = list(outcomes)
    if not told:
        return None
    count = len(told)
    return Score(
        predictions=count,
        within_q50=sum(waited <= q50 for q50, _, waited in told) / count,
        within_q90=sum(waited <= q90 for _, q90, waited in told) / count,
    )
