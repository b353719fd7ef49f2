"""The intake asks what still matters, and nothing else; the order of asking changes no result."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings

from fabrica.aiact import library
from fabrica.aiact.classify import classify
from fabrica.aiact.intake.asking import outlook
from fabrica.wire.aiact import Classification, FactsContradict
from fabrica.wire.intake import Sitting
from tests.aiact.intake.answering import answered
from tests.aiact.strategies import facts

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "cases.yaml").read_text())["cases"]
DAY = date(2026, 11, 21)
# How many questions each case takes when its facts are told, a checklist is ticked by them, and the rest is not known.
QUESTIONS = {
    "D01": 1,
    "D02": 21,
    "D03": 25,
    "D04": 26,
    "D05": 30,
    "D06": 23,
    "D07": 22,
    "D08": 19,
    "D09": 16,
    "D10": 22,
    "D11": 23,
    "D12": 12,
    "D13": 9,
    "D14": 9,
    "D15": 14,
}


def law_of(found: Classification) -> Any:
    """Return what a person owes, by when and at what cost; not the provisions named as reasons."""
    duties = [(one.id, one.applies_from, one.formal_date, one.penalty, one.standing) for one in found.obligations]
    return found.tiers, found.possible_tiers, found.roles, found.standing, duties, found.dates, found.penalties


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_a_case_comes_out_the_same_when_it_is_asked(case: dict[str, Any]) -> None:
    day = date.fromisoformat(case["as_of"])
    asked = answered(case["answers"], day)
    assert law_of(asked.result) == law_of(classify(case["answers"], day))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_a_case_takes_no_more_questions_than_is_told(case: dict[str, Any]) -> None:
    day = date.fromisoformat(case["as_of"])
    asked = answered(case["answers"], day, ticks=True)
    at_once = classify(case["answers"], day)
    assert (asked.result.tiers, asked.result.roles, asked.result.dates) == (at_once.tiers, at_once.roles, at_once.dates)
    assert asked.asked <= QUESTIONS[case["id"]]


@given(told=facts())
@settings(max_examples=40, deadline=None)
def test_asking_in_order_reaches_the_result_of_all_facts_at_once(told: dict[str, Any]) -> None:
    try:
        at_once = classify(told, DAY)
        asked = answered(told, DAY)
    except FactsContradict:
        assume(False)
    assert law_of(asked.result) == law_of(at_once)


@given(told=facts())
@settings(max_examples=40, deadline=None)
def test_every_fact_that_is_open_is_asked_for_and_none_that_is_told(told: dict[str, Any]) -> None:
    try:
        found = outlook(Sitting(answers=told), DAY)
    except FactsContradict:
        assume(False)
    asked = {str(choice.value) for one in found.questions if one.kind == "checklist" for choice in one.choices}
    asked |= {one.id for one in found.questions if one.kind != "checklist"}
    assert {one.fact for one in found.result.open_questions} - {"as_of"} <= asked
    assert not asked & told.keys()
    assert found.complete == (not asked)


def test_what_is_not_known_is_not_asked_again_and_is_no_fact() -> None:
    first = outlook(Sitting(), DAY).questions[0]
    found = outlook(Sitting(unknown=(first.id,)), DAY)
    assert first.id not in [one.id for one in found.questions]
    assert not found.complete
    assert found.sitting.answers == {}


def test_the_most_decisive_question_comes_first() -> None:
    def classes(may_change: tuple[str, ...]) -> int:
        return len([name for name in may_change if name not in library.obligations() and name != "fines"])

    counts = [classes(one.may_change) for one in outlook(Sitting(), DAY).questions]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_a_system_that_only_follows_written_rules_needs_one_question() -> None:
    assert outlook(Sitting(answers={"technique": "human_rules_only"}), DAY).complete


def test_the_day_of_the_first_unit_is_asked_where_only_a_date_hangs_on_it() -> None:
    case = next(case for case in CASES if case["id"] == "D03")
    told = {key: value for key, value in case["answers"].items() if key not in ("first_unit_date", "as_of")}
    questions = {one.id: one for one in outlook(Sitting(answers=told), DAY).questions}
    assert "first_unit_date" in questions
