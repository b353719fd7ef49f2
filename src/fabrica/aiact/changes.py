"""What would change a classification: each given fact is tried with every other value it could have."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.aiact.facts import checked
from fabrica.aiact.schema import Fact
from fabrica.wire.aiact import Change, Classification, FactsContradict


def what_would_change(answers: Mapping[str, Any], as_of: date) -> tuple[Change, ...]:
    """Return, for each given fact with a closed set of values, the values that would add or take away a tier or role.

    One fact is changed at a time. A value that contradicts another fact is left out.

    Raises:
        UnknownFact, FactMalformed, FactsContradict, DateBeforeAct: as `classify` does, for the given answers.
    """
    now = _classes(classify(answers, as_of))
    given = checked(answers).told
    changes = []
    for key, value in given.items():
        fact = library.vocabulary()[key]
        for other in _others(fact, value):
            try:
                then = _classes(classify({**given, key: other}, as_of))
            except FactsContradict:
                continue
            if then != now:
                gains = tuple(name for name in then if name not in now)
                loses = tuple(name for name in now if name not in then)
                changes.append(Change(fact=key, was=value, would_be=other, gains=gains, loses=loses))
    return tuple(changes)


def _classes(found: Classification) -> tuple[str, ...]:
    return found.tiers + found.roles


def _others(fact: Fact, value: Any) -> Iterator[Any]:
    """Yield the other values of a fact; of a list, the list without one of its own or with one more."""
    if fact.type == "bool":
        yield not value
    elif fact.type == "enum":
        yield from (other for other in fact.values if other != value)
    elif fact.type == "list":
        yield from ([one for one in value if one != left_out] for left_out in value)
        yield from ([*value, added] for added in fact.values if added not in value)
