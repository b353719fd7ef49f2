"""Allocations past their end expire by themselves."""

import pytest

from fabrica.server.core.actors import SYSTEM
from fabrica.server.ledger import queries, service
from fabrica.server.ledger.models import Book
from fabrica.server.ledger.reconcilers import expire_ended_allocations
from tests.server.ledger.builders import ENDED, make_book, make_reservation

pytestmark = pytest.mark.django_db


def test_only_ended_allocations_expire_and_only_once() -> None:
    ended, running = make_book(ends_at=ENDED), make_book()
    assert expire_ended_allocations() == 1
    assert expire_ended_allocations() == 0
    assert queries.balance(ended).expired_milliseconds == 1000
    assert queries.balance(running).available_milliseconds == 1000


def test_what_is_reserved_does_not_expire_until_it_is_released() -> None:
    allocation = make_book(1000)
    attempt = make_reservation(allocation, 100).attempt
    Book.objects.filter(pk=allocation).update(ends_at=ENDED)
    assert expire_ended_allocations() == 1
    assert queries.balance(allocation).reserved_milliseconds == 100
    service.release(SYSTEM, attempt=attempt)
    assert expire_ended_allocations() == 1
    assert queries.balance(allocation).expired_milliseconds == 1000
    assert queries.check_books() == []
