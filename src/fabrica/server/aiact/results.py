"""Decide how a classification is shown: what is due next, why, what is open, what would change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from fabrica.aiact import library
from fabrica.aiact.changes import what_would_change
from fabrica.aiact.classify import classify
from fabrica.aiact.in_words import fine_in_words, leading_tiers, own_facts
from fabrica.aiact.intake.page import answer_in_words, wording_of
from fabrica.wire.aiact import Change, Classification, DueObligation, FiredRule, OpenFact
from fabrica.wire.documents import FillRate

CHANGES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that fired, with the facts it used in the words they were asked by."""

    rule: FiredRule
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """Questions that decide the same things."""

    may_change: tuple[str, ...]
    questions: tuple[OpenFact, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Other answers to one question that would each change the same."""

    question: str
    answers: tuple[str, ...]
    gains: tuple[str, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A classification as a page shows it. `tiers` and `roles` carry whether an open question may undo them."""

    found: Classification
    tiers: tuple[tuple[str, bool], ...]
    roles: tuple[tuple[str, bool], ...]
    in_force: tuple[DueObligation, ...]
    coming: tuple[DueObligation, ...]
    resting: bool
    reasons: tuple[Reason, ...]
    fines: tuple[str, ...]
    open_groups: tuple[OpenGroup, ...]
    alternatives: tuple[Alternative, ...]
    alternatives_left: int


def shown(answers: Mapping[str, Any], as_of: date) -> Shown:
    """Return what a page shows of a set of facts on a day.

    Raises:
        UnknownFact, FactMalformed, FactsContradict, DateBeforeAct: as `classify` does.
    """
    found = classify(answers, as_of)
    facts = {key: value for key, value in answers.items() if key != "as_of"}
    alternatives = _alternatives(what_would_change(facts, as_of))
    duties = sorted(found.obligations, key=lambda one: one.applies_from)
    return Shown(
        found=found,
        tiers=tuple((tier, found.standing[tier] != "final") for tier in leading_tiers(found.tiers, found.standing)),
        roles=tuple((role, found.standing[role] != "final") for role in found.roles),
        in_force=tuple(one for one in duties if one.in_force),
        coming=tuple(one for one in duties if not one.in_force),
        resting="high_risk" in found.dates and found.dates["high_risk"] is None,
        reasons=tuple(_reason(rule) for rule in found.trace if rule.words),
        fines=tuple(map(fine_in_words, found.penalties)),
        open_groups=open_groups(found.open_questions),
        alternatives=alternatives[:CHANGES_SHOWN],
        alternatives_left=max(0, len(alternatives) - CHANGES_SHOWN),
    )


def _reason(rule: FiredRule) -> Reason:
    facts = tuple((wording_of(key), answer_in_words(key, value)) for key, value in own_facts(rule).items())
    return Reason(rule=rule, facts=facts)


def open_groups(questions: Sequence[OpenFact]) -> tuple[OpenGroup, ...]:
    """Return open questions in their order; neighbours that decide the same things stand together."""
    groups = groupby(questions, key=lambda one: one.may_change)
    return tuple(OpenGroup(may_change=names, questions=tuple(group)) for names, group in groups)


def _alternatives(changes: Sequence[Change]) -> tuple[Alternative, ...]:
    """Return what one other answer would change; answers to a question that change the same stand together."""
    alike: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for one in changes:
        words = answer_in_words(one.fact, one.would_be)
        alike.setdefault((one.fact, one.gains, one.loses), []).append(words)
    return tuple(
        Alternative(wording_of(fact), tuple(answers), gains, loses) for (fact, gains, loses), answers in alike.items()
    )


def documents_due(found: Classification | None) -> dict[str, date]:
    """Return the documents that the duties of a result ask for, each with the first day; none without a result."""
    due: dict[str, date] = {}
    for duty in found.obligations if found else ():
        for kind in library.obligations()[duty.id].evidence:
            if kind.startswith("doc:"):
                template = kind.removeprefix("doc:")
                due[template] = min(duty.applies_from, due.get(template, duty.applies_from))
    return due


def together(rates: Sequence[FillRate]) -> FillRate:
    """Return how far several documents are filled as one."""
    names = ("items", "automatic", "confirmed", "typed", "to_confirm", "to_type", "missing", "part")
    count = {name: sum(getattr(rate, name) for rate in rates) for name in names}
    done = count["automatic"] + count["confirmed"] + count["typed"]
    items = count["items"] or 1
    return FillRate(**count, automatic_share=count["automatic"] / items, complete_share=done / items)
