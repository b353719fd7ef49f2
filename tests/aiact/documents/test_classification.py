"""A classification as evidence: what is contested or not whole is told as such."""

from datetime import date
from typing import Any

from fabrica.aiact.classify import classify
from fabrica.aiact.documents.classification import classification_evidence
from fabrica.aiact.documents.evidence import Gathered
from fabrica.aiact.documents.fill import fill
from fabrica.wire.documents import Evidence
from tests.aiact.samples import NOW, items_of, whole_kind

RECRUITING: dict[str, Any] = {
    "artefact": "system",
    "technique": "machine_learning",
    "used_for": ["recruitment"],
    "eu_link": ["placed_on_eu_market"],
    "actor_does": ["develops"],
}
WAY_OUT = {"derogation_task": "preparatory", "steers_outcome": False, "profiles_people": False}


def _evidence(**facts: Any) -> Evidence:
    found = classify({**RECRUITING, **facts}, date(2028, 1, 6))
    return classification_evidence(found, source="facts.yaml", sha256="a" * 64)


def test_the_way_out_is_told_with_its_citation() -> None:
    (row,) = _evidence(**WAY_OUT).rows
    assert row["exception_condition"][0].startswith("Art. 6(3)(d): ")
    assert row["annex_iii_point"] == ["Annex III 4(a)"]
    assert row["classified_on"] == date(2028, 1, 6)
    assert "checked on 2026-11-20" in row["rule_version"]


def test_without_a_shown_way_out_none_is_told_and_its_questions_are_open() -> None:
    (row,) = _evidence().rows
    assert "exception_condition" not in row
    assert row["open_questions"].endswith("lists them")
    assert "unless an exception is shown" in row["tiers"][0]


def test_the_assessment_is_filled_from_it() -> None:
    held = Gathered((_evidence(**WAY_OUT), whole_kind("model.id", "register")), {}, ())
    items = items_of(fill("art6_assessment", held, None, now=NOW))
    assert items["a6-1"].state == "automatic"
    assert items["a6-5"].state == "automatic"
    assert items["a6-2"].state == "to_type"  # its purpose is for a person
    assert items_of(fill("annex_viii_b", held, None, now=NOW))["viii-b-6"].state == "automatic"
