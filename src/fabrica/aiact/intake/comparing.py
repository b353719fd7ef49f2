"""Compare what the Act makes of two sets of facts, and find the facts that make each difference."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.wire.aiact import Classification, FactMalformed, FactsContradict, Fine
from fabrica.wire.intake import Comparison, Difference, FactDifference

Kind = Literal["role", "tier", "obligation", "date", "fine"]


class _Element(NamedTuple):
    """Something that a result has: what it is, and how it reads."""

    kind: Kind
    what: str


def compare(before: Mapping[str, Any], after: Mapping[str, Any], as_of: date) -> Comparison:
    """Return what changes from one set of facts to another on one day, each change with the facts that make it.

    Raises:
        UnknownFact, FactMalformed, FactsContradict, DateBeforeAct: as `classify` does.
    """
    one, other = classify(before, as_of), classify(after, as_of)
    keys = [key for key in library.vocabulary() if key != "as_of" and _told(before, key) != _told(after, key)]
    has = _elements(other)
    return Comparison(
        as_of=as_of,
        facts=tuple(_fact(key, before, after) for key in keys),
        differences=tuple(
            found.model_copy(update={"because": _because(element, has.get(element), keys, before, after, as_of)})
            for element, found in _differences(one, other).items()
        ),
        confidence=(one.confidence, other.confidence),
        open_questions=(_open(one), _open(other)),
        unsettled=tuple({question.id: question for question in (*one.unsettled, *other.unsettled)}.values()),
        law=other.law,
    )


def differences(before: Classification, after: Classification) -> tuple[Difference, ...]:
    """Return what one result has, lacks or dates otherwise than another; `because` names no facts."""
    return tuple(_differences(before, after).values())


def _differences(before: Classification, after: Classification) -> dict[_Element, Difference]:
    had, has = _elements(before), _elements(after)
    return {
        element: Difference(
            kind=element.kind,
            what=element.what,
            title=_title(element),
            before=had.get(element),
            after=has.get(element),
            because=(),
        )
        for element in dict.fromkeys((*had, *has))
        if had.get(element) != has.get(element)
    }


def _told(answers: Mapping[str, Any], key: str) -> Any:
    value = answers.get(key)
    if isinstance(value, list | tuple | set | frozenset):
        return frozenset(map(str, value))
    return value.isoformat() if isinstance(value, date) else value


def _fact(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> FactDifference:
    meaning = library.vocabulary()[key].meaning
    return FactDifference(fact=key, question=meaning, before=before.get(key), after=after.get(key))


def _open(found: Classification) -> tuple[str, ...]:
    return tuple(one.fact for one in found.open_questions)


def _elements(found: Classification) -> dict[_Element, str]:
    """Return what a result has, each with how it reads."""
    has: dict[_Element, str] = {_Element("role", role): found.standing[role] for role in found.roles}
    has.update({_Element("tier", tier): found.standing[tier] for tier in found.tiers})
    has.update({_Element("obligation", duty.id): f"from {duty.applies_from}" for duty in found.obligations})
    if "high_risk" in found.dates:
        has[_Element("date", "high_risk")] = str(found.dates["high_risk"] or "at rest until the design changes")
    return has | {_Element("fine", fine.id): _fine(fine) for fine in found.penalties}


def _fine(fine: Fine) -> str:
    if fine.max_eur is None:
        return fine.rule or fine.article
    rule = fine.rule or "higher or lower of, by the size that is not told"
    return f"{rule} EUR {fine.max_eur:,} and {fine.max_turnover_percent:g} % of turnover"


def _title(element: _Element) -> str:
    if element.kind == "obligation":
        duty = library.obligations().get(element.what)
        return f"{duty.title} ({duty.article})" if duty else f"Duty {element.what}, which the data no longer has"
    if element.kind == "fine":
        fine = library.penalties().get(element.what)
        return f"Fines under {fine.article}" if fine else f"Fines {element.what}, which the data no longer has"
    if element.kind == "date":
        return "Day of the high-risk duties"
    return element.what.replace("_", " ")


def _because(
    element: _Element,
    wanted: str | None,
    keys: Sequence[str],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    as_of: date,
) -> tuple[str, ...]:
    """Return facts that together make the difference, and of which none may be left out."""
    needed = list(keys)
    for key in keys:
        without = [other for other in needed if other != key]
        if _reads(element, {**before, **{one: after.get(one) for one in without}}, as_of) == wanted:
            needed = without
    return tuple(needed)


def _reads(element: _Element, answers: Mapping[str, Any], as_of: date) -> str | None:
    """Return how an element of the result reads; what no result can be had of reads as nothing does."""
    try:
        return _elements(classify(answers, as_of)).get(element)
    except (FactsContradict, FactMalformed):
        return "these facts contradict each other"
