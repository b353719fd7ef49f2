"""Hard limits first: which candidates keep them, which cannot, and of which it is not known."""

from dataclasses import dataclass
from typing import Literal

from fabrica.planning.siting.candidates import Candidate, Limit, Question
from fabrica.planning.siting.criteria import CRITERIA, Measure

State = Literal["kept", "broken", "open"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a candidate keeps a limit, in words with the numbers. Open: what is known does not decide it."""

    limit: Limit
    state: State
    words: str


def judge(candidate: Candidate, question: Question) -> tuple[Verdict, ...]:
    """Return a verdict for each limit. Only a limit that surely cannot be kept is broken."""
    return tuple(_judged(candidate, limit, question) for limit in question.limits)


def _judged(candidate: Candidate, limit: Limit, question: Question) -> Verdict:
    if limit.bound == "among":
        return _among(candidate, limit)
    name, unit, measure = _measured(candidate, limit.criterion, question.in_year)
    assert limit.number is not None, "a bound has a number"
    wanted = f"at {'least' if limit.bound == 'min' else 'most'} {_plain(limit.number, unit)}"
    if measure is None:
        return Verdict(limit, "open", f"{name} is unknown; {wanted} is asked")
    span = (
        _plain(measure.low, unit) if measure.low == measure.high else f"{measure.low:g} to {_plain(measure.high, unit)}"
    )
    best, worst = (measure.high, measure.low) if limit.bound == "min" else (measure.low, measure.high)
    state: State = "kept" if _keeps(worst, limit) else "open" if _keeps(best, limit) else "broken"
    return Verdict(limit, state, f"{name} is {span}; {wanted} is asked")


def limit_words(limit: Limit) -> str:
    """Return a limit as people read it: `power: at least 220 MW`."""
    if limit.bound == "among":
        return f"country: one of {', '.join(sorted(limit.among))}"
    assert limit.number is not None, "a bound has a number"
    power = limit.criterion == "power_megawatts"
    name, unit = ("power", "MW") if power else (CRITERIA[limit.criterion].name, CRITERIA[limit.criterion].unit)
    return f"{name}: at {'least' if limit.bound == 'min' else 'most'} {_plain(limit.number, unit)}"


def _keeps(number: float, limit: Limit) -> bool:
    assert limit.number is not None, "a bound has a number"
    return number >= limit.number if limit.bound == "min" else number <= limit.number


def _measured(candidate: Candidate, criterion: str, in_year: int | None) -> tuple[str, str, Measure | None]:
    """Return the name, the unit and the measure that a limit is about; power is that of the year asked."""
    if criterion != "power_megawatts":
        one = CRITERIA[criterion]
        return one.name, one.unit, candidate.measures.get(criterion)
    assert in_year is not None, "power is asked for in a year"
    told = [year for year in candidate.power_megawatts if year <= in_year]
    measure = candidate.power_megawatts[max(told)] if told else None
    return f"power in {in_year}", "MW", measure


def _among(candidate: Candidate, limit: Limit) -> Verdict:
    wanted = f"one of {', '.join(sorted(limit.among))} is asked"
    if candidate.country is None:
        return Verdict(limit, "open", f"the country is unknown; {wanted}")
    state: State = "kept" if candidate.country in limit.among else "broken"
    return Verdict(limit, state, f"the country is {candidate.country}; {wanted}")


def _plain(number: float, unit: str) -> str:
    return f"{number:,.10g} {unit}".strip()
