"""Any sequence of decisions on plain figures: the books balance, nothing is negative, charges replay alike."""

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from fabrica.server.ledger import rules
from fabrica.server.ledger.rules import Held, Posting, Terms
from fabrica.values.ids import AllocationId, AttemptId
from fabrica.values.quantities import DeviceTime
from fabrica.wire.ledger import AccountKind, NativeAmount, ReservationState
from fabrica.wire.problems import FabricaError

TERMS = Terms(AllocationId.new(), "gpu.h100", datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
DURING, AFTER = datetime(2026, 6, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
AMOUNTS = st.integers(min_value=0, max_value=300)


def h100(milliseconds: int) -> DeviceTime:
    return DeviceTime(milliseconds, "gpu.h100")


class Books(RuleBasedStateMachine):
    """One allocation and one site on plain figures, driven by any sequence of decisions."""

    attempts = Bundle("attempts")

    def __init__(self) -> None:
        super().__init__()
        self.balances = dict.fromkeys(AccountKind, 0)
        self.held: dict[AttemptId, Held] = {}
        self.granted = 0
        self._post(rules.grant(TERMS, h100(500)))
        self.granted = 500

    @rule(target=attempts, amount=AMOUNTS, now=st.sampled_from([DURING, DURING, DURING, AFTER]))
    def reserve(self, amount: int, now: datetime) -> object:
        try:
            self._post(rules.reserve(TERMS, self.balances[AccountKind.AVAILABLE], h100(amount), now))
        except FabricaError:
            return multiple()
        held = Held(AttemptId.new(), h100(amount))
        self.held[held.attempt] = held
        return held.attempt

    @rule(attempt=attempts, used=AMOUNTS)
    def charge(self, attempt: AttemptId, used: int) -> None:
        try:
            self.held[attempt], posting = rules.charge(self.held[attempt], h100(used))
        except FabricaError:
            return
        self._post(posting)

    @rule(attempt=attempts, last_word=st.none() | AMOUNTS)
    def release(self, attempt: AttemptId, last_word: int | None) -> None:
        self.held[attempt], posting = rules.release(self.held[attempt], last_word)
        self._post(posting)

    @rule(attempt=attempts)
    def waive(self, attempt: AttemptId) -> None:
        self.held[attempt], posting = rules.waive(self.held[attempt])
        self._post(posting)

    @rule(now=st.sampled_from([DURING, AFTER]))
    def expire(self, now: datetime) -> None:
        available, expired = self.balances[AccountKind.AVAILABLE], self.balances[AccountKind.EXPIRED]
        try:
            self._post(rules.expire(TERMS, available, expired, now))
        except FabricaError:
            assert now < TERMS.ends_at

    @rule(right=st.integers(min_value=0, max_value=900))
    def correct_grant(self, right: int) -> None:
        available = self.balances[AccountKind.AVAILABLE]
        try:
            postings = rules.correct_grant(TERMS, available, self.granted, h100(right))
        except FabricaError:
            return
        self._post(*postings)
        self.granted = right

    @rule(attempt=consumes(attempts), right=AMOUNTS)
    def correct_charge(self, attempt: AttemptId, right: int) -> None:
        held, available = self.held[attempt], self.balances[AccountKind.AVAILABLE]
        if not held.charged:
            return
        try:
            self.held[attempt], postings = rules.correct_charge(TERMS, available, held, held.charged, h100(right))
        except FabricaError:
            return
        self._post(*postings)

    def _post(self, *postings: Posting | None) -> None:
        for posting in postings:
            if posting is not None:
                self.balances |= rules.applied(self.balances, posting.moves)

    @invariant()
    def the_books_balance_and_nothing_is_negative(self) -> None:
        assert sum(self.balances.values()) == 0
        for account, balance in self.balances.items():
            assert balance <= 0 if account in rules.SOURCES else balance >= 0

    @invariant()
    def accounts_say_what_the_reservations_say(self) -> None:
        opened = [held for held in self.held.values() if held.state is ReservationState.OPEN]
        assert self.balances[AccountKind.RESERVED] == sum(held.amount.milliseconds - held.charged for held in opened)
        assert self.balances[AccountKind.CONSUMED] == sum(held.charged for held in self.held.values())
        assert self.balances[AccountKind.DELIVERED] == self.balances[AccountKind.CONSUMED]
        assert -self.balances[AccountKind.GRANTED] == self.granted


Books.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestBooks = Books.TestCase


def settle(amount: int, reports: Sequence[int]) -> tuple[Held, int]:
    """Charge every report, then release; return the reservation and the sum of what was posted as consumed."""
    held, posted = Held(AttemptId("att_x"), h100(amount)), 0
    for used in reports:
        held, posting = rules.charge(held, h100(used))
        posted += posting.moves[AccountKind.CONSUMED] if posting else 0
    return rules.release(held)[0], posted


@given(
    amount=st.integers(min_value=1, max_value=500),
    reports=st.lists(st.integers(min_value=0, max_value=1000), min_size=1, max_size=20),
    data=st.data(),
)
def test_charging_replayed_in_any_order_with_duplicates_ends_alike(
    amount: int, reports: list[int], data: st.DataObject
) -> None:
    again = data.draw(st.permutations(reports + data.draw(st.lists(st.sampled_from(reports), max_size=10))))
    held, posted = settle(amount, again)
    assert (held, posted) == settle(amount, reports)
    assert posted == held.charged == min(amount, max(reports))
    assert held.overrun == max(0, max(reports) - amount)


@given(
    amount=st.integers(min_value=1, max_value=500),
    reports=st.lists(st.integers(min_value=0, max_value=1000), max_size=20),
    last_word=st.integers(min_value=0, max_value=1000),
)
def test_whatever_was_told_on_the_way_the_last_word_is_what_is_charged(
    amount: int, reports: list[int], last_word: int
) -> None:
    held, consumed = Held(AttemptId("att_x"), h100(amount)), 0
    for used in [*reports, last_word]:
        held, posting = rules.charge(held, h100(used))
        consumed += posting.moves[AccountKind.CONSUMED] if posting else 0
    held, posting = rules.release(held, last_word)
    consumed += posting.moves.get(AccountKind.CONSUMED, 0) if posting else 0
    assert (held.used, held.charged, consumed) == (last_word, min(amount, last_word), min(amount, last_word))


@given(
    reports=st.lists(st.integers(min_value=0, max_value=10**8), min_size=1, max_size=20),
    numerator=st.integers(min_value=1, max_value=10**7),
    denominator=st.integers(min_value=1, max_value=10**4),
)
def test_cumulative_native_reports_lose_no_millisecond_to_rounding(
    reports: list[int], numerator: int, denominator: int
) -> None:
    held, posted = Held(AttemptId("att_x"), h100(rules.MILLISECONDS_MAX)), 0
    for amount in reports:
        native = NativeAmount(
            amount=amount,
            unit="module-hours",
            resource_class="gpu.h100",
            rate_numerator=numerator,
            rate_denominator=denominator,
        )
        held, posting = rules.charge(held, rules.counted(native))
        posted += posting.moves[AccountKind.CONSUMED] if posting else 0
    assert posted == max(reports) * numerator // denominator
