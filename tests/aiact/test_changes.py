"""What would change a classification: one fact at a time."""

from datetime import date

from fabrica.aiact.changes import what_would_change

ANSWERS = {
    "artefact": "system",
    "technique": "machine_learning",
    "eu_link": ["placed_on_eu_market"],
    "sole_purpose": "none",
    "actor_does": ["develops", "sells_under_own_name"],
    "used_for": ["recruitment"],
    "derogation_task": "narrow_procedural",
    "steers_outcome": False,
    "profiles_people": False,
}


def test_the_facts_that_decide_are_told_with_their_effect() -> None:
    changes = {(one.fact, str(one.would_be)): one for one in what_would_change(ANSWERS, date(2026, 11, 20))}
    profiling = changes["profiles_people", "True"]
    assert (profiling.gains, profiling.loses) == (("high_risk_annex_iii",), ("annex_iii_not_high_risk",))
    assert changes["sole_purpose", "scientific_research"].gains == ("out_of_scope",)
    assert ("derogation_task", "preparatory") not in changes


def test_values_that_contradict_other_facts_are_left_out() -> None:
    changes = what_would_change({**ANSWERS, "eu_link": ["deployer_in_eu"]}, date(2026, 11, 20))
    assert all(one.would_be != ["deployer_in_eu", "none"] for one in changes)


def test_without_facts_nothing_would_change() -> None:
    assert what_would_change({"used_for": None}, date(2026, 11, 20)) == ()


def test_a_value_written_many_times_counts_once() -> None:
    once = {"artefact": "system", "used_for": ["other", "recruitment"]}
    often = {"artefact": "system", "used_for": ["recruitment", "other"] * 20_000}
    assert what_would_change(often, date(2026, 11, 20)) == what_would_change(once, date(2026, 11, 20))
