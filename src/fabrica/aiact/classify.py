"""Classify an AI system or model and its actor under the AI Act, for any day: plain rules over given facts."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

from fabrica.aiact import library
from fabrica.aiact.conditions import ALWAYS, NEVER, Answer, State, either
from fabrica.aiact.due import Case, HighRiskClass, due, high_risk_day
from fabrica.aiact.explain import Fired, open_facts, standing_of, told, unsettled
from fabrica.aiact.facts import checked
from fabrica.aiact.fines import fines
from fabrica.aiact.rulebook import DAYS, ROLES, Rule, Rulebook, rulebook
from fabrica.aiact.schema import Confidence
from fabrica.aiact.truth import NO, OPEN, STANDS, shown
from fabrica.wire.aiact import Classification, DateBeforeAct, DueObligation, LawVersion

_FROM_STRONG_TO_WEAK: tuple[Confidence, ...] = ("text", "guidance", "secondary", "draft", "open")
_NOTICE = (
    "This is no legal advice. It applies the project's own data of the law to the facts that were given; the Official "
    "Journal prevails."
)


def classify(answers: Mapping[str, Any], as_of: date) -> Classification:
    """Return what the Act makes of the facts on a day: classes, roles, duties with dates, reasons and open questions.

    `answers` are facts of the vocabulary; a missing one is never given a value. Its own `as_of` is not used.

    Raises:
        UnknownFact: a key is not in the vocabulary.
        FactMalformed: a value is not one the key can have.
        FactsContradict: two facts cannot both be true.
        DateBeforeAct: the Act was not in force on that day.

    Source: Regulation (EU) 2024/1689 as amended by Regulation (EU) 2026/1744; the steps of classification_procedure.
    """
    law = _law_of(as_of)
    book = rulebook()
    state = checked(answers)
    fired = _ask(book, state)
    tiers = {tier: state.answers[tier] for tier in library.tiers()}
    roles = {role: state.answers[role] for role in ROLES}
    asked = [(rule.duties, rule.ask(state)) for rule in book.duties if not rule.bars & state.said]
    case = _case(state)
    duties = _duties(asked, case, as_of)
    standing = {name: standing_of(truth) for name, (truth, _) in {**tiers, **roles}.items() if shown(truth)}
    decided = tuple([tier for tier in tiers if tier in standing])
    deciding = [one.rule for one in fired if _settles(one.rule, state)]
    return Classification.trusted(
        as_of=as_of,
        ai_system=_told_as(state, "ai_system", against=("not_ai_system",)),
        in_scope=_told_as(state, "in_scope", against=("not_ai_system", "out_of_scope", "model_not_gpai")),
        roles=tuple([role for role in roles if role in standing]),
        tiers=decided,
        possible_tiers=tuple([tier for tier, (truth, _) in tiers.items() if truth == OPEN]),
        standing=standing,
        basis=_basis(deciding, duties, state),
        obligations=duties,
        dates=_dates(duties, case, state),
        penalties=fines(duties, state.facts.get("actor_size")),
        confidence=_weakest([rule.text.confidence for rule in deciding]) if decided else None,
        open_questions=open_facts(book, state, asked, duties),
        unsettled=unsettled(fired, duties),
        trace=told(fired, state),
        law=law,
    )


def facts_of_fines(answers: Mapping[str, Any], found: Classification) -> tuple[str, ...]:
    """Return the missing facts that can still change a fine, in the order of the vocabulary.

    `found` is what `classify` makes of the same answers. Some of these facts are also among its open questions.
    """
    book = rulebook()
    state = checked(answers)
    _ask(book, state)
    lacking = state.answers["ai_office"][1]
    if any(one.penalty != "G" for one in found.obligations):
        lacking |= book.bits["actor_kind"]  # Union institutions are fined by another article
    if fines(found.obligations, "micro") != fines(found.obligations, "large"):
        lacking |= book.bits["actor_size"]
    return tuple(key for key, bit in book.bits.items() if lacking & bit & state.unknown)


@cache
def _law_of(as_of: date) -> LawVersion:
    instruments = library.instruments()
    begun = instruments["act"].in_force
    assert begun is not None, "the Act has a day of entry into force"
    if as_of < begun:
        raise DateBeforeAct(
            f"On {as_of} the Act was not in force.",
            remedy=f"Ask for {begun}, the day of its entry into force, or a later one.",
            as_of=str(as_of),
            in_force=str(begun),
        )
    about = library.about()
    in_force = (one for one in instruments.values() if one.in_force is not None and one.in_force <= as_of)
    return LawVersion(
        data=about.version,
        checked_on=about.as_of,
        instruments=tuple(f"{one.name}, {one.number}" for one in in_force),
        notice=_NOTICE,
    )


def _ask(book: Rulebook, state: State) -> list[Fired]:
    """Ask every rule in order, note each finding as its strongest rule has it, and return the rules that fired."""
    fired = []
    answers, used, said, unknown = state.answers, state.used, state.said, state.unknown
    answers.update(book.nothing_found)
    for rule in book.rules:
        if rule.bars & said or rule.needs & unknown:
            continue
        answer = rule.ask(state)
        truth = answer[0]
        if truth == NO:
            continue
        for finding in rule.gives:
            before = answers[finding]
            if before is not ALWAYS:
                answers[finding] = answer if before is NEVER else either(before, answer)
        if truth >= STANDS:
            because = rule.condition.used(state)
            fired.append(Fired(rule, truth, because))
            for finding in rule.gives:
                used[finding] = used.get(finding, 0) | because
    return fired


def _settles(rule: Rule, state: State) -> bool:
    settles = rule.text.settles
    return settles if isinstance(settles, bool) else shown(state.truth(settles))


def _told_as(state: State, finding: str, *, against: tuple[str, ...]) -> bool | None:
    """Return yes when the finding is shown, no when a finding against it is, and null while neither is."""
    if shown(state.truth(finding)):
        return True
    return False if any(shown(state.truth(other)) for other in against) else None


def _duties(asked: Iterable[tuple[tuple[str, ...], Answer]], case: Case, as_of: date) -> tuple[DueObligation, ...]:
    """Return the duties that are shown, in the order of the law's data."""
    found: list[DueObligation] = []
    for duties, (truth, _) in asked:
        if shown(truth):
            found += due(duties, case, as_of, standing_of(truth))
    order = library.duty_order()
    return tuple(sorted(found, key=lambda one: order[one.id]))


def _case(state: State) -> Case:
    """Return what decides the days and the fines of the duties."""
    iii, i, late_iii, late_i, gpai, marking = [shown(state.truth(finding)) for finding in DAYS]
    return Case(
        classes=_CLASSES[iii, i],
        late=_CLASSES[late_iii, late_i],
        legacy_gpai=gpai,
        legacy_marking=marking,
        only_imagery=shown(state.truth("prohibited_imagery")) and not shown(state.truth("prohibited_practice")),
        union_institution=state.facts.get("actor_kind") == "eu_institution",
        ai_office=shown(state.truth("ai_office")),
    )


_CLASSES: Mapping[tuple[bool, bool], tuple[HighRiskClass, ...]] = {
    (True, True): ("annex_iii", "annex_i"),
    (True, False): ("annex_iii",),
    (False, True): ("annex_i",),
    (False, False): (),
}


def _basis(deciding: list[Rule], duties: tuple[DueObligation, ...], state: State) -> tuple[str, ...]:
    """Return the provisions that decided, each once; for a minimal system what is left of the Act."""
    found = [citation for rule in deciding for citation in rule.basis(state.facts)]
    found += [_NAMED_DUTIES[one.id] for one in duties if one.id in _NAMED_DUTIES]
    if not found and shown(state.truth("minimal")):
        found = ["Art. 4"]
    return tuple(dict.fromkeys(found))


# Duties that only some actors of a class have: naming their article tells why this actor has them.
_NAMED_DUTIES = {"dep-27": "Art. 27(1)", "gp-54": "Art. 54", "hr-22": "Art. 22(1)", "rw-60": "Art. 60"}
_NAMED_DUTIES |= {"ar-22": "Art. 22", "imp-23": "Art. 23", "dis-24": "Art. 24", "dep-26-10": "Art. 26(10)"}
_NAMED_DUTIES |= {"hr-43-4": "Art. 43(4)", "derog-6-4": "Art. 6(4)", "reg-49-2": "Art. 49(2)"}
_NAMED_DUTIES |= {"dep-26-7": "Art. 26(7)", "dep-26-8": "Art. 26(8)"}
_NAMED_DUTIES |= {"rw-60a": "Art. 60a", "reg-49-3": "Art. 49(3)", "reg-49-5": "Art. 49(5)", "ao-75-1a": "Art. 75(1a)"}


def _dates(duties: tuple[DueObligation, ...], case: Case, state: State) -> dict[str, date | None]:
    found: dict[str, date | None] = {one.id: one.applies_from for one in duties}
    if shown(state.truth("high_risk")):
        found["high_risk"] = _class_day(case, state)
    if "gp-53-1d" in found:
        found["gp-53"] = found["gp-53-1d"]
    return found


def _class_day(case: Case, state: State) -> date | None:
    if shown(state.truth("section_b_only")):
        return library.timeline().application_rules.high_risk_annex_i
    return high_risk_day(case)


def _weakest(confidences: Iterable[Confidence]) -> Confidence:
    return max(confidences, key=_FROM_STRONG_TO_WEAK.index, default="text")
