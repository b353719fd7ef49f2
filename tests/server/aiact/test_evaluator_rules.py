"""How evaluators move, and for how long what they sign lets them in."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fabrica.server.aiact import evaluator_rules as rules
from fabrica.wire.evaluators import PASS_SECONDS, EvaluatorRefused, EvaluatorState, EvaluatorStateWrong

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECONDS = some.integers(min_value=-1000, max_value=1000)


@given(some.sampled_from(EvaluatorState), some.sampled_from(EvaluatorState))
def test_an_evaluator_moves_only_as_the_table_says(now: EvaluatorState, wanted: EvaluatorState) -> None:
    if wanted in rules.NEXT[now]:
        rules.check_move("Evals Institute", now, wanted)
    else:
        with pytest.raises(EvaluatorStateWrong):
            rules.check_move("Evals Institute", now, wanted)


def test_nothing_brings_a_withdrawn_evaluator_back() -> None:
    assert rules.NEXT[EvaluatorState.WITHDRAWN] == frozenset()


@given(SECONDS, SECONDS)
def test_a_pass_works_for_minutes_around_now_and_never_longer(issued: int, lasts: int) -> None:
    at = int(NOW.timestamp()) + issued
    claims = {"aud": "us", "iat": at, "exp": at + lasts}
    works = 0 < lasts <= PASS_SECONDS and issued <= 120 and issued + lasts > 0
    if works:
        rules.check_pass(claims, "us", NOW)
    else:
        with pytest.raises(EvaluatorRefused):
            rules.check_pass(claims, "us", NOW)


@given(some.dictionaries(some.sampled_from(["aud", "iat", "exp"]), some.none() | some.text() | some.booleans()))
def test_no_claims_of_another_kind_let_anybody_in(claims: dict[str, object]) -> None:
    with pytest.raises(EvaluatorRefused):
        rules.check_pass(claims, "us", NOW)


@given(some.sampled_from(EvaluatorState), SECONDS)
def test_only_who_accepted_has_access_and_only_until_its_end(state: EvaluatorState, left: int) -> None:
    ends = NOW + timedelta(seconds=left)
    if state is EvaluatorState.ACCEPTED and left > 0:
        rules.check_access(state, ends, NOW)
    else:
        with pytest.raises(EvaluatorRefused):
            rules.check_access(state, ends, NOW)
