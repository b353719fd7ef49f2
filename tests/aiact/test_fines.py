"""Fines: the tier of a duty, and the rule for the size."""

from datetime import date
from typing import Any

import pytest

from fabrica.aiact.classify import classify
from fabrica.aiact.fines import fine_tier

BANNED = {
    "artefact": "system",
    "technique": "machine_learning",
    "eu_link": ["placed_on_eu_market"],
    "actor_does": ["develops", "sells_under_own_name"],
    "face_database": "untargeted_scraping",
    "talks_to_people": True,
}


def _rules(**facts: Any) -> dict[str, str | None]:
    return {one.id: one.rule for one in classify({**BANNED, **facts}, date(2026, 11, 20)).penalties}


@pytest.mark.parametrize(
    ("size", "for_bans", "for_duties"),
    [
        ("large", "higher of", "higher of"),
        ("smc", "higher of (Art. 99(6a) does not reach paragraph 3)", "lower of"),
        ("sme", "lower of", "lower of"),
        ("micro", "lower of", "lower of"),
        (None, None, None),
    ],
)
def test_small_mid_caps_have_no_lower_limit_for_bans(size: str | None, for_bans: str, for_duties: str) -> None:
    rules = _rules(actor_size=size)
    assert (rules["T1"], rules["T2"]) == (for_bans, for_duties)


def test_union_institutions_are_fined_under_their_own_article() -> None:
    assert set(_rules(actor_kind="eu_institution")) == {"E"}
    assert fine_tier("G", union_institution=True, ai_office=False) == "G"


def test_where_the_ai_office_is_competent_any_breach_is_in_the_second_tier() -> None:
    assert fine_tier("N", union_institution=False, ai_office=True) == "T2"
    assert fine_tier("N", union_institution=False, ai_office=False) == "N"
    assert fine_tier("T1", union_institution=False, ai_office=True) == "T1"


def test_models_have_no_rule_for_small_companies_and_their_own_first_day() -> None:
    answers = {
        "artefact": "model",
        "technique": "generative_model",
        "eu_link": ["placed_on_eu_market"],
        "actor_does": ["trains_model"],
        "model_breadth": "broad",
    }
    (fine,) = classify(answers, date(2026, 11, 20)).penalties
    assert (fine.id, fine.rule, str(fine.applies_from)) == ("G", "higher of", "2026-08-02")
