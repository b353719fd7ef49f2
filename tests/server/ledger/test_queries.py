"""What the ledger tells: balances, statements that can be verified, and what is wrong with its books."""

import pytest
from django.db import connection

from fabrica.server.core.actors import SYSTEM
from fabrica.server.ledger import queries, service
from fabrica.server.ledger.models import Account, Book, Entry, Reservation, Transfer
from fabrica.values.ids import AllocationId, AttemptId, ProjectId
from fabrica.values.quantities import DeviceTime
from fabrica.wire import ledger as wire
from fabrica.wire.ledger import broken_links
from fabrica.wire.problems import Malformed
from tests.server.ledger.builders import SITE, h100, make_book, make_reservation

pytestmark = pytest.mark.django_db


def make_story() -> ProjectId:
    """A project with two allocations, a settled and a waived attempt."""
    project = ProjectId.new()
    first, second = make_book(3_600_000, project), make_book(7_200_000, project)
    settled, waived = make_reservation(first, 100).attempt, make_reservation(second, 200).attempt
    service.charge(SYSTEM, attempt=settled, used_up_to=h100(60))
    service.release(SYSTEM, attempt=settled)
    service.charge(SYSTEM, attempt=waived, used_up_to=h100(50))
    service.waive(SYSTEM, attempt=waived, reason="A node failed.")
    return project


def test_a_balance_adds_up_to_what_was_granted() -> None:
    for found in queries.balances(make_story()):
        assert found.granted_milliseconds == (
            found.available_milliseconds
            + found.reserved_milliseconds
            + found.consumed_milliseconds
            + found.expired_milliseconds
        )


def test_what_is_free_is_what_can_be_reserved() -> None:
    allocation = make_book(1000)
    make_reservation(allocation, 400)
    assert queries.free(allocation) == DeviceTime(600, "gpu.h100")
    make_reservation(allocation, 600)
    with pytest.raises(wire.InsufficientBalance):
        make_reservation(allocation, 1)


def test_an_unknown_allocation_is_a_named_problem_and_an_empty_project_has_no_balance() -> None:
    with pytest.raises(wire.AllocationUnknown):
        queries.balance(AllocationId.new())
    assert queries.balances(ProjectId.new()) == ()
    assert queries.reservation(AttemptId.new()) is None


def test_a_statement_tells_in_words_what_happened_and_what_was_left() -> None:
    rows = queries.statement(make_story()).rows
    told = [(row.words, row.available_after_milliseconds, row.reserved_after_milliseconds) for row in reversed(rows)]
    assert told == [
        ("Granted 1 h100-hours", 3_600_000, 0),
        ("Granted 2 h100-hours", 7_200_000, 0),
        (f"Reserved 0.1 h100-seconds at {SITE}", 3_599_900, 100),
        (f"Reserved 0.2 h100-seconds at {SITE}", 7_199_800, 200),
        (f"Charged 0.06 h100-seconds used at {SITE}", 3_599_900, 40),
        (f"Released 0.04 h100-seconds not used at {SITE}", 3_599_940, 0),
        (f"Charged 0.05 h100-seconds used at {SITE}", 7_199_800, 150),
        (f"Returned 0.2 h100-seconds: not charged at {SITE}", 7_200_000, 0),
    ]
    assert [row.milliseconds for row in rows[:2]] == [200, 50]


def test_pages_of_a_statement_hold_every_transfer_once_and_no_other_project() -> None:
    project, _ = make_story(), make_story()
    whole = queries.statement(project).rows
    paged: list[wire.StatementRow] = []
    cursor = None
    for _ in range(10):
        page = queries.statement(project, limit=3, cursor=cursor)
        paged += page.rows
        cursor = page.next_cursor
        if cursor is None:
            break
    assert tuple(paged) == whole
    assert len(whole) == 8


@pytest.mark.parametrize(
    ("limit", "cursor"), [(0, None), (501, None), (10, "x"), (10, "-1"), (10, "9" * 30), (10, "²")]
)
def test_a_malformed_page_is_a_named_problem(limit: int, cursor: str | None) -> None:
    with pytest.raises(Malformed):
        queries.statement(ProjectId.new(), limit=limit, cursor=cursor)


def test_an_exported_statement_verifies_offline_and_a_changed_one_does_not() -> None:
    exported = queries.statement(make_story()).model_dump_json()
    transfers = [row.transfer for row in wire.Statement.model_validate_json(exported).rows]
    assert broken_links(transfers) == []
    forged = transfers[0].model_copy(update={"reason": "A gift."})
    assert broken_links([forged, *transfers[1:]]) == [f"transfer {forged.id} does not match its own seal"]
    resealed = forged.model_copy(update={"previous_sha256": "0" * 64})
    resealed = resealed.model_copy(update={"sha256": resealed.computed_sha256()})
    assert "does not follow" in broken_links([resealed, *transfers[1:]])[0]


def test_no_statement_names_a_person() -> None:
    project = make_story()
    assert "Olga" not in queries.statement(project).model_dump_json()


def test_true_books_have_no_differences() -> None:
    make_story()
    assert queries.check_books() == []


def test_a_balance_changed_by_hand_is_found() -> None:
    make_story()
    account = Account.objects.filter(kind="available")[0]
    Account.objects.filter(pk=account.pk).update(balance_milliseconds=account.balance_milliseconds + 1)
    assert [account.pk in words for words in queries.check_books()] == [True]


def test_a_reservation_changed_by_hand_is_found() -> None:
    make_reservation(make_book())
    Reservation.objects.update(amount_milliseconds=101)
    assert len(queries.check_books()) == 1


def test_an_entry_without_its_counterpart_is_found() -> None:
    make_book()
    account = Account.objects.get(kind="expired")
    Entry.objects.create(
        transfer=Transfer.objects.all()[0], account=account, milliseconds=5, balance_after_milliseconds=5
    )
    Account.objects.filter(pk=account.pk).update(balance_milliseconds=5)
    found = queries.check_books()
    assert any("sums to 5" in words for words in found)
    assert any("breaks the chain" in words for words in found)


def test_a_chain_cut_short_is_found() -> None:
    allocation = make_book()
    Book.objects.filter(pk=allocation).update(transfers_count=2)
    assert queries.check_books() == [f"the head of the chain of {allocation} is not its last transfer"]


def test_a_transfer_changed_under_a_lifted_trigger_is_found() -> None:
    make_story()
    with connection.cursor() as cursor:
        lift = {
            "sqlite": "DROP TRIGGER ledger_transfer_refuses_update",
            "postgresql": "SET LOCAL session_replication_role = replica",
        }
        cursor.execute(lift[connection.vendor])
        cursor.execute("UPDATE ledger_transfer SET reason = 'A gift.' WHERE number = 2")
    assert ["number 2" in words and "breaks the chain" in words for words in queries.check_books()] == [True, True]
