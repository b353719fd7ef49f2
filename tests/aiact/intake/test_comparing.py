"""Two variants: what changes, and the facts that make it."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fabrica.aiact.classify import classify
from fabrica.aiact.intake.comparing import compare, differences
from fabrica.wire.aiact import FactsContradict
from tests.aiact.strategies import facts

CASES: dict[str, dict[str, Any]] = {
    case["id"]: case["answers"]
    for case in yaml.safe_load((Path(__file__).parents[1] / "cases.yaml").read_text())["cases"]
}
DAY = date(2028, 1, 6)


def test_the_fact_that_makes_a_difference_is_named_alone() -> None:
    one = {**CASES["D06"], "product_act": "none"}
    other = {**one, "used_for": ["other"], "actor_size": "micro"}
    found = {(each.kind, each.what): each for each in compare(one, other, DAY).differences}
    tier = found["tier", "high_risk_annex_iii"]
    assert (tier.before, tier.after, tier.because) == ("final", None, ("used_for",))
    assert found["obligation", "hr-9"].before == "from 2027-12-02"
    assert found["date", "high_risk"].after is None


def test_facts_that_only_together_make_a_difference_are_named_together() -> None:
    before = {"artefact": "system", "technique": "machine_learning", "eu_link": ["placed_on_eu_market"],
              "sole_purpose": "none", "actor_does": ["develops"]}  # fmt: skip
    after = {
        **before,
        "emotion_input": "biometric",
        "emotion_area": "work",
        "emotion_reason": "other",
        "monetised": True,
    }
    found = {one.what: one for one in compare(before, after, DAY).differences}
    assert "monetised" not in found["prohibited"].because
    assert {"emotion_input", "emotion_area"} <= set(found["prohibited"].because)


def test_the_size_of_the_actor_changes_fines_alone() -> None:
    one, other = {**CASES["D06"], "actor_size": "micro"}, {**CASES["D06"], "actor_size": "large"}
    found = compare(one, other, DAY).differences
    assert {one.kind for one in found} == {"fine"}
    assert all(one.because == ("actor_size",) for one in found)


def test_variants_that_say_the_same_differ_in_nothing() -> None:
    again = {**CASES["D06"], "used_for": list(CASES["D06"]["used_for"]) * 2, "as_of": "2030-01-01"}
    found = compare(CASES["D06"], again, DAY)
    assert (found.facts, found.differences) == ((), ())


@given(one=facts(), change=facts(), keys=st.sets(st.integers(0, 20), max_size=4))
@settings(max_examples=25, deadline=None)
def test_the_named_facts_alone_make_each_difference(
    one: dict[str, Any], change: dict[str, Any], keys: set[int]
) -> None:
    other = one | {key: value for place, (key, value) in enumerate(change.items()) if place in keys}
    try:
        found = compare(one, other, DAY)
        for difference in found.differences:
            if difference.kind not in ("tier", "role"):
                continue
            then = classify({**one, **{key: other[key] for key in difference.because}}, DAY)
            assert then.standing.get(difference.what) == difference.after
            assert difference.because
    except FactsContradict:
        assume(False)


def test_two_results_of_the_same_facts_differ_in_nothing_and_the_change_of_one_is_told_both_ways() -> None:
    found = classify(CASES["D06"], DAY)
    bare = found.model_copy(update={"tiers": (), "roles": (), "standing": {}})
    assert differences(found, found) == ()
    gone, come = differences(found, bare), differences(bare, found)
    assert {one.what for one in gone} == {*found.tiers, *found.roles}
    assert [(one.what, one.before, one.after) for one in gone] == [(one.what, one.after, one.before) for one in come]
