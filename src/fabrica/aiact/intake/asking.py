"""Which questions still matter, the most decisive first."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date
from functools import cache
from typing import Any

from fabrica.aiact import library
from fabrica.aiact.classify import classify, facts_of_fines
from fabrica.aiact.intake.wording import checklists, choices, wordings
from fabrica.aiact.rulebook import rulebook
from fabrica.wire.aiact import Classification
from fabrica.wire.intake import Choice, Outlook, Proposal, Question, Sitting

_FINES = ("fines",)
_WORTH_A_CHECKLIST = 2  # a checklist of one line is a plain question


def outlook(sitting: Sitting, as_of: date, proposals: tuple[Proposal, ...] = ()) -> Outlook:
    """Return where an intake stands on a day.

    Raises:
        UnknownFact, FactMalformed, FactsContradict, DateBeforeAct: as `classify` does.
    """
    found = classify(sitting.answers, as_of)
    hanging = _hanging(sitting.answers, found)
    return Outlook(
        sitting=sitting,
        questions=questions(hanging, sitting.unknown),
        complete=not hanging,
        asked=len(sitting.steps),
        proposals=proposals,
        result=found,
    )


def _hanging(answers: Mapping[str, Any], found: Classification) -> dict[str, tuple[str, ...]]:
    """Return each missing fact that still matters, with what hangs on it."""
    hanging = {one.fact: one.may_change for one in found.open_questions}
    for fact in facts_of_fines(answers, found):
        hanging.setdefault(fact, _FINES)
    hanging.pop("as_of", None)
    return hanging


def questions(hanging: Mapping[str, tuple[str, ...]], unknown: Collection[str]) -> tuple[Question, ...]:
    """Return the questions for facts that still matter, without those answered "I do not know".

    The fact on which most tiers and roles hang comes first, then those of duties, then those of fines alone. Among
    equals the fact that more rules look at comes first, since its answer settles more of the others.
    """
    asked = {fact: names for fact, names in hanging.items() if fact not in unknown}
    together = _checklists(asked, unknown)
    covered = {choice.value for one in together for choice in one.choices}
    alone = [_question(fact, names) for fact, names in asked.items() if fact not in covered]
    return tuple(sorted((*together, *alone), key=_order))


def _order(question: Question) -> tuple[int, bool, int, int]:
    classes = [name for name in question.may_change if name not in library.obligations() and name not in _FINES]
    facts = [str(choice.value) for choice in question.choices] if question.kind == "checklist" else [question.id]
    rules, places = _looking(), {fact: place for place, fact in enumerate(library.vocabulary())}
    return (
        -len(classes),
        question.may_change == _FINES,
        -sum(rules[fact] for fact in facts),
        min(places[fact] for fact in facts),
    )


@cache
def _looking() -> Counter[str]:
    """Return how many rules look at each fact, also through findings of other rules."""
    return Counter(fact for rule in rulebook().rules for fact in rule.reach.values())


def _checklists(asked: Mapping[str, tuple[str, ...]], unknown: Collection[str]) -> list[Question]:
    found = []
    for name, one in checklists().items():
        lines = [fact for fact in one.facts if fact in asked]
        if name in unknown or len(lines) < _WORTH_A_CHECKLIST:
            continue
        hanging = dict.fromkeys(changed for fact in lines for changed in asked[fact])
        ticks = tuple(Choice(value=fact, words=one.facts[fact].tick) for fact in lines)
        found.append(
            Question(
                id=name,
                kind="checklist",
                ask=one.ask,
                why=one.why,
                example=one.example,
                choices=ticks,
                may_change=tuple(hanging),
            )
        )
    return found


def _question(fact: str, may_change: tuple[str, ...]) -> Question:
    words = wordings()[fact]
    return Question(
        id=fact,
        kind=library.vocabulary()[fact].type,
        ask=words.ask,
        why=words.why,
        example=words.example,
        choices=choices(fact),
        may_change=may_change,
    )
