"""The check of a change: every verdict has a reason with its article, and silence never says that nothing changed."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact.classify import classify
from fabrica.aiact.compute import account
from fabrica.aiact.modification import Origin, Release, check_modification
from fabrica.wire.accounts import ComputeAccount, OutsideSource, SourceEvidence, Sources
from fabrica.wire.systems import ChangeAnswers, Modification
from tests.aiact.samples import make_run, source_evidence

DAY = date(2028, 1, 1)
NOTHING = Release(None, None)
RECRUITMENT = {
    "artefact": "system",
    "technique": "machine_learning",
    "eu_link": ["placed_on_eu_market"],
    "sole_purpose": "none",
    "actor_does": ["develops", "sells_under_own_name"],
    "actor_based_in": "EU",
    "used_for": ["recruitment"],
    "profiles_people": True,
}
SAID = st.sampled_from([None, True, False])


def of(**facts: Any) -> Release:
    return Release(classify(RECRUITMENT | facts, DAY), None)


def test_a_change_of_a_high_risk_system_is_open_until_both_questions_are_answered() -> None:
    check = check_modification("system", of(), of(), ChangeAnswers(), "nothing")
    assert check.verdict == "open"
    assert len([one for one in check.reasons if one.verdict == "open"]) == 2
    decided = ChangeAnswers(changes_purpose=False, affects_compliance=False)
    assert check_modification("system", of(), of(), decided, "nothing").verdict == "not_substantial"


@pytest.mark.parametrize("question", ["changes_purpose", "affects_compliance"])
def test_either_answer_makes_it_substantial_and_asks_for_a_new_assessment(question: str) -> None:
    check = check_modification("system", of(), of(), ChangeAnswers(**{question: True}), "nothing")
    assert check.verdict == "substantial"
    assert any("Art. 43(4)" in one for one in check.consequences)


def test_what_was_fixed_in_advance_is_no_substantial_modification() -> None:
    told = ChangeAnswers(planned=True, changes_purpose=True, affects_compliance=True)
    assert check_modification("system", of(), of(), told, "nothing").verdict == "not_substantial"


def test_another_use_of_annex_iii_is_another_purpose_whatever_is_said() -> None:
    after = of(used_for=["admission"])
    told = ChangeAnswers(changes_purpose=False, affects_compliance=False)
    check = check_modification("system", of(), after, told, "nothing")
    assert check.verdict == "substantial"
    assert "another use" in check.reasons[0].words


def test_a_system_without_facts_is_not_decided_and_one_without_high_risk_needs_nothing() -> None:
    assert check_modification("system", NOTHING, of(), ChangeAnswers(), "nothing").verdict == "open"
    low = Release(classify({"artefact": "system", "technique": "human_rules_only"}, DAY), None)
    assert check_modification("system", low, low, ChangeAnswers(), "nothing").verdict == "not_substantial"


def tuned(own_flop: float, base_flop: float | None) -> ComputeAccount:
    evidence = SourceEvidence.model_validate(source_evidence())
    sources = (
        OutsideSource(id="base", what="Base", tag="initial_weights", flop=base_flop, method="card", evidence=evidence),
        OutsideSource(id="own", what="Own", tag="finetuning", flop=own_flop, method="log", evidence=evidence),
    )
    return account((), Sources(sources=sources))


@pytest.mark.parametrize(
    ("own_flop", "base_flop", "verdict"),
    [
        (1e22, 9e22, "not_substantial"),
        (9e22, 9e22, "substantial"),
        (3e22, 9e22, "open"),  # within the margin of error of a third
        (1e22, None, "not_substantial"),  # a third of 10^23 stands in
        (9e22, None, "substantial"),
    ],
)
def test_a_third_of_the_original_compute_makes_a_provider(
    own_flop: float, base_flop: float | None, verdict: str
) -> None:
    after = Release(None, tuned(own_flop, base_flop))
    check = check_modification("model", NOTHING, after, ChangeAnswers(), "others")
    assert check.verdict == verdict
    assert check.reasons[0].citation.endswith("GPAI model providers, section 3.2")
    assert bool(check.consequences) == (verdict == "substantial")


def test_a_model_of_the_same_provider_stays_one_model_and_one_of_no_other_modifies_none() -> None:
    after = Release(None, tuned(9e22, 9e22))
    origins: tuple[Origin, ...] = ("own", "nothing")
    for origin in origins:
        assert check_modification("model", NOTHING, after, ChangeAnswers(), origin).verdict == "not_substantial"
    assert check_modification("model", NOTHING, NOTHING, ChangeAnswers(), "others").verdict == "open"


@given(SAID, SAID, SAID, st.sampled_from(["system", "model"]), st.sampled_from(["own", "others", "nothing"]))
def test_every_check_has_a_reason_with_a_citation_and_its_verdict_is_that_of_a_reason(
    planned: bool | None, purpose: bool | None, compliance: bool | None, kind: Any, origin: Any
) -> None:
    told = ChangeAnswers(planned=planned, changes_purpose=purpose, affects_compliance=compliance)
    account_of_run = account((make_run(),))
    check: Modification = check_modification(kind, of(), Release(of().result, account_of_run), told, origin)
    assert check.reasons
    assert all(one.citation for one in check.reasons)
    assert check.verdict in {one.verdict for one in check.reasons}
    assert check.told == told
