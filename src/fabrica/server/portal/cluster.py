"""What a site's page shows of its queue: the waits that were told before beside those that came true."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from fabrica.server.runs.page_queries import WaitTold
from fabrica.waits.scores import Score, score
from fabrica.wire.runs import MetricSeries


@dataclass(frozen=True, slots=True)
class WaitsShown:
    """The lines of the plot of waits, in the order of starts, and how the forecasts did.

    `engine_factor`: by how much the engine's own estimates were off at the median, as a factor of 1 or more.
    """

    lines: tuple[MetricSeries, ...]
    score: Score | None
    engine_count: int
    engine_factor: float | None


def waits_shown(told: Sequence[WaitTold]) -> WaitsShown | None:
    """Return what the page shows, or None when no wait is known."""
    if not told:
        return None
    columns = (
        (_("waited"), [one.waited_seconds for one in told]),
        (_("half were told to wait at most"), [one.q50_seconds for one in told]),
        (_("nine of ten were told to wait at most"), [one.q90_seconds for one in told]),
        (_("the estimate of the engine"), [one.engine_seconds for one in told]),
    )
    factors = sorted(_factor(one.engine_seconds, one.waited_seconds) for one in told if one.engine_seconds is not None)
    return WaitsShown(
        lines=tuple(
            MetricSeries(name=name, points=tuple(enumerate(values, start=1)))
            for name, values in columns
            if any(value is not None for value in values)
        ),
        score=score(
            (one.q50_seconds, one.q90_seconds, one.waited_seconds)
            for one in told
            if one.q50_seconds is not None and one.q90_seconds is not None
        ),
        engine_count=len(factors),
        engine_factor=factors[len(factors) // 2] if factors else None,
    )


def _factor(estimate: float, waited: float) -> float:
    """Return by how much an estimate was off; a second is the least that counts, or a wait of none were never met."""
    larger, smaller = max(estimate, waited, 1.0), max(min(estimate, waited), 1.0)
    return larger / smaller
