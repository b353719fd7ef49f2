"""A siting study as one paragraph in words, and its figures as people read them."""

from collections.abc import Sequence

from fabrica.planning.siting.criteria import CRITERIA, Measure
from fabrica.planning.siting.limits import limit_words
from fabrica.planning.siting.study import Assessed, Study

NAMED_MAX = 5


def paragraph(found: Study) -> str:
    """Return what the study says and does not say, in whole sentences."""
    staying = [one for one in found.sites if not one.refused]
    said = [_refusals(found, staying)]
    if found.criteria and staying:
        said += [_pareto(found, staying), _ranks(found, staying)]
    if found.left_out:
        names = _listed([_name(key) for key in found.left_out], None)
        said.append(f"Not compared, for fewer than two sites have a figure: {names}.")
    said += [f"Assumed: {one}." for one in found.question.assumed]
    said.append(
        "There is no single score: which site is best depends on what counts how much, and that is not for a program."
    )
    return " ".join(said)


def _refusals(found: Study, staying: Sequence[Assessed]) -> str:
    refused = [one for one in found.sites if one.refused]
    open_ones = [one for one in staying if any(verdict.state == "open" for verdict in one.verdicts)]
    said = f"Of {_count(len(found.sites), 'candidate')} "
    if refused:
        said += f"{len(refused)} cannot keep a hard limit ({_listed([one.candidate.name for one in refused])})"
    else:
        said += "none is refused by a hard limit"
    if open_ones:
        rest = "the others" if refused else "them"
        said += f"; for {len(open_ones)} of {rest} what is known does not decide every limit, so they stay"
        said += f" ({_undecided(open_ones, len(staying))})"
    return f"{said}."


def _undecided(open_ones: Sequence[Assessed], staying: int) -> str:
    """Return the limits that are not decided, each with the sites of which it is not."""
    names: dict[str, list[str]] = {}
    for one in open_ones:
        for verdict in one.verdicts:
            if verdict.state == "open":
                names.setdefault(limit_words(verdict.limit), []).append(one.candidate.name)
    return "; ".join(
        f"{limit}, of {'all' if len(sites) == staying > 1 else _listed(sites)}" for limit, sites in names.items()
    )


def _pareto(found: Study, staying: Sequence[Assessed]) -> str:
    left = [one.candidate.name for one in staying if one.in_pareto_set]
    return (
        f"Compared by {_listed([_name(key) for key in found.criteria], None)}, {len(left)} of {len(staying)} are "
        "not surely beaten by another in everything."
    )


def _ranks(found: Study, staying: Sequence[Assessed]) -> str:
    ranked = sorted(staying, key=lambda one: -found.acceptability.ranks[one.candidate.id].shares[0])
    shares = [(one.candidate.name, found.acceptability.ranks[one.candidate.id].shares[0]) for one in ranked]
    told = [f"{name} {share:.0%}" for name, share in shares if share >= 0.05][:NAMED_MAX]
    return (
        f"Under {found.acceptability.draws:,} random weightings these come first most often: {', '.join(told)}; each "
        f"share is right to {found.acceptability.half_width * 100:.1f} points or better."
        if told
        else "Under random weightings no site comes first in more than 5 % of the draws."
    )


def shown(criterion: str, measure: Measure | None) -> str:
    """Return a figure with its interval, or `unknown`."""
    if measure is None:
        return "unknown"
    if measure.low == measure.high:
        return plain(criterion, measure.low)
    return f"{plain(criterion, measure.shown)} ({plain(criterion, measure.low)} to {plain(criterion, measure.high)})"


def plain(criterion: str, number: float) -> str:
    """Return a number with the digits that mean something; a year in full."""
    if criterion == "full_power_year":
        return f"{number:.0f}"
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def heading(key: str) -> str:
    """Return a criterion with its unit, as the head of a column has it."""
    one = CRITERIA[key]
    return f"{one.name}, {one.unit}" if one.unit else one.name


def _name(key: str) -> str:
    return CRITERIA[key].name


def _count(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _listed(names: Sequence[str], most: int | None = NAMED_MAX) -> str:
    """Return names as a list in a sentence; of more than `most` the first ones and how many more."""
    if most is not None and len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
