"""The journal: what is written is there after a crash, and each number is drawn once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.agent.entries import UNNUMBERED, Ending
from fabrica.agent.journal import Journal
from fabrica.values.ids import AttemptId
from fabrica.values.states import AttemptState, EndReason
from fabrica.wire.agents import Event, JournalUnusable
from fabrica.wire.runs import Usage
from tests.agent.builders import NOON, make_order


def _event(attempt: AttemptId) -> Event:
    return Event(sequence=UNNUMBERED, attempt=attempt, fence=1, kind="usage", at=NOON)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite3")


def test_an_order_is_accepted_once(journal: Journal) -> None:
    order = make_order()
    assert journal.accept(order, NOON)
    assert not journal.accept(order.model_copy(update={"fence": 2}), NOON)
    assert [event.kind for event in journal.news(events_max=9, bytes_max=9999)] == ["accepted"]
    assert [one.fence for one in journal.digest()] == [1]


def test_a_digest_names_the_attempts_that_are_asked_for_or_all(journal: Journal) -> None:
    first, second, unknown = make_order(), make_order(), make_order()
    for order in (first, second):
        journal.accept(order, NOON)
    assert [one.attempt for one in journal.digest()] == [first.attempt, second.attempt]
    assert [one.attempt for one in journal.digest({second.attempt, unknown.attempt})] == [second.attempt]
    assert journal.digest(()) == ()


def test_a_new_journal_has_an_epoch_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    first = Journal(tmp_path / "a")
    assert first.epoch == Journal(tmp_path / "a").epoch
    assert first.epoch != Journal(tmp_path / "b").epoch


def test_a_sequence_is_never_used_again_after_all_events_are_acknowledged(tmp_path: Path) -> None:
    order = make_order()
    journal = Journal(tmp_path / "journal")
    journal.accept(order, NOON)
    journal.write(order.attempt, _event(order.attempt))
    journal.acknowledge(2)
    journal.close()
    again = Journal(tmp_path / "journal")
    again.write(order.attempt, _event(order.attempt))
    assert [event.sequence for event in again.news(events_max=9, bytes_max=9999)] == [3]


@given(numbers=st.lists(st.integers(min_value=0, max_value=12), max_size=12))
def test_acknowledgements_in_any_order_leave_what_no_one_acknowledged(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int]
) -> None:
    journal = Journal(tmp_path_factory.mktemp("journal") / "journal")
    order = make_order()
    journal.accept(order, NOON)
    for _ in range(11):
        journal.write(order.attempt, _event(order.attempt))
    for number in numbers:
        journal.acknowledge(number)
    left = [event.sequence for event in journal.news(events_max=99, bytes_max=10**6)]
    assert left == list(range(max(numbers, default=0) + 1, 13))
    journal.close()


def test_the_first_end_of_an_attempt_stands(journal: Journal) -> None:
    order = make_order()
    journal.accept(order, NOON)
    assert journal.end(order.attempt, Ending(reason=EndReason.COMPLETED, ended_at=NOON))
    assert not journal.end(order.attempt, Ending(reason=EndReason.TIME_LIMIT, ended_at=NOON))
    entry = journal.entry(order.attempt)
    assert entry is not None
    assert entry.ending is not None
    assert entry.ending.reason is EndReason.COMPLETED


def test_staging_that_comes_back_after_a_cancel_does_not_revive_the_attempt(journal: Journal) -> None:
    order = make_order()
    journal.accept(order, NOON)
    journal.end(order.attempt, Ending(reason=EndReason.CANCELLED_BY_USER, ended_at=NOON))
    journal.stage(order.attempt, {"PATH": "/bin"}, {}, NOON)
    entry = journal.entry(order.attempt)
    assert entry is not None
    assert entry.variables is None
    assert not entry.may_start


def test_an_attempt_that_has_not_ended_is_not_forgotten(journal: Journal) -> None:
    order = make_order()
    journal.accept(order, NOON)
    journal.forget(order.attempt, NOON)
    assert journal.live_count == 1


def test_a_forgotten_attempt_is_not_accepted_again(journal: Journal) -> None:
    order = make_order()
    journal.accept(order, NOON)
    journal.write(order.attempt, state=AttemptState.ENDED)
    journal.forget(order.attempt, NOON)
    assert not journal.accept(order, NOON)
    assert journal.entries() == []


def test_a_change_and_its_event_are_written_together_or_not_at_all(journal: Journal) -> None:
    order = make_order()
    journal.accept(order, NOON)
    with pytest.raises(KeyError):
        journal.write(order.attempt, _event(order.attempt), state=AttemptState.RUNNING, no_such_column=1)
    entry = journal.entry(order.attempt)
    assert entry is not None
    assert entry.state is AttemptState.ACCEPTED
    assert journal.spooled == 1


def test_one_message_holds_at_least_one_event_and_not_much_more_than_its_bytes(journal: Journal) -> None:
    order = make_order()
    journal.accept(order, NOON)
    for _ in range(5):
        journal.write(order.attempt, _event(order.attempt).model_copy(update={"log_text": "x" * 1000}))
    assert len(journal.news(events_max=99, bytes_max=10)) == 1
    assert len(journal.news(events_max=99, bytes_max=2500)) == 3
    assert len(journal.news(events_max=2, bytes_max=10**6)) == 2


def test_a_damaged_journal_is_a_named_problem(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"no database" * 1000)
    with pytest.raises(JournalUnusable, match="journal"):
        Journal(tmp_path / "journal")


def test_facts_of_an_attempt_outlive_the_acknowledgement_of_its_events(journal: Journal, tmp_path: Path) -> None:
    order = make_order()
    journal.accept(order, NOON)
    journal.stage(order.attempt, {}, {"lock": "a.lock"}, NOON)
    journal.ask_stop(order.attempt, EndReason.CANCELLED_BY_USER, NOON)
    journal.acknowledge(100)
    notes = Journal(tmp_path / "journal.sqlite3").notes(order.attempt)
    assert [body["fact"] for _, body in notes.facts] == ["accepted", "staged", "stop_asked"]
    assert notes.environment == {"lock": "a.lock"}


def test_usage_is_kept_as_checkpoints_not_as_every_report(journal: Journal) -> None:
    order = make_order()
    journal.accept(order, NOON)
    for second in range(0, 2000, 2):
        usage = Usage(elapsed_seconds=float(second))
        event = Event(sequence=1, attempt=order.attempt, fence=1, kind="usage", at=NOON, usage=usage)
        journal.write(order.attempt, event)
    kept = [body["elapsed_seconds"] for _, body in journal.notes(order.attempt).facts if body["fact"] == "usage"]
    assert kept[:3] == [0.0, 10.0, 20.0]
    assert len(kept) < 50
    assert kept[-1] > 1700


def test_the_site_is_the_one_the_server_names(journal: Journal, tmp_path: Path) -> None:
    assert journal.notes(AttemptId.new()).site is None
    journal.remember_site("vega")
    assert Journal(tmp_path / "journal.sqlite3").notes(AttemptId.new()).site == "vega"


def test_a_forgotten_attempt_leaves_no_facts(journal: Journal) -> None:
    order = make_order()
    journal.accept(order, NOON)
    journal.write(order.attempt, state=AttemptState.ENDED)
    journal.forget(order.attempt, NOON)
    assert journal.notes(order.attempt).facts == ()
