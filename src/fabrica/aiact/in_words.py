"""Tiers, roles and confidence in the words people read."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from fabrica.aiact import library
from fabrica.wire.aiact import Confidence, Fine, FiredRule

TIERS: Mapping[str, str] = MappingProxyType(
    {
        "out_of_scope": "outside the Act",
        "not_ai_system": "not an AI system",
        "prohibited": "prohibited practice",
        "high_risk_annex_i_a": "high-risk, product under Annex I Section A",
        "high_risk_annex_i_b": "high-risk, product under Annex I Section B",
        "high_risk_annex_iii": "high-risk, use under Annex III",
        "annex_iii_not_high_risk": "use under Annex III, not high-risk",
        "transparency": "transparency duties",
        "gpai": "general-purpose AI model",
        "gpai_open_source": "general-purpose AI model, open source",
        "gpai_systemic": "general-purpose AI model with systemic risk",
        "model_not_gpai": "model outside the duties of general-purpose AI",
        "minimal": "no tier, AI literacy only",
    }
)
CONFIDENCE: Mapping[Confidence, str] = MappingProxyType(
    {
        "text": "read in the text of the law",
        "guidance": "rests on adopted guidance, which binds nobody",
        "secondary": "rests on secondary sources",
        "draft": "rests on DRAFT guidance",
        "open": "CONTESTED: more than one reading exists, ask a person",
    }
)
_INSTRUMENT = re.compile(r"\b((?:gl|cop)_[a-z]+)\b(?=( )?)")
_COMMON = ("artefact", "technique", "eu_link", "sole_purpose")


def law_of_the_day(as_of: date) -> str:
    """Return which amendments a day comes before, and which days counted then; `""` for a day after all of them."""
    later = [one for one in library.instruments().values() if one.amends and one.in_force and as_of < one.in_force]
    named = " and ".join(f"{one.number}, in force since {one.in_force}" for one in later)
    return (
        f"This day comes before {named}. Where a duty names a day before the amendment, that day counted then."
        if named
        else ""
    )


def leading_tiers(tiers: Iterable[str], standing: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tiers that a page leads with: "no tier" is none while an open question may still show another."""
    return tuple(tier for tier in tiers if tier != "minimal" or standing.get(tier) == "final")


def tiers_together(tiers: Iterable[str]) -> str:
    """Return tiers as one line with a capital, `""` for none."""
    words = "; ".join(TIERS[tier] for tier in tiers)
    return words[:1].upper() + words[1:]


def confidence_in_words(confidence: Confidence | None) -> str:
    """Return what a result rests on, in words."""
    return "nothing is decided yet" if confidence is None else CONFIDENCE[confidence]


def name_in_words(name: str) -> str:
    """Return a tier, a role or a duty in words."""
    duty = library.obligations().get(name)
    return f"the duty under {duty.article}" if duty else TIERS.get(name, name.replace("_", " "))


def cited_in_words(text: str) -> str:
    """Return a citation of the law's data with instruments by their names, and with the day it was checked."""
    about = library.about()
    named = _INSTRUMENT.sub(_instrument, text)
    return named.replace(" at as_of", f" by {about.as_of}")


def _instrument(found: re.Match[str]) -> str:
    one = library.instruments().get(found[1])
    return found[0] if one is None else f"{one.name}{',' if found[2] else ''}"


def own_facts(rule: FiredRule) -> Mapping[str, Any]:
    """Return the facts a rule used, without those that nearly every rule stands on, where it has others."""
    return {key: value for key, value in rule.facts.items() if key not in _COMMON} or rule.facts


def value_in_words(value: object) -> str:
    """Return the value of a fact as it is told beside its key."""
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value).lower()


def fine_in_words(fine: Fine) -> str:
    """Return the most a breach may cost, and which of two limits counts."""
    if fine.max_eur is None:
        return f"{fine.id}, {fine.article}: {fine.rule or 'set for Union institutions'}"
    rule = fine.rule or "higher or lower of the two, which hangs on the size of the company"
    start = f", from {fine.applies_from}" if fine.applies_from else ""
    amount = f"up to EUR {fine.max_eur:,} or {fine.max_turnover_percent:g} % of turnover"
    return f"{fine.id}, {fine.article}: {amount}: {rule}{start}"
