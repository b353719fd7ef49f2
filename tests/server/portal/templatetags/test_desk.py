"""What pages of the desk say and draw."""

from datetime import timedelta
from typing import get_args

import pytest

from fabrica.aiact import library
from fabrica.aiact.documents.shape import STATES
from fabrica.aiact.questions.passages import law_passages
from fabrica.server.core import clock
from fabrica.server.portal.templatetags import desk
from fabrica.wire.accounts import MarginState
from fabrica.wire.aiact import Confidence
from fabrica.wire.calendar import EntryKind
from fabrica.wire.documents import Block, DocumentItem, FillRate, ItemState, Recipient
from fabrica.wire.systems import Relation, StatementKind, VersionState


def test_everything_a_body_can_hold_has_words() -> None:
    for tier in library.tiers():
        assert desk.tier_words(tier)
    for fact in library.vocabulary():
        assert desk.question_words(fact)
    for kind in get_args(EntryKind):
        assert desk.kind_words(kind)
    for confidence in get_args(Confidence):
        assert desk.confidence_words(confidence)
    for state in VersionState:
        assert desk.version_state(state)
    for relation in get_args(Relation):
        assert desk.relation_words(relation)
    for event in (*get_args(StatementKind), "result", "issued"):
        assert desk.event_words(event)
    for recipient in get_args(Recipient):
        assert desk.recipient_words(recipient)
    for margin in get_args(MarginState):
        assert desk.margin_words(margin)


@pytest.mark.parametrize("confidence", get_args(Confidence))
def test_only_drafts_and_contested_readings_stand_out(confidence: Confidence) -> None:
    mark = desk.sureness(confidence)
    assert f"sureness-{confidence}" in mark
    assert ("M12 4l9 16H3z" in mark) is (confidence in ("draft", "open"))


def test_a_confidence_with_a_remark_is_marked_by_its_first_word() -> None:
    assert "sureness-guidance" in desk.sureness("guidance; see 3.2")


def test_what_may_still_be_undone_is_marked_and_what_is_final_is_not() -> None:
    assert desk.standing({"gpai": "final"}, "gpai") == ""
    assert "may still be undone" in desk.standing({"gpai": "unless_shown_otherwise"}, "gpai")


def test_what_is_not_known_is_never_a_no_or_a_zero() -> None:
    assert "not known yet" in desk.yes_no(None)
    assert "unknown" in desk.flop(None)
    assert desk.flop(4.2e22) == "4.20 × 10²² FLOP"


def test_days_are_told_from_today() -> None:
    today = clock.now().date()
    assert desk.days_until(today) == "today"
    assert desk.days_until(today + timedelta(days=1)) == "in 1 day"
    assert desk.days_until(today - timedelta(days=1000)) == "1,000 days ago"


def test_how_far_a_document_is_filled_is_drawn_and_told() -> None:
    rate = FillRate(items=10, automatic=3, confirmed=1, typed=1, to_confirm=2, to_type=1, missing=2, part=0,
                    automatic_share=0.3, complete_share=0.5)  # fmt: skip
    drawn = desk.fill_bar(rate)
    assert "5 of 10 items are filled, 2 wait to be confirmed" in drawn
    assert 'width="30.00%"' in drawn


@pytest.mark.parametrize("state", get_args(ItemState))
def test_each_state_of_an_item_is_an_icon_and_a_word(state: ItemState) -> None:
    item = DocumentItem(id="a", asks="b", fill="auto", state=state, optional=state == "missing")
    mark = desk.item_state(item)
    assert "<svg" in mark
    assert STATES[state] in mark
    assert ("optional" in mark) is (state == "missing")


def test_a_block_of_one_row_reads_as_words_and_values() -> None:
    assert desk.single_row(Block(title="t", columns=("a", "b"), rows=(("1", "2"),))) == [("a", "1"), ("b", "2")]


def test_a_statement_of_the_laws_data_is_told_by_its_labels_and_no_word_is_lost() -> None:
    parts = desk.passage_parts("article: Art. 50(4). duty: Deep fakes disclosed. applies from: 2026-08-02")
    assert parts == [("Article", "Art. 50(4)"), ("Duty", "Deep fakes disclosed"), ("Applies from", "2026-08-02")]
    assert desk.passage_parts("Nothing is labelled here.") == [("", "Nothing is labelled here.")]
    for passage in law_passages():
        if passage.kind == "law":
            parts = desk.passage_parts(passage.text)
            told = ". ".join(f"{label}: {words}" if label else words for label, words in parts)
            assert told.lower().split() == passage.text.lower().split()
