"""Classify an AI system or model and its actor under the AI Act, for any day: plain rules over given facts."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any, NamedTuple

from fabrica.aiact import library
from fabrica.aiact.conditions import ALWAYS, NEVER, State, either
from fabrica.aiact.due import Case, HighRiskClass, high_risk_day, owed
from fabrica.aiact.explain import KEPT, Fired, open_facts, standing_of, told, unsettled
from fabrica.aiact.facts import checked
from fabrica.aiact.fines import fines
from fabrica.aiact.rulebook import DAYS, ROLES, SCOPE, Rule, Rulebook, rulebook
from fabrica.aiact.schema import Confidence
from fabrica.aiact.truth import NO, OPEN, STANDS, shown
from fabrica.wire.aiact import Classification, DateBeforeAct, LawVersion, Standing

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
    said = state.said
    asked = [(rule.duties, rule.ask(state)) for rule in book.duties if not rule.bars & said]
    case = _case(state)
    owing = owed(tuple([(duties, standing_of(truth)) for duties, (truth, _) in asked if truth >= STANDS]), case, as_of)
    classes = _classes(tuple([state.answers[name][0] for name in _class_names()]))
    deciding = [rule for rule, _, _ in fired if _settles(rule, state)]
    return Classification.trusted(
        as_of=as_of,
        ai_system=classes.ai_system,
        in_scope=classes.in_scope,
        roles=classes.roles,
        tiers=classes.tiers,
        possible_tiers=classes.possible_tiers,
        standing=dict(classes.standing),
        basis=_basis(deciding, owing.days, state),
        obligations=owing.duties,
        dates=_dates(owing.days, case, state),
        penalties=fines(owing.fine_tiers, state.facts.get("actor_size")),
        confidence=_weakest([rule.text.confidence for rule in deciding]) if classes.tiers else None,
        open_questions=open_facts(state, asked, owing.days),
        unsettled=unsettled(fired, owing.days),
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
    tiers = {one.penalty for one in found.obligations}
    if tiers - {"G"}:
        lacking |= book.bits["actor_kind"]  # Union institutions are fined by another article
    if fines(tiers, "micro") != fines(tiers, "large"):
        lacking |= book.bits["actor_size"]
    return tuple(key for key, bit in book.bits.items() if lacking & bit & state.said)


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
    answers, used, said = state.answers, state.used, state.said
    answers.update(book.nothing_found)
    for rule in book.rules:
        if rule.bars & said:
            continue
        answer = rule.ask(state)
        truth = answer[0]
        if truth == NO:
            continue
        for finding, rises in rule.finds:
            before = answers[finding]
            if before is NEVER:
                answers[finding] = answer
                said ^= rises[truth]
            elif before is not ALWAYS:
                now = answers[finding] = either(before, answer)
                if now[0] != before[0]:
                    said ^= rises[before[0]] ^ rises[now[0]]
        state.said = said
        if truth >= STANDS:
            because = rule.condition.used(state)
            fired.append((rule, truth, because))
            for finding in rule.gives:
                used[finding] = used.get(finding, 0) | because
    return fired


class _Classes(NamedTuple):
    """What hangs on the truths of tiers, roles and scope alone."""

    ai_system: bool | None
    in_scope: bool | None
    roles: tuple[str, ...]
    tiers: tuple[str, ...]
    possible_tiers: tuple[str, ...]
    standing: Mapping[str, Standing]


@cache
def _class_names() -> tuple[str, ...]:
    return (*library.tiers(), *ROLES, *SCOPE)


@lru_cache(KEPT)
def _classes(truths: tuple[int, ...]) -> _Classes:
    """Return what is told of tiers, roles and scope by their truths, which many classifications share."""
    found = dict(zip(_class_names(), truths, strict=True))
    in_order = {name: standing_of(truth) for name, truth in found.items() if shown(truth)}
    return _Classes(
        ai_system=_told_as("ai_system", found, against=("not_ai_system",)),
        in_scope=_told_as("in_scope", found, against=("not_ai_system", "out_of_scope", "model_not_gpai")),
        roles=tuple(role for role in ROLES if role in in_order),
        tiers=tuple(tier for tier in library.tiers() if tier in in_order),
        possible_tiers=tuple(tier for tier in library.tiers() if found[tier] == OPEN),
        standing={name: standing for name, standing in in_order.items() if name not in SCOPE},
    )


def _told_as(finding: str, truths: Mapping[str, int], *, against: tuple[str, ...]) -> bool | None:
    """Return yes when the finding is shown, no when a finding against it is, and null while neither is."""
    if shown(truths[finding]):
        return True
    return False if any(shown(truths[other]) for other in against) else None


def _settles(rule: Rule, state: State) -> bool:
    return rule.settles if isinstance(rule.settles, bool) else shown(state.truth(rule.settles))


def _case(state: State) -> Case:
    """Return what decides the days and the fines of the duties."""
    iii, i, late_iii, late_i, gpai, marking = [shown(state.truth(finding)) for finding in DAYS]
    return Case(
        classes=_OF_DAYS[iii, i],
        late=_OF_DAYS[late_iii, late_i],
        legacy_gpai=gpai,
        legacy_marking=marking,
        only_imagery=shown(state.truth("prohibited_imagery")) and not shown(state.truth("prohibited_practice")),
        union_institution=state.facts.get("actor_kind") == "eu_institution",
        ai_office=shown(state.truth("ai_office")),
    )


_OF_DAYS: Mapping[tuple[bool, bool], tuple[HighRiskClass, ...]] = {
    (True, True): ("annex_iii", "annex_i"),
    (True, False): ("annex_iii",),
    (False, True): ("annex_i",),
    (False, False): (),
}


def _basis(deciding: list[Rule], duties: Iterable[str], state: State) -> tuple[str, ...]:
    """Return the provisions that decided, each once; for a minimal system what is left of the Act."""
    found = [citation for rule in deciding for citation in rule.basis(state.facts)]
    found += [_NAMED_DUTIES[duty] for duty in duties if duty in _NAMED_DUTIES]
    if not found and shown(state.truth("minimal")):
        found = ["Art. 4"]
    return tuple(dict.fromkeys(found))


# Duties that only some actors of a class have: naming their article tells why this actor has them.
_NAMED_DUTIES = {"dep-27": "Art. 27(1)", "gp-54": "Art. 54", "hr-22": "Art. 22(1)", "rw-60": "Art. 60"}
_NAMED_DUTIES |= {"ar-22": "Art. 22", "imp-23": "Art. 23", "dis-24": "Art. 24", "dep-26-10": "Art. 26(10)"}
_NAMED_DUTIES |= {"hr-43-4": "Art. 43(4)", "derog-6-4": "Art. 6(4)", "reg-49-2": "Art. 49(2)"}
_NAMED_DUTIES |= {"dep-26-7": "Art. 26(7)", "dep-26-8": "Art. 26(8)"}
_NAMED_DUTIES |= {"rw-60a": "Art. 60a", "reg-49-3": "Art. 49(3)", "reg-49-5": "Art. 49(5)", "ao-75-1a": "Art. 75(1a)"}


def _dates(days: Mapping[str, date], case: Case, state: State) -> dict[str, date | None]:
    found: dict[str, date | None] = {**days}
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
