"""A sitting keeps what was said, takes back the last of it, and makes no fact of "I do not know"."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.aiact.intake.sitting import answer, as_saved, begin, undo
from fabrica.aiact.intake.wording import checklists
from fabrica.wire.aiact import AnswersUnreadable, FactMalformed, FactsContradict, UnknownFact
from fabrica.wire.intake import Sitting

MOVES: list[tuple[str, Any]] = [
    ("artefact", "system"),
    ("artefact", None),
    ("artefact", "model"),
    ("used_for", ["recruitment"]),
    ("used_for", []),
    ("first_unit_date", "2026-09-01"),
    ("training_flop", 1e23),
    ("practices", []),
    ("practices", ["emotion_input"]),
    ("practices", None),
    ("people", ["talks_to_people"]),
    ("talks_to_people", None),
]


@settings(max_examples=40, deadline=None)
@given(moves=st.lists(st.sampled_from(MOVES), max_size=8))
def test_undo_takes_back_exactly_the_last_answer(moves: list[tuple[str, Any]]) -> None:
    states = [Sitting()]
    for question, value in moves:
        states.append(answer(states[-1], question, value))
    sitting = states[-1]
    for before in reversed(states[:-1]):
        sitting = undo(sitting)
        assert sitting == before
    assert undo(sitting) == sitting


@settings(max_examples=40, deadline=None)
@given(moves=st.lists(st.sampled_from(MOVES), max_size=8))
def test_a_saved_sitting_comes_back_as_it_was(moves: list[tuple[str, Any]]) -> None:
    sitting = Sitting()
    for question, value in moves:
        sitting = answer(sitting, question, value)
    assert begin(yaml.safe_load(yaml.safe_dump(as_saved(sitting)))) == sitting


def test_i_do_not_know_is_no_fact_and_takes_an_earlier_one_away() -> None:
    sitting = answer(answer(Sitting(), "artefact", "system"), "artefact", None)
    assert sitting.answers == {}
    assert sitting.unknown == ("artefact",)
    assert answer(sitting, "artefact", "model").unknown == ()


def test_a_checklist_denies_what_is_not_ticked_and_leaves_what_was_told() -> None:
    told = Sitting(answers={"biometric_matching": "one_to_one"}, unknown=("face_database",))
    sitting = answer(told, "practices", ["emotion_input"])
    assert "emotion_input" not in sitting.answers
    assert sitting.answers["biometric_matching"] == "one_to_one"
    assert "face_database" not in sitting.answers
    assert sitting.answers["scores_people_over_time"] is False
    assert sitting.answers["predicts_offending_of_person"] == "no"


def test_a_ticked_line_of_yes_or_no_is_a_fact_at_once() -> None:
    assert answer(Sitting(), "people", ["talks_to_people"]).answers["talks_to_people"] is True


def test_plain_facts_are_a_beginning() -> None:
    assert begin({"artefact": "system"}).answers == {"artefact": "system"}
    assert begin({}) == Sitting()


@pytest.mark.parametrize("content", [{"answers": {}, "steps": 3}, {"answers": {}, "unknown": "x"}])
def test_a_file_that_is_no_intake_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(AnswersUnreadable):
        begin(content)


@pytest.mark.parametrize("value", ["emotion_input", ["nothing"], True, [3]])
def test_a_wrong_answer_to_a_checklist_is_refused(value: Any) -> None:
    with pytest.raises(FactMalformed) as refused:
        answer(Sitting(), "practices", value)
    assert list(checklists()["practices"].facts) == refused.value.facts["allowed"]


def test_wrong_questions_and_contradictions_are_named() -> None:
    for value in ("x", None):
        with pytest.raises(UnknownFact):
            answer(Sitting(), "artifact", value)
    with pytest.raises(FactsContradict):
        answer(answer(Sitting(), "emotion_input", "none"), "used_for", ["emotion_recognition"])
