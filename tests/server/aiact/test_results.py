"""How a classification is shown."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact.changes import what_would_change
from fabrica.server.aiact.results import CHANGES_SHOWN, documents_due, open_groups, shown, together
from fabrica.wire.documents import FillRate
from tests.server.aiact.desk_reader import CV_SCREENER

DAY = date(2026, 11, 21)


def test_duties_are_parted_by_the_day_and_the_nearest_comes_first() -> None:
    found = shown(CV_SCREENER, DAY)
    assert all(one.in_force for one in found.in_force)
    assert not any(one.in_force for one in found.coming)
    assert [one.applies_from for one in found.coming] == sorted(one.applies_from for one in found.coming)
    assert len(found.in_force) + len(found.coming) == len(found.found.obligations)


def test_each_reason_tells_the_facts_it_used_in_the_words_they_were_asked_by() -> None:
    reasons = shown(CV_SCREENER, DAY).reasons
    assert any("Recruitment, choosing or ranking applicants" in words for one in reasons for _, words in one.facts)


def test_answers_that_change_the_same_stand_together_and_none_is_lost() -> None:
    found = shown(CV_SCREENER, DAY)
    assert len(found.alternatives) <= CHANGES_SHOWN
    changes = what_would_change(CV_SCREENER, DAY)
    kinds = {(one.fact, one.gains, one.loses) for one in changes}
    assert len(found.alternatives) + found.alternatives_left == len(kinds)


def test_open_questions_that_decide_the_same_stand_together() -> None:
    questions = shown(CV_SCREENER, DAY).found.open_questions
    groups = open_groups(questions)
    assert [one for group in groups for one in group.questions] == list(questions)


def test_the_documents_that_duties_ask_for_have_the_first_of_their_days() -> None:
    due = documents_due(shown(CV_SCREENER, DAY).found)
    assert due["annex_iv"] == date(2027, 12, 2)
    assert "mdf" not in due
    assert documents_due(None) == {}


@given(st.lists(st.lists(st.integers(0, 9), min_size=6, max_size=6), max_size=5))
def test_documents_together_hold_the_items_of_each(counts: list[list[int]]) -> None:
    rates = [
        FillRate(
            items=sum(one),
            automatic=one[0],
            confirmed=one[1],
            typed=one[2],
            to_confirm=one[3],
            to_type=one[4],
            missing=one[5],
            part=0,
            automatic_share=0,
            complete_share=0,
        )
        for one in counts
    ]
    rate = together(rates)
    assert rate.items == sum(map(sum, counts))
    assert 0 <= rate.automatic_share <= rate.complete_share <= 1
