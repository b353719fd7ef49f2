"""Answers of a person: a mistake is a named problem that says where, and who said it stays with what was said."""

from typing import Any

import pytest

from fabrica.aiact.documents.answers import evidence_of, parse_answers
from fabrica.wire.documents import DocumentAnswersWrong

PERSON = {"person": {"name": "Ana", "function": "Head"}, "day": "2026-11-21"}


def test_a_text_a_list_and_a_row_may_stand_alone() -> None:
    answers = parse_answers(
        {
            **PERSON,
            "items": {"mdf-4-1": "None."},
            "confirm": ["mdf-5-1"],
            "not_applicable": {"mdf-8-3": "No inference."},
            "evidence": {"org.identity": {"legal_name": "A"}, "model.release": [{"channel": "b"}, {"channel": "c"}]},
        }
    )
    assert answers.items["mdf-4-1"].text == "None."
    assert list(answers.confirm) == ["mdf-5-1"]
    assert answers.not_applicable["mdf-8-3"].reason == "No inference."
    identity, release = evidence_of(answers, source="answers.yaml", sha256="a" * 64)
    assert (identity.held_by, identity.method) == ("person", "Entered by Ana, Head, on 2026-11-21.")
    assert len(release.rows) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([], "holds no answers"),
        ({}, "person"),
        ({**PERSON, "day": "tomorrow"}, "day"),
        ({**PERSON, "itmes": {}}, "itmes"),
        ({**PERSON, "items": {"mdf-4-11": "x"}}, "no item 'mdf-4-11'"),
        ({**PERSON, "items": {"mdf-4-1": ""}}, "items.mdf-4-1.text"),
        ({**PERSON, "items": []}, None),
        ({**PERSON, "items": 3}, "items holds no keys"),
        ({**PERSON, "confirm": {"mdf-9": {}}}, "no item 'mdf-9'"),
        ({**PERSON, "not_applicable": {"mdf-8-3": {}}}, "has no reason"),
        ({**PERSON, "evidence": {"org.identiy": {}}}, "no kind of evidence"),
        ({**PERSON, "evidence": {"org.identity": {"nme": "x"}}}, "evidence.org.identity"),
        ({**PERSON, "evidence": {"org.identity": "x"}}, "evidence.org.identity"),
    ],
)
def test_a_mistake_is_named(content: Any, said: str | None) -> None:
    if said is None:
        assert parse_answers(content).items == {}
        return
    with pytest.raises(DocumentAnswersWrong, match=said) as wrong:
        parse_answers(content)
    assert wrong.value.remedy
