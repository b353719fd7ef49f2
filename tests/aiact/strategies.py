"""Facts of any kind, for property tests."""

from typing import Any

from hypothesis import strategies as st

from fabrica.aiact import library
from fabrica.aiact.schema import Fact


def values(fact: Fact) -> st.SearchStrategy[Any]:
    """Return any value that a fact can have."""
    if fact.type == "bool":
        return st.booleans()
    if fact.type == "enum":
        return st.sampled_from(fact.values)
    if fact.type == "list":
        return st.lists(st.sampled_from(fact.values), min_size=1, max_size=3, unique=True)
    if fact.type == "number":
        return st.sampled_from([1e20, 1e22, 1e23, 4e23, 1e25, 3e25])
    return st.sampled_from(["2025-01-01", "2026-09-01", "2028-03-01", "2029-01-01"])


_LIKELY: dict[str, Any] = {  # facts that let most cases come past the first steps of a classification
    "sole_purpose": "none",
    "technique": "machine_learning",
    "eu_link": ["placed_on_eu_market"],
}


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    """Return facts: a system or model, and any of the other keys."""
    vocabulary = library.vocabulary()
    keys = draw(st.lists(st.sampled_from(sorted(vocabulary)), max_size=20, unique=True))
    given = {key: draw(values(vocabulary[key])) for key in keys}
    likely = {key: value for key, value in _LIKELY.items() if draw(st.integers(0, 3))}
    artefact = {"artefact": draw(st.sampled_from(["system", "system", "model"]))}
    return {**artefact, "actor_does": draw(values(vocabulary["actor_does"])), **given, **likely}


@st.composite
def one_fact(draw: st.DrawFn) -> tuple[str, Any]:
    """Return one key with a value."""
    vocabulary = library.vocabulary()
    key = draw(st.sampled_from(sorted(vocabulary)))
    return key, draw(values(vocabulary[key]))


_IN_THE_ACT = {
    "artefact": "system",
    "technique": "machine_learning",
    "eu_link": ["placed_on_eu_market"],
    "sole_purpose": "none",
    "actor_does": ["develops", "sells_under_own_name"],
    "actor_kind": "private",
}
BANNED: tuple[dict[str, Any], ...] = tuple(  # each practice of Article 5 with every fact that could except it
    {**_IN_THE_ACT, **practice}
    for practice in (
        {"distorts_behaviour_by": "hidden_or_deceptive", "significant_harm_likely": True},
        {"distorts_behaviour_by": "vulnerability", "significant_harm_likely": True},
        {"scores_people_over_time": True, "score_effect": "detriment_disproportionate"},
        {"predicts_offending_of_person": "traits_or_profile_only"},
        {"face_database": "untargeted_scraping"},
        {
            "emotion_input": "biometric",
            "emotion_area": "work",
            "emotion_reason": "other",
            "physical_state_only": False,
        },
        {"biometric_trait_inferred": "race", "ancillary_feature": False, "matching_for_police": False},
        {
            "biometric_matching": "one_to_many_remote",
            "matching_timing": "real_time",
            "matching_place": "public_space",
            "matching_for_police": True,
            "police_exception_met": False,
        },
        {"intimate_imagery": "intended"},
        {"intimate_imagery": "foreseeable_no_safeguards"},
    )
)


@st.composite
def banned_facts(draw: st.DrawFn) -> dict[str, Any]:
    """Return facts that establish a banned practice, among any others."""
    return {**draw(facts()), **draw(st.sampled_from(BANNED))}
