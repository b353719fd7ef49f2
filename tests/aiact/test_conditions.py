"""Conditions of rules, for facts of any kind."""

import operator
from functools import reduce
from typing import Any

from hypothesis import assume, given

from fabrica.aiact import rulebook
from fabrica.aiact.conditions import ALWAYS, NEVER, Answer, Condition, Either, Every, State, Unless, either
from fabrica.aiact.facts import checked
from fabrica.aiact.truth import NO, STANDS, YES
from fabrica.wire.aiact import FactsContradict
from tests.aiact.strategies import facts


def _part_by_part(condition: Condition, state: State) -> Answer:
    if isinstance(condition, Unless):
        truth, missing = _part_by_part(condition.exception, state)
        return YES - truth, missing
    if not isinstance(condition, Every | Either):
        return condition.ask(state)
    truths, lacking = zip(*(_part_by_part(part, state) for part in condition.parts), strict=True)
    truth = min(truths) if isinstance(condition, Every) else max(truths)
    final = {NO: NEVER, YES: ALWAYS}
    return final.get(truth) or (truth, reduce(operator.or_, lacking))


@given(facts())
def test_a_rule_that_is_asked_in_one_look_answers_as_part_by_part(given_facts: dict[str, Any]) -> None:
    book = rulebook.rulebook()
    try:
        state = checked(given_facts)
    except FactsContradict:
        assume(False)
        raise
    state.answers.update(book.nothing_found)
    for rule in book.rules:
        answer = _part_by_part(rule.condition, state)
        assert rule.condition.ask(state) == answer, rule.text.id
        if rule.bars & state.said:
            assert answer[0] < STANDS, rule.text.id
        else:
            assert rule.ask(state) == answer, rule.text.id
        for finding, rises in rule.finds:
            before = state.answers[finding]
            now = state.answers[finding] = either(before, answer)
            state.said ^= rises[before[0]] ^ rises[now[0]]
