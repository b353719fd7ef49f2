"""How questions move, and when a reply is due."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fabrica.server.aiact import question_rules as rules
from fabrica.values.ids import UserId
from fabrica.wire.questions import (
    DueDateWrong,
    PublishingNotAllowed,
    QuestionState,
    QuestionStateWrong,
    QuestionTaken,
)

DAYS = some.dates(min_value=date(2025, 1, 1), max_value=date(2040, 1, 1))


@given(some.sampled_from(QuestionState), some.sampled_from(QuestionState))
def test_a_question_moves_only_as_the_table_says(now: QuestionState, wanted: QuestionState) -> None:
    if wanted in rules.NEXT[now]:
        rules.check_move(now, wanted)
    else:
        with pytest.raises(QuestionStateWrong):
            rules.check_move(now, wanted)


def test_nothing_leaves_withdrawn_and_only_an_answer_is_published() -> None:
    assert rules.NEXT[QuestionState.WITHDRAWN] == frozenset()
    before = {state for state, nexts in rules.NEXT.items() if QuestionState.PUBLISHED in nexts}
    assert before == {QuestionState.ANSWERED}


@given(DAYS)
def test_a_reply_is_due_ten_working_days_later(asked_on: date) -> None:
    due = rules.due_on(asked_on, None)
    working = [asked_on + timedelta(days=n) for n in range(1, (due - asked_on).days + 1)]
    assert sum(day.weekday() < 5 for day in working) == rules.REPLY_WORKING_DAYS
    assert due.weekday() < 5


@given(DAYS, some.integers(min_value=-400, max_value=800))
def test_a_wished_day_is_taken_or_refused(asked_on: date, days: int) -> None:
    wished = asked_on + timedelta(days=days)
    if 0 <= days <= 366:
        assert rules.due_on(asked_on, wished) == wished
    else:
        with pytest.raises(DueDateWrong):
            rules.due_on(asked_on, wished)


@pytest.mark.parametrize("state", QuestionState)
def test_only_what_waits_for_a_reply_is_late(state: QuestionState) -> None:
    due, today = date(2026, 11, 20), date(2026, 11, 21)
    assert rules.is_late(state, due, today) == (state in (QuestionState.ASKED, QuestionState.TAKEN))
    assert not rules.is_late(state, due, due)


def test_an_adviser_works_on_what_they_took_and_publishes_what_is_allowed() -> None:
    me = UserId.new()
    rules.check_own(me, me)
    rules.check_publishing(True)
    with pytest.raises(QuestionTaken):
        rules.check_own(UserId.new(), me)
    with pytest.raises(PublishingNotAllowed):
        rules.check_publishing(False)
