"""Bad facts are named, with what would be right."""

from datetime import date, datetime
from typing import Any

import pytest
import yaml

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.wire.aiact import FactMalformed, FactsContradict, UnknownFact

AS_OF = date(2026, 11, 20)


def test_an_unknown_key_tells_the_nearest() -> None:
    with pytest.raises(UnknownFact) as told:
        classify({"used_to": ["recruitment"]}, AS_OF)
    assert told.value.facts["nearest"] == "used_for"


@pytest.mark.parametrize(
    ("key", "value", "remedy"),
    [
        ("technique", "machine_lerning", "machine_learning"),
        ("technique", ["machine_learning"], "nearest"),
        ("used_for", "recruitment", "[recruitment]"),
        ("third_party_check", True, "'yes_health_and_safety'"),
        ("used_for", ["recrutment"], "recruitment"),
        ("used_for", [["recruitment"]], "nearest"),
        ("profiles_people", "yes", "true or false"),
        ("profiles_people", 1, "true or false"),
        ("training_flop", "many", "above zero"),
        ("training_flop", -1, "above zero"),
        ("training_flop", float("nan"), "above zero"),
        ("training_flop", float("inf"), "above zero"),
        ("training_flop", True, "above zero"),
        ("training_flop", 10**400, "above zero"),
        ("first_unit_date", "soon", "YYYY-MM-DD"),
        ("first_unit_date", datetime(2026, 1, 1), "YYYY-MM-DD"),  # noqa: DTZ001 - not a day is the point
        ("first_unit_date", 20260101, "YYYY-MM-DD"),
        ("artefact", "x" * 100_000, "nearest"),
    ],
)
def test_a_value_that_a_fact_cannot_have_is_named(key: str, value: Any, remedy: str) -> None:
    with pytest.raises(FactMalformed) as told:
        classify({key: value}, AS_OF)
    assert key in told.value.detail
    assert remedy in told.value.remedy
    assert len(str(told.value)) < 3_000


def test_values_as_yaml_writes_them_are_understood() -> None:
    answers = yaml.safe_load(
        "{artefact: model, training_flop: 1e24, third_party_check: no, model_first_eu_market: 2026-06-01}"
    )
    found = {one.rule: one.facts for one in classify({**answers, "model_outputs": ["text"]}, AS_OF).trace}
    assert found["indicated-model"]["training_flop"] == 1e24


def test_a_key_without_a_value_is_not_answered() -> None:
    assert classify({"artefact": "system", "technique": None}, AS_OF) == classify({"artefact": "system"}, AS_OF)


@pytest.mark.parametrize(
    "answers",
    [
        {"eu_link": ["none", "deployer_in_eu"]},
        {"sole_purpose": "personal_use", "actor_does": ["uses_professionally"]},
        {"scores_people_over_time": False, "score_effect": "detriment_disproportionate"},
        {"emotion_input": "none", "used_for": ["emotion_recognition"]},
        {"biometric_matching": "none", "used_for": ["remote_identification"]},
        {"original_is_gpai": False, "original_systemic": True},
        {"cumulative_flop": 1e22, "training_flop": 1e23},
        {"actor_does": ["uses_professionally"], "actor_kind": "court", "public_service_deployer": False},
        {"actor_does": ["supplies_compute_only", "trains_model"]},
        {"actor_does": ["uses_personally"], "actor_kind": "public_body"},
        {"actor_based_in": "third_country", "actor_kind": "eu_institution"},
        {"biometric_trait_inferred": "none", "used_for": ["sensitive_categorisation"]},
        {"matching_for_police": False, "police_exception_met": True},
        {"biometric_matching": "one_to_one", "used_for": ["remote_identification"]},
        {"designated_systemic": True, "model_breadth": "narrow"},
        {"cumulative_flop": 1e22, "modification_flop": 1e23},
        {"sole_purpose": "not_yet_released", "first_unit_date": "2026-11-19", "as_of": "2026-11-20"},
        {"sole_purpose": "not_yet_released", "model_first_eu_market": "2026-11-19", "as_of": "2026-11-20"},
    ],
)
def test_facts_that_contradict_each_other_are_both_named(answers: dict[str, Any]) -> None:
    with pytest.raises(FactsContradict) as told:
        classify(answers, AS_OF)
    named = set(told.value.facts["contradicting"])
    assert named <= set(answers)
    assert all(key in told.value.detail for key in named)
    assert told.value.remedy


def test_every_key_of_the_vocabulary_can_be_given() -> None:
    for key, fact in library.vocabulary().items():
        values: dict[str, Any] = {"bool": True, "number": 1e24, "date": "2026-09-01"}
        value = values.get(fact.type, list(fact.values[:1]) if fact.type == "list" else fact.values and fact.values[0])
        assert classify({"artefact": "system", key: value}, AS_OF).as_of == AS_OF
