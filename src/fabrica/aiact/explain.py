"""Say why: the rules that fired with their facts, the questions still open, and what the law itself leaves open."""

from collections.abc import Collection, Iterable
from functools import cache, lru_cache
from typing import Any

from fabrica.aiact import library
from fabrica.aiact.conditions import Answer, State
from fabrica.aiact.due import DECIDE_DAYS, hanging_on
from fabrica.aiact.rulebook import ROLES, SCOPE, Rule, rulebook
from fabrica.aiact.truth import YES, shown
from fabrica.wire.aiact import FiredRule, OpenFact, Standing, UnsettledQuestion
from fabrica.wire.bodies import altered

# Open questions of the law that hang on a duty, not on a rule.
_TOUCHED_BY_DUTIES = {"hr-11": "oq-3", "dep-27": "oq-3", "hr-43": "oq-5", "gp-53-1a": "oq-4"}
_READ_BY_THE_LETTER = "oq-1"


KEPT = 4_096  # texts that many classifications share; the oldest are forgotten


Fired = tuple[Rule, int, int]
"""A rule that is shown, how firmly, and the bits of the facts it used."""


def standing_of(truth: int) -> Standing:
    """Return how firmly something that is shown stands."""
    return "final" if truth == YES else "unless_shown_otherwise"


def told(fired: Iterable[Fired], state: State) -> tuple[FiredRule, ...]:
    """Return the rules that fired, each with the facts it used."""
    facts: dict[int, dict[str, Any]] = {}  # by their bits: many rules use the same
    found = []
    all_told = state.told
    for rule, truth, used in fired:
        mine = facts.get(used)
        if mine is None:
            mine = facts[used] = {key: all_told[key] for key in _keys(used)}
        pattern = _pattern(rule, truth)
        if rule.cites is None:
            found.append(altered(pattern, facts=mine))
        else:
            found.append(altered(pattern, facts=mine, citation=rule.citation(state.facts)))
    return tuple(found)


@cache
def _pattern(rule: Rule, truth: int) -> FiredRule:
    """Return what is told of a rule that fired, but for the facts it used and what it cites by a fact."""
    text = rule.text
    return FiredRule(
        rule=text.id,
        gives=rule.gives,
        citation=text.article,
        confidence=text.confidence,
        facts={},
        standing=standing_of(truth),
        words=text.words,
    )


@lru_cache(KEPT)
def _keys(facts: int) -> tuple[str, ...]:
    """Return facts by their bits, in the order of the vocabulary: that of their bits."""
    keys, found = rulebook().keys, []
    while facts:
        bit = facts & -facts
        found.append(keys[bit])
        facts ^= bit
    return tuple(found)


def open_facts(
    state: State, asked: Iterable[tuple[tuple[str, ...], Answer]], due: Collection[str]
) -> tuple[OpenFact, ...]:
    """Return the missing facts on which something still hangs, in the order of the vocabulary.

    A fact names the tiers and roles that it can change; where there are none, the duties; and where it changes no duty
    either, those that are `due` whose day it can change.
    """
    answers = state.answers
    classes = _by_missing([(bits, missing) for name, bits in _classes() if (missing := answers[name][1])])
    alone = _by_missing([(_bits(names), missing) for names, (_, missing) in asked if missing])
    alone += _of_days(state, due, besides=_together(classes + alone))
    lacking, found = _together(classes + alone), []
    while lacking:
        bit = lacking & -lacking
        lacking ^= bit
        found.append(_open_fact(bit, _lacking(bit, classes) or _lacking(bit, alone)))
    return tuple(found)


def _of_days(state: State, due: Collection[str], *, besides: int) -> list[tuple[int, int]]:
    """Return the missing facts on which days hang, each set with its duties as bits, where it has others than these.

    Where its actor has no duty, the day of a class is still told, and stands for itself.
    """
    found = []
    for finding in DECIDE_DAYS:
        missing = state.answers[finding][1]
        if missing & ~besides:
            decided = hanging_on(finding)
            names = [duty for duty in due if duty in decided]
            if names := names or [tier for tier in _CLASS_OF.get(finding, ()) if shown(state.truth(tier))]:
                found.append((missing, _bits(tuple(names))))
    return found


_CLASS_OF = {
    "duties_annex_iii": ("high_risk_annex_iii",),
    "late_annex_iii": ("high_risk_annex_iii",),
    "duties_annex_i": ("high_risk_annex_i_a",),
    "late_annex_i": ("high_risk_annex_i_a",),
}


def _together(hanging: Iterable[tuple[int, int]]) -> int:
    lacking = 0
    for missing, _ in hanging:
        lacking |= missing
    return lacking


def _by_missing(hanging: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return sets of missing facts, each with the names that lack it, as bits."""
    together: dict[int, int] = {}
    for names, missing in hanging:
        together[missing] = together.get(missing, 0) | names
    return list(together.items())


def _lacking(fact: int, hanging: Iterable[tuple[int, int]]) -> int:
    """Return the names that lack a fact, as bits."""
    found = 0
    for missing, names in hanging:
        if missing & fact:
            found |= names
    return found


@cache
def _names() -> tuple[str, ...]:
    """Return what can hang on a fact, in the order it is told."""
    return (*library.tiers(), *ROLES, *SCOPE, *library.obligations())


@cache
def _classes() -> tuple[tuple[str, int], ...]:
    """Return the tiers, roles and scope that can hang on a fact, each with its bit."""
    return tuple((name, _bits((name,))) for name in (*library.tiers(), *ROLES, *SCOPE))


@cache
def _bits(names: tuple[str, ...]) -> int:
    return sum(1 << _names().index(name) for name in names)


@lru_cache(KEPT)
def _open_fact(bit: int, names: int) -> OpenFact:
    key = rulebook().keys[bit]
    fact = library.vocabulary()[key]
    return OpenFact.trusted(fact=key, question=fact.meaning, values=fact.values, may_change=_named(names))


@lru_cache(KEPT)
def _named(names: int) -> tuple[str, ...]:
    return tuple([name for place, name in enumerate(_names()) if names >> place & 1])


def unsettled(fired: Iterable[Fired], duties: Iterable[str]) -> tuple[UnsettledQuestion, ...]:
    """Return the open questions of the law that the result touches, in the order of its data."""
    touched = {question for rule, _, _ in fired for question in rule.touches}
    touched.update(*map(touching, duties))
    return told_unsettled(frozenset(touched))


@cache
def touching(duty: str) -> frozenset[str]:
    """Return the ids of the open questions that touch a duty."""
    found = {_TOUCHED_BY_DUTIES[duty]} if duty in _TOUCHED_BY_DUTIES else set()
    if library.obligations()[duty].formal_from is not None:
        found.add(_READ_BY_THE_LETTER)
    return frozenset(found)


@cache
def told_unsettled(questions: frozenset[str]) -> tuple[UnsettledQuestion, ...]:
    """Return open questions by their ids, in the order of the law's data."""
    return tuple(_unsettled(question) for question in library.open_questions() if question in questions)


@cache
def _unsettled(question: str) -> UnsettledQuestion:
    found = library.open_questions()[question]
    reading = library.timeline().application_rules.open_question_section5.reading_used
    return UnsettledQuestion(id=found.id, question=found.q, status=found.status or reading)
