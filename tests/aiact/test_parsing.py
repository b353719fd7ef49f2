"""Conditions as people write them."""

from typing import Any

import pytest

from fabrica.aiact.conditions import Found, State, needs
from fabrica.aiact.parsing import ConditionMalformed, Names, parse
from fabrica.aiact.propositions import Propositions
from fabrica.aiact.schema import Fact
from fabrica.aiact.truth import NO, OPEN, STANDS, YES

VOCABULARY = {
    "warm": Fact(type="bool", meaning="", group=""),
    "colour": Fact(type="enum", meaning="", group="", values=("red", "blue")),
    "uses": Fact(type="list", meaning="", group="", values=("eat", "sleep")),
    "size": Fact(type="number", meaning="", group=""),
    "other_size": Fact(type="number", meaning="", group=""),
}
PROPOSITIONS = Propositions(VOCABULARY)
BITS = PROPOSITIONS.missing
FOUND = Found("found", BITS["warm"], PROPOSITIONS.finding())
NAMES = Names(VOCABULARY, PROPOSITIONS, {"found": FOUND}, {"limit": 10.0})


def _ask(text: str, found: int = NO, **facts: Any) -> tuple[int, set[str]]:
    given = {key: frozenset(value) if isinstance(value, list) else value for key, value in facts.items()}
    condition = parse(text, NAMES)
    said = FOUND.marks[found] + sum(PROPOSITIONS.said(key, value) for key, value in given.items())
    said += sum(bit for key, bit in BITS.items() if key not in given)
    lacking = 0 if found in (NO, YES) else BITS["warm"]
    truth, missing = condition.ask(State(given, said, answers={"found": (found, lacking)}))
    assert all(truth == told for told in (NO, OPEN, STANDS, YES) if condition.marks[told] & said)
    return truth, {key for key, bit in BITS.items() if bit & missing}


@pytest.mark.parametrize(
    ("text", "facts", "truth"),
    [
        ("warm", {"warm": True}, YES),
        ("warm", {"warm": False}, NO),
        ("not warm", {"warm": False}, YES),
        ("not warm", {}, OPEN),
        ("colour is red", {"colour": "red"}, YES),
        ("colour is (red, blue)", {"colour": "blue"}, YES),
        ("not colour is red", {"colour": "red"}, NO),
        ("uses has sleep", {"uses": ["eat", "sleep"]}, YES),
        ("not uses has (eat, sleep)", {"uses": ["eat"]}, NO),
        ("size > limit", {"size": 10.0}, NO),
        ("size >= limit", {"size": 10.0}, YES),
        ("size / other_size < limit", {"size": 90.0, "other_size": 10.0}, YES),
        ("size + other_size <= limit", {"size": 9.0, "other_size": 2.0}, NO),
        ("size / other_size > limit", {"size": 1e25, "other_size": 1e24}, NO),
        ("size < other_size", {"size": 9.0, "other_size": 10.0}, YES),
        ("missing size", {}, STANDS),
        ("missing size", {"size": 1.0}, NO),
        ("warm and colour is red or size > limit", {"warm": False, "size": 11.0}, YES),
        ("warm and (colour is red or size > limit)", {"warm": False, "size": 11.0}, NO),
        ("warm and (colour is red and uses has eat)", {"warm": True, "colour": "red", "uses": ["eat"]}, YES),
        ("uses has eat and not uses has sleep", {"uses": ["eat"]}, YES),
        ("uses has eat and not uses has sleep", {"uses": []}, NO),
    ],
)
def test_a_condition_reads_as_it_is_written(text: str, facts: dict[str, Any], truth: int) -> None:
    assert _ask(text, **facts)[0] == truth


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("warm and colour is red", {"warm", "colour"}),
        ("warm or colour is red", set()),
        ("warm and size > limit or warm and uses has eat", {"warm"}),
        ("warm and (colour is red or size > limit)", {"warm"}),
        ("size / other_size > limit", {"size", "other_size"}),
        ("missing size and not found", set()),
    ],
)
def test_a_condition_is_not_shown_without_the_facts_that_it_needs(text: str, needed: set[str]) -> None:
    facts: dict[str, Any] = {"warm": True, "colour": "red", "uses": ["eat"], "size": 99.0, "other_size": 1.0}
    assert {key for key, bit in BITS.items() if bit & needs(parse(text, NAMES))} == needed
    for key in needed:
        assert _ask(text, **{other: value for other, value in facts.items() if other != key})[0] < STANDS


def test_only_facts_that_still_matter_are_missing() -> None:
    assert _ask("warm and colour is red", warm=False) == (NO, set())
    assert _ask("warm and colour is red", warm=True) == (OPEN, {"colour"})
    assert _ask("warm or colour is red", warm=True) == (YES, set())
    assert _ask("size / other_size > limit", size=1.0) == (OPEN, {"other_size"})


def test_a_finding_is_denied_as_firmly_as_it_stands() -> None:
    assert [_ask("not found", found=truth)[0] for truth in (NO, OPEN, STANDS, YES)] == [YES, STANDS, OPEN, NO]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cold", "'cold' is no fact"),
        ("colour", "say what 'colour' is or has"),
        ("colour is green", "'green' is no value"),
        ("colour has red", "type enum"),
        ("uses is eat", "type list"),
        ("size > nothing", "'nothing' is no limit"),
        ("not size > limit", "other comparison"),
        ("(warm", r"write \)"),
        ("warm colour", "nothing more"),
        ("warm and", "a name"),
        ("warm; colour", "a sign"),
        ("", "a name"),
    ],
)
def test_a_mistake_in_a_condition_is_named(text: str, said: str) -> None:
    with pytest.raises(ConditionMalformed, match=said):
        parse(text, NAMES)
