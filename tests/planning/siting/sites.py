"""Candidate sites for tests: invented, and named so."""

from fabrica.planning.siting.candidates import Candidate, Limit, Question
from fabrica.planning.siting.criteria import Measure
from fabrica.reference.sources import Source

SOURCE = Source(("invented for a test",), None, None)


def measure(low: float, high: float | None = None) -> Measure:
    return Measure(low, low if high is None else high, SOURCE)


def make_candidate(name: str, **measures: Measure) -> Candidate:
    return Candidate(name, name.capitalize(), None, measures=measures)


def make_question(*candidates: Candidate, limits: tuple[Limit, ...] = ()) -> Question:
    return Question(candidates, 100.0, 2030, limits, ())


def make_limit(criterion: str, bound: str, number: float) -> Limit:
    return Limit(criterion, bound, number, "a reason", "a source")  # type: ignore[arg-type]
