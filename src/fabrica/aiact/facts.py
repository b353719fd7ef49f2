"""Check the given facts against the vocabulary: known keys, possible values, no contradiction."""

import difflib
import math
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from fabrica.aiact.conditions import State
from fabrica.aiact.rulebook import ContradictionText, Rulebook, rulebook
from fabrica.aiact.schema import Fact
from fabrica.aiact.truth import YES
from fabrica.wire.aiact import FactMalformed, FactsContradict, UnknownFact

_LONGEST_SHOWN = 60

_Read = tuple[Any, Any, int]
"""A fact as rules read it, as it is told, and what it changes of what is said."""


def checked(answers: Mapping[str, Any]) -> State:
    """Return the facts as rules read them. A key without a value counts as not answered.

    Raises:
        UnknownFact: a key is not in the vocabulary.
        FactMalformed: a value is not one the key can have.
        FactsContradict: two facts cannot both be true.
    """
    book, choices = rulebook(), _choices()
    facts, told, said = {}, {}, book.nothing_said
    for key, value in answers.items():
        few = choices.get(key)
        if few is None:
            raise _unknown(key, book)
        if value is None:
            continue
        read = few.get(value) if value is True or value is False or type(value) is str else None
        facts[key], told[key], change = read or _read(key, value)
        said ^= change
    state = State(facts, said, told)
    for contradiction in book.contradictions:
        if not contradiction.bars & said and contradiction.condition.ask(state)[0] == YES:
            raise _contradiction(contradiction.text, state.told)
    return state


def _read(key: str, value: Any) -> _Read:
    book = rulebook()
    fact = book.vocabulary[key]
    found = _READERS[fact.type](key, value, fact)
    return found, as_given(found), book.bits[key] | book.propositions.said(key, found)


@cache
def _choices() -> dict[str, dict[Any, _Read]]:
    """Return every answer there is to each fact that is chosen from a few, read once; none for the other facts."""
    vocabulary, few = rulebook().vocabulary, {"enum", "bool"}
    return {
        key: {value: _read(key, value) for value in fact.values or (True, False)} if fact.type in few else {}
        for key, fact in vocabulary.items()
    }


def _unknown(key: object, book: Rulebook) -> UnknownFact:
    near = difflib.get_close_matches(str(key), book.vocabulary, n=1, cutoff=0.0)
    return UnknownFact(
        f"There is no fact {_shown(key)}.", remedy=f"The nearest is '{near[0]}'.", fact=str(key)[:200], nearest=near[0]
    )


def _contradiction(text: ContradictionText, facts: Mapping[str, Any]) -> FactsContradict:
    told = {key: facts[key] for key in text.facts}
    words = " and ".join(f"{key}: {_shown(value)}" for key, value in told.items())
    return FactsContradict(f"These cannot both be true: {words}.", remedy=text.remedy, contradicting=told)


def as_given(value: Any) -> Any:
    """Return a fact as it is told to people and written as JSON."""
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat() if isinstance(value, date) else value


def _read_bool(key: str, value: Any, fact: Fact) -> bool:
    if value is True or value is False:
        return value
    raise _malformed(key, value, fact, "write true or false")


def _read_enum(key: str, value: Any, fact: Fact) -> str:
    if isinstance(value, str) and value in fact.values:
        return value
    if value is False and "no" in fact.values:
        return "no"  # YAML reads a bare `no` as false
    raise _malformed(key, value, fact, _nearest(value, fact))


_SEVERAL = (list, tuple, set, frozenset)


def _read_list(key: str, value: Any, fact: Fact) -> frozenset[str]:
    if not isinstance(value, _SEVERAL):
        example = value if isinstance(value, str) and value in fact.values else fact.values[0]
        raise _malformed(key, value, fact, f"write a list, such as [{example}]")
    values = fact.values
    for one in value:
        if not isinstance(one, str) or one not in values:
            raise _malformed(key, one, fact, _nearest(one, fact))
    return frozenset(value)


def _read_number(key: str, value: Any, fact: Fact) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # YAML reads 1e24 as text
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if math.isfinite(number) and number > 0:
        return number
    raise _malformed(key, value, fact, "write a number above zero, such as 1.0e+24; leave it out if unknown")


def _read_date(key: str, value: Any, fact: Fact) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _malformed(key, value, fact, "write a day as YYYY-MM-DD") from None


_READERS = {"bool": _read_bool, "enum": _read_enum, "list": _read_list, "number": _read_number, "date": _read_date}


def _nearest(value: object, fact: Fact) -> str:
    written = ("no", "yes")[value] if isinstance(value, bool) else str(value)  # YAML reads a bare `yes` as true
    near = difflib.get_close_matches(written[:200], fact.values, n=1, cutoff=0.0)
    return f"the nearest is '{near[0]}'; it may be {', '.join(fact.values)}"


def _malformed(key: str, value: Any, fact: Fact, remedy: str) -> FactMalformed:
    return FactMalformed(
        f"{key} ({fact.meaning}) cannot be {_shown(value)}.",
        remedy=f"{remedy[0].upper()}{remedy[1:]}.",
        fact=key,
        allowed=list(fact.values),
    )


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, date) else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
