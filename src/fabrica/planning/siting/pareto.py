"""Which candidates are surely beaten by another, whatever the unknown turns out to be."""

from collections.abc import Mapping, Sequence

from fabrica.planning.siting.criteria import CRITERIA, Measure, Measures


def beaten_by(sites: Mapping[str, Measures], criteria: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return for each site those that are at least as good in every criterion and better in one, for sure.

    For sure: the worst end of one interval against the best end of the other. An unknown figure is never surely worse,
    so it protects its site. Whoever is beaten by nobody is in the Pareto set.
    """
    return {
        one: tuple(other for other in sites if other != one and _beats(sites[other], sites[one], criteria))
        for one in sites
    }


def _beats(better: Measures, worse: Measures, criteria: Sequence[str]) -> bool:
    strictly = False
    for key in criteria:
        if key not in better or key not in worse:
            return False
        least, most = worst_and_best(key, better[key])[0], worst_and_best(key, worse[key])[1]
        if least < most:
            return False
        strictly = strictly or least > most
    return strictly


def worst_and_best(criterion: str, measure: Measure) -> tuple[float, float]:
    """Return both ends turned so that more is better."""
    if CRITERIA[criterion].better == "high":
        return measure.low, measure.high
    return -measure.high, -measure.low
