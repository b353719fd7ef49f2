"""The verbs of the ledger on a real database: who may, what is posted, what a second call does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fabrica.server.core.actors import SYSTEM
from fabrica.server.core.models import AuditLine, Fact
from fabrica.server.ledger import queries, service
from fabrica.server.ledger.models import Transfer
from fabrica.values.ids import AllocationId, AttemptId, ProjectId, RunId, TransferId, UserId
from fabrica.wire import ledger as wire
from fabrica.wire.ledger import AccountKind, NativeAmount, ReservationState
from fabrica.wire.problems import NotAllowed
from tests.server.ledger.builders import (
    END,
    ENDED,
    OPERATOR,
    PERSON,
    SITE,
    START,
    h100,
    held_by_site,
    make_book,
    make_reservation,
)

pytestmark = pytest.mark.django_db
APPROVER = UserId.new()


def figures(allocation: AllocationId) -> tuple[int, int, int, int]:
    """Return (available, reserved, consumed, expired) after checking that the books balance."""
    assert queries.check_books() == []
    found = queries.balance(allocation)
    return (
        found.available_milliseconds,
        found.reserved_milliseconds,
        found.consumed_milliseconds,
        found.expired_milliseconds,
    )


def new_terms(**changed: Any) -> dict[str, Any]:
    terms = {"allocation": AllocationId.new(), "project": ProjectId.new(), "amount": h100(10)}
    return terms | {"starts_at": START, "ends_at": END} | changed


# Who may -----------------------------------------------------------------------------------------------------------


def verbs() -> dict[str, Callable[[Any], Any]]:
    """Return each verb as a call that succeeds for the actor who may."""
    allocation, ended = make_book(), make_book(ends_at=ENDED)
    attempt = make_reservation(allocation).attempt
    grant = queries.statement(queries.balance(allocation).project).rows[-1].transfer.id
    return {
        "grant": lambda by: service.grant(by, **new_terms()),
        "reserve": lambda by: service.reserve(
            by, allocation=allocation, attempt=AttemptId.new(), run=RunId.new(), site=SITE, amount=h100(1)
        ),
        "charge": lambda by: service.charge(by, attempt=attempt, used_up_to=h100(1)),
        "release": lambda by: service.release(by, attempt=attempt),
        "settle": lambda by: service.settle(by, attempt=attempt, used_up_to=h100(1)),
        "waive": lambda by: service.waive(by, attempt=attempt, reason="The node failed."),
        "expire": lambda by: service.expire(by, allocation=ended),
        "correct": lambda by: service.correct(
            by, transfer=grant, right=h100(900), proposer="usr_a", approver=APPROVER, reason="Wrong award."
        ),
    }


@pytest.mark.parametrize("name", ["grant", "reserve", "charge", "release", "settle", "waive", "expire", "correct"])
def test_a_person_without_a_role_is_refused_every_verb_and_the_refusal_is_in_the_audit(name: str) -> None:
    verb = verbs()[name]
    before = Transfer.objects.count()
    with pytest.raises(NotAllowed):
        verb(PERSON)
    assert Transfer.objects.count() == before
    assert AuditLine.objects.filter(verb=f"ledger.{name}", actor=PERSON.key, outcome="refused").count() == 1


@pytest.mark.parametrize("name", ["reserve", "charge", "release", "settle", "correct"])
def test_what_moves_with_a_run_is_done_by_the_service_and_refused_to_an_operator(name: str) -> None:
    verb = verbs()[name]
    with pytest.raises(NotAllowed):
        verb(OPERATOR)
    verb(SYSTEM)


@pytest.mark.parametrize("name", ["grant", "waive", "expire"])
def test_an_operator_may_grant_waive_and_expire(name: str) -> None:
    verbs()[name](OPERATOR)
    assert AuditLine.objects.filter(verb=f"ledger.{name}", actor=OPERATOR.key, outcome="done").count() >= 1
    assert queries.check_books() == []


# Grant -------------------------------------------------------------------------------------------------------------


def test_the_same_grant_twice_posts_once_and_other_terms_are_refused() -> None:
    terms = new_terms()
    transfer = service.grant(OPERATOR, **terms)
    assert service.grant(OPERATOR, **terms) == transfer
    assert figures(terms["allocation"]) == (10, 0, 0, 0)
    for changed in ({"amount": h100(11)}, {"ends_at": END + timedelta(days=1)}, {"project": ProjectId.new()}):
        with pytest.raises(wire.AllocationGranted):
            service.grant(OPERATOR, **(terms | changed))
    assert Fact.objects.filter(kind="ledger.granted", subject=terms["allocation"]).count() == 1


def test_a_grant_in_native_units_keeps_the_figure_and_the_exact_rate() -> None:
    native = NativeAmount(
        amount=5, unit="module-hours", resource_class="gpu.mi250x", rate_numerator=7_200_000, rate_denominator=1
    )
    terms = new_terms(amount=native)
    service.grant(OPERATOR, **terms)
    found = queries.statement(terms["project"]).rows[0].transfer
    assert (found.native_amount, found.native_unit) == (5, "module-hours")
    assert (found.rate_numerator, found.rate_denominator) == (7_200_000, 1)
    assert queries.free(terms["allocation"]).milliseconds == 36_000_000


# Reserve, charge, release, waive -----------------------------------------------------------------------------------


def test_a_run_from_reservation_to_release() -> None:
    allocation = make_book(1000)
    attempt = make_reservation(allocation, 100).attempt
    assert figures(allocation) == (900, 100, 0, 0)
    service.charge(SYSTEM, attempt=attempt, used_up_to=h100(30))
    assert figures(allocation) == (900, 70, 30, 0)
    done = service.release(SYSTEM, attempt=attempt)
    assert (done.state, done.charged_milliseconds) == (ReservationState.RELEASED, 30)
    assert figures(allocation) == (970, 0, 30, 0)
    assert held_by_site(AccountKind.DELIVERED) == 30


def test_a_settlement_charges_and_gives_back_and_twice_is_once() -> None:
    allocation = make_book(1000)
    attempt = make_reservation(allocation, 100).attempt
    first = service.settle(SYSTEM, attempt=attempt, used_up_to=h100(30))
    assert (first.state, first.charged_milliseconds) == (ReservationState.RELEASED, 30)
    assert figures(allocation) == (970, 0, 30, 0)
    assert service.settle(SYSTEM, attempt=attempt, used_up_to=h100(30)) == first
    assert figures(allocation) == (970, 0, 30, 0)


def test_a_settlement_below_what_was_told_on_the_way_gives_the_rest_back_and_twice_is_once() -> None:
    allocation = make_book(1000)
    attempt = make_reservation(allocation, 100).attempt
    service.charge(SYSTEM, attempt=attempt, used_up_to=h100(30))
    first = service.settle(SYSTEM, attempt=attempt, used_up_to=h100(28))
    assert (first.charged_milliseconds, first.used_milliseconds) == (28, 28)
    assert figures(allocation) == (972, 0, 28, 0)
    assert held_by_site(AccountKind.DELIVERED) == 28
    assert service.settle(SYSTEM, attempt=attempt, used_up_to=h100(28)) == first
    assert queries.check_books() == []


def test_the_same_reservation_twice_posts_once_and_other_terms_are_refused() -> None:
    allocation = make_book(1000)
    terms: dict[str, Any] = {"allocation": allocation, "attempt": AttemptId.new(), "run": RunId.new(), "site": SITE}
    first = service.reserve(SYSTEM, **terms, amount=h100(100))
    assert service.reserve(SYSTEM, **terms, amount=h100(100)) == first
    with pytest.raises(wire.ReservationConflict):
        service.reserve(SYSTEM, **terms, amount=h100(101))
    assert figures(allocation) == (900, 100, 0, 0)


def test_a_refused_reservation_leaves_nothing_behind() -> None:
    allocation = make_book(99)
    before = Fact.objects.count(), AuditLine.objects.count(), Transfer.objects.count()
    with pytest.raises(wire.InsufficientBalance):
        make_reservation(allocation, 100)
    assert (Fact.objects.count(), AuditLine.objects.count(), Transfer.objects.count()) == before
    assert figures(allocation) == (99, 0, 0, 0)


def test_nothing_is_reserved_on_an_allocation_that_ended_or_is_unknown() -> None:
    with pytest.raises(wire.AllocationEnded):
        make_reservation(make_book(ends_at=ENDED))
    with pytest.raises(wire.AllocationUnknown):
        make_reservation(AllocationId.new())


def test_duplicate_and_late_reports_post_nothing_and_announce_nothing() -> None:
    allocation = make_book(1000)
    attempt = make_reservation(allocation, 100).attempt
    for used in (20, 60, 40, 60, 0):
        service.charge(SYSTEM, attempt=attempt, used_up_to=h100(used))
    assert figures(allocation) == (900, 40, 60, 0)
    assert Transfer.objects.filter(attempt=attempt, kind="charge").count() == 2
    assert Fact.objects.filter(kind="ledger.charged").count() == 2


def test_time_beyond_the_reservation_is_shown_and_not_charged() -> None:
    allocation = make_book(1000)
    attempt = make_reservation(allocation, 100).attempt
    seen = service.charge(SYSTEM, attempt=attempt, used_up_to=h100(150))
    assert (seen.charged_milliseconds, seen.used_milliseconds, seen.overrun_milliseconds) == (100, 150, 50)
    service.release(SYSTEM, attempt=attempt)
    assert figures(allocation) == (900, 0, 100, 0)


def test_a_report_after_settlement_that_says_more_is_refused_by_name() -> None:
    attempt = make_reservation(make_book()).attempt
    service.charge(SYSTEM, attempt=attempt, used_up_to=h100(10))
    service.release(SYSTEM, attempt=attempt)
    service.charge(SYSTEM, attempt=attempt, used_up_to=h100(10))
    with pytest.raises(wire.ReservationClosed):
        service.charge(SYSTEM, attempt=attempt, used_up_to=h100(11))


def test_a_waiver_makes_the_allocation_whole_and_the_site_bears_the_work() -> None:
    allocation = make_book(1000)
    attempt = make_reservation(allocation, 100).attempt
    service.charge(SYSTEM, attempt=attempt, used_up_to=h100(30))
    for _ in range(2):
        done = service.waive(SYSTEM, attempt=attempt, reason="A node failed.", used_up_to_milliseconds=40)
        assert (done.state, done.charged_milliseconds) == (ReservationState.WAIVED, 0)
    service.release(SYSTEM, attempt=attempt)
    assert figures(allocation) == (1000, 0, 0, 0)
    assert (held_by_site(AccountKind.DELIVERED), held_by_site(AccountKind.WAIVED)) == (0, 40)


def test_a_settled_charge_can_still_be_waived() -> None:
    allocation = make_book(1000)
    attempt = make_reservation(allocation, 100).attempt
    service.charge(SYSTEM, attempt=attempt, used_up_to=h100(30))
    service.release(SYSTEM, attempt=attempt)
    service.waive(OPERATOR, attempt=attempt, reason="The site asked us to.")
    assert figures(allocation) == (1000, 0, 0, 0)


def test_an_attempt_without_a_reservation_is_a_named_problem() -> None:
    attempt = AttemptId.new()
    with pytest.raises(wire.ReservationUnknown):
        service.charge(SYSTEM, attempt=attempt, used_up_to=h100(1))
    with pytest.raises(wire.ReservationUnknown):
        service.release(SYSTEM, attempt=attempt)
    with pytest.raises(wire.ReservationUnknown):
        service.waive(SYSTEM, attempt=attempt, reason="none")


# Expire ------------------------------------------------------------------------------------------------------------


def test_what_is_left_expires_once_and_before_the_end_nothing_does() -> None:
    allocation = make_book(1000, ends_at=ENDED)
    assert service.expire(SYSTEM, allocation=allocation) is not None
    assert service.expire(SYSTEM, allocation=allocation) is None
    assert figures(allocation) == (0, 0, 0, 1000)
    with pytest.raises(wire.AllocationNotEnded):
        service.expire(SYSTEM, allocation=make_book())


# Correct -----------------------------------------------------------------------------------------------------------


def correct(transfer: TransferId, right: int) -> TransferId:
    return service.correct(
        SYSTEM, transfer=transfer, right=h100(right), proposer="usr_a", approver=APPROVER, reason="Counted wrong."
    )


def newest(allocation: AllocationId, kind: str) -> TransferId:
    return Transfer.objects.filter(book=allocation, kind=kind).order_by("-sequence")[0].id


def test_a_correction_reverses_and_posts_anew_and_says_who_approved() -> None:
    allocation = make_book(1000)
    wrong = newest(allocation, "grant")
    correct(wrong, 400)
    assert figures(allocation) == (400, 0, 0, 0)
    rows = queries.statement(queries.balance(allocation).project).rows
    assert [row.transfer.kind for row in rows] == ["reverse", "correct", "grant"]
    assert {row.transfer.corrects for row in rows[:2]} == {wrong}
    assert {(row.transfer.actor, row.transfer.approver) for row in rows[:2]} == {("usr_a", APPROVER)}


def test_a_transfer_is_corrected_once_and_a_correction_can_be_corrected() -> None:
    allocation = make_book(1000)
    wrong = newest(allocation, "grant")
    correct(wrong, 400)
    with pytest.raises(wire.CorrectionRefused):
        correct(wrong, 500)
    correct(newest(allocation, "correct"), 500)
    assert figures(allocation) == (500, 0, 0, 0)


def test_a_settled_charge_is_corrected_with_the_site() -> None:
    allocation = make_book(1000)
    attempt = make_reservation(allocation, 100).attempt
    service.charge(SYSTEM, attempt=attempt, used_up_to=h100(30))
    with pytest.raises(wire.ReservationOpen):
        correct(newest(allocation, "charge"), 20)
    service.release(SYSTEM, attempt=attempt)
    correct(newest(allocation, "charge"), 20)
    assert figures(allocation) == (980, 0, 20, 0)
    assert held_by_site(AccountKind.DELIVERED) == 20
    correct(newest(allocation, "correct"), 0)
    assert figures(allocation) == (1000, 0, 0, 0)


def test_a_correction_of_a_release_is_refused() -> None:
    allocation = make_book(1000)
    service.release(SYSTEM, attempt=make_reservation(allocation).attempt)
    with pytest.raises(wire.CorrectionRefused):
        correct(newest(allocation, "release"), 1)
    with pytest.raises(wire.TransferUnknown):
        correct(TransferId.new(), 1)
