"""What the ledger decides, one rule at a time; whole sequences are in test_rules_properties."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fabrica.server.ledger import rules
from fabrica.server.ledger.rules import Held, Posting, Terms
from fabrica.values.ids import AllocationId, AttemptId, TransferId
from fabrica.values.quantities import DeviceTime
from fabrica.wire import ledger as wire
from fabrica.wire.ledger import AccountKind, NativeAmount, ReservationState, TransferKind

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)
DURING = datetime(2026, 6, 1, tzinfo=UTC)
TERMS = Terms(AllocationId.new(), "gpu.h100", START, END)


def h100(milliseconds: int) -> DeviceTime:
    return DeviceTime(milliseconds, "gpu.h100")


def held(amount: int = 100, charged: int = 0, state: ReservationState = ReservationState.OPEN) -> Held:
    return Held(AttemptId.new(), h100(amount), charged=charged, used=charged, state=state)


def test_a_module_of_two_dies_counts_as_two_devices_exactly() -> None:
    native = NativeAmount(amount=3, unit="module-hours", resource_class="gpu.mi250x", rate_numerator=7_200_000)
    assert rules.counted(native) == DeviceTime(21_600_000, "gpu.mi250x")


def test_a_native_amount_that_is_no_whole_millisecond_rounds_down() -> None:
    native = NativeAmount(amount=2, unit="units", resource_class="gpu.h100", rate_numerator=5, rate_denominator=3)
    assert rules.counted(native) == h100(3)


@pytest.mark.parametrize("milliseconds", [-1, rules.MILLISECONDS_MAX + 1])
def test_an_amount_out_of_bounds_is_refused(milliseconds: int) -> None:
    with pytest.raises(wire.AmountRefused):
        rules.counted(h100(milliseconds))


def test_a_grant_of_nothing_is_refused() -> None:
    with pytest.raises(wire.AmountRefused):
        rules.grant(TERMS, h100(0))


def test_a_reservation_of_all_that_is_free_succeeds_and_of_one_more_is_refused_with_the_figures() -> None:
    assert rules.reserve(TERMS, 100, h100(100), DURING).moves == {"available": -100, "reserved": 100}
    with pytest.raises(wire.InsufficientBalance) as refused:
        rules.reserve(TERMS, 100, h100(101), DURING)
    assert refused.value.facts == {
        "asked_milliseconds": 101,
        "free_milliseconds": 100,
        "allocation": TERMS.allocation,
        "resource_class": "gpu.h100",
    }
    assert "ask the network's office" in refused.value.remedy


def test_another_resource_class_is_refused_wherever_an_amount_comes_in() -> None:
    other = DeviceTime(1, "gpu.a100")
    with pytest.raises(wire.UnitMismatch):
        rules.grant(TERMS, other)
    with pytest.raises(wire.UnitMismatch):
        rules.reserve(TERMS, 100, other, DURING)
    with pytest.raises(wire.UnitMismatch):
        rules.charge(held(), other)
    with pytest.raises(wire.UnitMismatch):
        rules.correct_grant(TERMS, 100, 100, other)
    with pytest.raises(wire.UnitMismatch):
        rules.correct_charge(TERMS, 100, held(state=ReservationState.RELEASED), 1, other)


def test_an_allocation_can_be_used_from_its_first_instant_to_before_its_last() -> None:
    instant = timedelta(microseconds=1)
    with pytest.raises(wire.AllocationNotStarted):
        rules.reserve(TERMS, 100, h100(1), START - instant)
    rules.reserve(TERMS, 100, h100(1), START)
    rules.reserve(TERMS, 100, h100(1), END - instant)
    with pytest.raises(wire.AllocationEnded):
        rules.reserve(TERMS, 100, h100(1), END)


def test_a_charge_posts_only_what_is_new() -> None:
    after, posting = rules.charge(held(100, charged=30), h100(50))
    assert after.charged == 50
    assert posting is not None
    assert posting.moves == {"reserved": -20, "consumed": 20, "capacity": -20, "delivered": 20}


@pytest.mark.parametrize("used", [0, 29, 30])
def test_a_duplicate_or_older_charge_posts_nothing(used: int) -> None:
    before = held(100, charged=30)
    assert rules.charge(before, h100(used)) == (before, None)


def test_charge_never_exceeds_its_reservation_and_the_excess_is_shown_as_overrun() -> None:
    after, posting = rules.charge(held(100), h100(130))
    assert (after.charged, after.used, after.overrun) == (100, 130, 30)
    assert posting is not None
    assert posting.milliseconds == 100
    assert rules.charge(after, h100(140)) == (replace(after, used=140), None)


def test_a_settled_attempt_takes_an_old_report_and_refuses_a_new_one() -> None:
    closed = held(100, charged=30, state=ReservationState.RELEASED)
    assert rules.charge(closed, h100(30)) == (closed, None)
    with pytest.raises(wire.ReservationClosed):
        rules.charge(closed, h100(31))


def test_release_gives_back_the_rest_once() -> None:
    after, posting = rules.release(held(100, charged=30))
    assert posting is not None
    assert posting.moves == {"reserved": -70, "available": 70}
    assert rules.release(after) == (after, None)


def test_release_of_a_reservation_charged_in_full_closes_it_without_a_transfer() -> None:
    after, posting = rules.release(held(100, charged=100))
    assert (after.state, posting) == (ReservationState.RELEASED, None)


def test_the_last_word_gives_back_what_was_charged_beyond_it() -> None:
    after, posting = rules.release(held(100, charged=30), 28)
    assert (after.charged, after.used) == (28, 28)
    assert posting is not None
    assert posting.moves == {"reserved": -70, "consumed": -2, "available": 72, "delivered": -2, "capacity": 2}
    assert rules.release(after, 0) == (after, None)


def test_a_charge_that_was_partly_given_back_is_not_corrected_below_zero() -> None:
    settled = held(100, charged=28, state=ReservationState.RELEASED)
    with pytest.raises(wire.CorrectionRefused, match="given back") as refused:
        rules.correct_charge(TERMS, 0, settled, 30, h100(1))
    assert "at least 2" in refused.value.remedy
    assert rules.correct_charge(TERMS, 0, settled, 30, h100(2))[0].charged == 0


def test_a_waiver_returns_rest_and_charge_and_the_site_bears_its_work() -> None:
    after, posting = rules.waive(held(100, charged=30))
    assert (after.state, after.charged, after.used) == (ReservationState.WAIVED, 0, 30)
    assert posting is not None
    assert posting.moves == {"reserved": -70, "consumed": -30, "available": 100, "delivered": -30, "waived": 30}
    assert rules.waive(after) == (after, None)
    assert rules.release(after) == (after, None)


def test_work_reported_with_a_waiver_counts_for_the_site_up_to_the_reservation() -> None:
    after, posting = rules.waive(held(100, charged=30), used_up_to=130)
    assert (after.used, after.overrun) == (130, 30)
    assert posting is not None
    assert (posting.moves[AccountKind.WAIVED], posting.moves[AccountKind.CAPACITY]) == (100, -70)
    assert posting.moves[AccountKind.AVAILABLE] == 100


def test_a_waiver_after_the_release_returns_only_the_charge() -> None:
    _, posting = rules.waive(held(100, charged=30, state=ReservationState.RELEASED))
    assert posting is not None
    assert posting.moves == {"consumed": -30, "available": 30, "delivered": -30, "waived": 30}


def test_an_allocation_expires_at_its_end_and_not_before() -> None:
    with pytest.raises(wire.AllocationNotEnded):
        rules.expire(TERMS, 10, 0, DURING)
    posting = rules.expire(TERMS, 10, 5, END)
    assert posting == Posting(TransferKind.EXPIRE, {AccountKind.AVAILABLE: -10, AccountKind.EXPIRED: 10}, position=15)
    assert rules.expire(TERMS, 0, 15, END) is None


def test_a_grant_is_not_corrected_below_what_is_used_or_held() -> None:
    right, reversal = rules.correct_grant(TERMS, available=40, granted=100, right=h100(60))
    assert (right.kind, right.milliseconds) == (TransferKind.CORRECT, 60)
    assert (reversal.kind, reversal.milliseconds) == (TransferKind.REVERSE, 100)
    with pytest.raises(wire.InsufficientBalance):
        rules.correct_grant(TERMS, available=40, granted=100, right=h100(59))


def test_a_charge_is_corrected_after_settlement_and_up_to_the_reservation() -> None:
    settled = held(100, charged=30, state=ReservationState.RELEASED)
    after, postings = rules.correct_charge(TERMS, 70, settled, 30, h100(100))
    assert after.charged == 100
    assert [posting.kind for posting in postings] == [TransferKind.REVERSE, TransferKind.CORRECT]
    with pytest.raises(wire.CorrectionRefused):
        rules.correct_charge(TERMS, 1000, settled, 30, h100(101))
    with pytest.raises(wire.InsufficientBalance):
        rules.correct_charge(TERMS, 69, settled, 30, h100(100))


def test_a_charge_corrected_to_nothing_is_only_reversed() -> None:
    settled = held(100, charged=30, state=ReservationState.RELEASED)
    after, postings = rules.correct_charge(TERMS, 0, settled, 30, h100(0))
    assert after.charged == 0
    assert [posting.kind for posting in postings] == [TransferKind.REVERSE]


def test_an_open_or_waived_charge_is_not_corrected() -> None:
    with pytest.raises(wire.ReservationOpen):
        rules.correct_charge(TERMS, 100, held(charged=30), 30, h100(20))
    with pytest.raises(wire.CorrectionRefused):
        rules.correct_charge(TERMS, 100, held(state=ReservationState.WAIVED), 30, h100(20))


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_reason_says_something_and_fits(reason: str) -> None:
    rules.check_reason("Counted twice.")
    with pytest.raises(wire.ReasonRefused):
        rules.check_reason(reason)


@pytest.mark.parametrize("kind", list(TransferKind))
def test_only_a_grant_or_charge_is_corrected_and_once(kind: TransferKind) -> None:
    transfer = TransferId.new()
    if kind in ("grant", "charge", "correct"):
        rules.check_correction(transfer, kind, False)
        with pytest.raises(wire.CorrectionRefused, match="corrected before"):
            rules.check_correction(transfer, kind, True)
    else:
        with pytest.raises(wire.CorrectionRefused, match=f"is a {kind}"):
            rules.check_correction(transfer, kind, False)


def test_a_correction_is_approved_by_a_second_operator_where_there_is_one() -> None:
    assert not rules.approved_alone("usr_a", "usr_b", 5)
    assert rules.approved_alone("usr_a", "usr_a", 0)
    for others in (1, 2):
        with pytest.raises(wire.SecondOperatorNeeded, match="yourself"):
            rules.approved_alone("usr_a", "usr_a", others)


def test_the_entries_say_when_nobody_else_could_approve_and_still_fit() -> None:
    assert rules.posted_reason("Counted twice.", False) == "Counted twice."
    long = rules.posted_reason("x" * rules.REASON_LENGTH_MAX, True)
    assert long.endswith(rules.ALONE)
    rules.check_reason(long)


@pytest.mark.parametrize("moves", [{}, {AccountKind.AVAILABLE: 1}, {AccountKind.AVAILABLE: 0}])
def test_a_posting_that_does_not_balance_cannot_be_made(moves: dict[AccountKind, int]) -> None:
    with pytest.raises(rules.BooksBroken):
        Posting(TransferKind.GRANT, moves)


def test_a_balance_below_zero_is_stopped() -> None:
    with pytest.raises(rules.BooksBroken):
        rules.applied({AccountKind.AVAILABLE: 1}, {AccountKind.AVAILABLE: -2, AccountKind.RESERVED: 2})
