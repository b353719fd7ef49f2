"""The database itself refuses what the ledger must never do, to raw SQL as well."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from fabrica.server.core.actors import SYSTEM
from fabrica.server.ledger import queries, service
from fabrica.server.ledger.models import Account, Entry, Reservation, Transfer
from tests.server.ledger.builders import START, h100, make_book, make_reservation

pytestmark = pytest.mark.django_db


def refused(sql: str) -> str:
    """Run raw SQL that the database must refuse; return its words."""
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    return str(refusal.value)


@pytest.mark.parametrize("table", ["ledger_transfer", "ledger_entry"])
@pytest.mark.parametrize("change", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
def test_a_transfer_or_entry_is_neither_changed_nor_deleted(table: str, change: str) -> None:
    make_book()
    column = "reason" if table == "ledger_transfer" else "milliseconds"
    assert "append only" in refused(change.format(table=table, column=column))
    assert (Transfer.objects.count(), Entry.objects.count()) == (1, 2)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
def test_the_books_are_not_truncated() -> None:
    make_book()
    connection.check_constraints()  # PostgreSQL truncates no table whose deferred checks are pending
    assert "append only" in refused("TRUNCATE ledger_entry")


@pytest.mark.parametrize("kind", ["available", "reserved", "consumed", "expired"])
def test_no_account_of_an_allocation_falls_below_zero(kind: str) -> None:
    make_book()
    assert "account_never_below_its_floor" in refused(
        f"UPDATE ledger_account SET balance_milliseconds = -1 WHERE kind = '{kind}'"
    )


def test_no_book_ends_before_it_starts() -> None:
    with pytest.raises(IntegrityError, match="book_ends_after_start"), transaction.atomic():
        make_book(ends_at=START)


def test_a_source_never_rises_above_zero() -> None:
    make_book()
    assert "account_never_below_its_floor" in refused(
        "UPDATE ledger_account SET balance_milliseconds = 1 WHERE kind = 'granted'"
    )


def test_a_reservation_is_never_charged_beyond_its_amount() -> None:
    make_reservation(make_book())
    assert "charge_never_exceeds_reservation" in refused(
        "UPDATE ledger_reservation SET charged_milliseconds = amount_milliseconds + 1"
    )


def test_an_attempt_has_one_reservation() -> None:
    allocation = make_book()
    held = make_reservation(allocation)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reservation.objects.create(
            attempt=held.attempt,
            run=held.run,
            site=held.site,
            book_id=allocation,
            amount_milliseconds=1,
            opened_at=Transfer.objects.all()[0].at,
        )


def test_a_key_posts_once() -> None:
    attempt = make_reservation(make_book()).attempt
    service.charge(SYSTEM, attempt=attempt, used_up_to=h100(5))
    row = Transfer.objects.get(kind="charge")
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(
            book=row.book, number=99, kind=row.kind, key=row.key, reason="again", actor="test", at=row.at
        )


def test_an_account_belongs_to_an_allocation_or_a_site_and_exists_once() -> None:
    allocation = make_book()
    for wrong in (
        {"book_id": allocation, "site": "x"},
        {"book_id": None, "site": None},
        {"book_id": allocation, "site": None},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Account.objects.create(kind="available", resource_class="gpu.h100", **wrong)
    assert queries.check_books() == []
