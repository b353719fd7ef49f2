"""Any sequence of verbs on a real database, with crashes at any statement, duplicates and reordering."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from unittest import mock

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pytest_django.plugin import DjangoDbBlocker

from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM
from fabrica.server.ledger import queries, service
from fabrica.server.ledger.models import Entry, Transfer
from fabrica.values.ids import AttemptId, ProjectId, RunId, UserId
from fabrica.wire.ledger import AccountKind, InsufficientBalance, OutsideStart, ReservationClosed, ReservationState
from fabrica.wire.problems import FabricaError
from tests.server.crashes import Crash, Crashed
from tests.server.ledger.builders import END, SITE, START, h100, held_by_site, make_book, make_reservation

GRANTED = 500
AMOUNTS = st.integers(min_value=1, max_value=300)
CRASHES = st.none() | st.integers(min_value=1, max_value=25)


@dataclass
class Expected:
    """What one attempt should look like: the plainest possible model of the ledger."""

    amount: int
    used: int = 0
    corrected: int | None = None
    state: ReservationState = ReservationState.OPEN

    @property
    def charged(self) -> int:
        if self.state is ReservationState.WAIVED:
            return 0
        return min(self.used, self.amount) if self.corrected is None else self.corrected

    @property
    def reserved(self) -> int:
        return self.amount - self.charged if self.state is ReservationState.OPEN else 0


class Ledger(RuleBasedStateMachine):
    """One allocation driven by any verbs; each may crash at any statement and is then asked again."""

    attempts = Bundle("attempts")

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.now = START + timedelta(days=1)
        self.clock = mock.patch.object(clock, "now", self._read_clock)
        self.clock.start()
        self.project = ProjectId.new()
        self.allocation = make_book(GRANTED, self.project)
        self.expected: dict[AttemptId, Expected] = {}
        self.expired = 0
        self.outside: dict[str, int] = {}
        self.outside_charged = 0

    def _read_clock(self) -> datetime:
        return self.now

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    @property
    def available(self) -> int:
        held = sum(one.reserved + one.charged for one in self.expected.values())
        return GRANTED - held - self.expired - self.outside_charged

    def ask(self, verb: Callable[[], object], crash_at: int | None) -> None:
        """Ask a verb, perhaps crash on the way, and ask again as a caller without an answer does."""
        if crash_at is not None:
            before = Transfer.objects.count()
            try:
                with connection.execute_wrapper(Crash(crash_at)):
                    verb()
            except Crashed:
                assert Transfer.objects.count() == before
            except FabricaError:
                pass
        verb()

    @rule(target=attempts, amount=AMOUNTS, crash_at=CRASHES)
    def reserve(self, amount: int, crash_at: int | None) -> AttemptId:
        attempt, run = AttemptId.new(), RunId.new()
        terms: dict[str, Any] = {"allocation": self.allocation, "attempt": attempt, "run": run, "site": SITE}
        fits = amount <= self.available and self.now < END
        try:
            self.ask(lambda: service.reserve(SYSTEM, **terms, amount=h100(amount)), crash_at)
            assert fits
            self.expected[attempt] = Expected(amount)
        except FabricaError:
            assert not fits
        return attempt

    @rule(attempt=attempts, used=AMOUNTS, crash_at=CRASHES)
    def charge(self, attempt: AttemptId, used: int, crash_at: int | None) -> None:
        if (one := self.expected.get(attempt)) is None:
            return
        try:
            self.ask(lambda: service.charge(SYSTEM, attempt=attempt, used_up_to=h100(used)), crash_at)
            one.used = max(one.used, used)
        except ReservationClosed:
            assert one.state is not ReservationState.OPEN
            assert used > one.used

    @rule(attempt=attempts, crash_at=CRASHES)
    def release(self, attempt: AttemptId, crash_at: int | None) -> None:
        if (one := self.expected.get(attempt)) is None:
            return
        self.ask(lambda: service.release(SYSTEM, attempt=attempt), crash_at)
        one.state = ReservationState.RELEASED if one.state is ReservationState.OPEN else one.state

    @rule(attempt=attempts, used=AMOUNTS, crash_at=CRASHES)
    def settle(self, attempt: AttemptId, used: int, crash_at: int | None) -> None:
        if (one := self.expected.get(attempt)) is None:
            return
        try:
            self.ask(lambda: service.settle(SYSTEM, attempt=attempt, used_up_to=h100(used)), crash_at)
            one.used = used if one.state is ReservationState.OPEN else one.used
            one.state = ReservationState.RELEASED if one.state is ReservationState.OPEN else one.state
        except ReservationClosed:
            assert one.state is not ReservationState.OPEN
            assert used > one.used

    @rule(attempt=attempts, used=AMOUNTS, crash_at=CRASHES)
    def waive(self, attempt: AttemptId, used: int, crash_at: int | None) -> None:
        if (one := self.expected.get(attempt)) is None:
            return
        reason = "A node failed."
        self.ask(lambda: service.waive(SYSTEM, attempt=attempt, reason=reason, used_up_to_milliseconds=used), crash_at)
        if one.state is not ReservationState.WAIVED:
            one.used = max(one.used, used)
        one.state = ReservationState.WAIVED

    @rule(attempt=attempts, right=AMOUNTS, crash_at=CRASHES)
    def correct(self, attempt: AttemptId, right: int, crash_at: int | None) -> None:
        """Right the last charge of an attempt; the second asking is refused, so nothing is corrected twice."""
        rows = Transfer.objects.filter(attempt=attempt, kind__in=["charge", "correct"], corrections=None)
        wrong = rows.order_by("-sequence").first()
        if wrong is None:
            return
        approver, before = str(UserId.new()), Transfer.objects.count()
        charged = self.expected[attempt].charged - max(wrong.entries.values_list("milliseconds", flat=True)) + right
        try:
            self.ask(
                lambda: service.correct(
                    SYSTEM,
                    transfer=wrong.id,
                    right=h100(right),
                    proposer="usr_a",
                    approver=approver,
                    reason="Counted wrong.",
                ),
                crash_at,
            )
        except FabricaError:
            if Transfer.objects.count() == before:
                return
        self.expected[attempt].corrected = charged

    @rule(job=st.sampled_from(["1", "2_7"]), used=AMOUNTS, crash_at=CRASHES)
    def charge_outside(self, job: str, used: int, crash_at: int | None) -> None:
        """Charge a job that went round us: what is new of it, as far as it is free."""
        start = OutsideStart(
            cluster="alpha", job=job, started_at=START, resource_class="gpu.h100", devices=1, device_milliseconds=used
        )
        due = min(max(0, used - self.outside.get(job, 0)), self.available)
        terms: dict[str, Any] = {"project": self.project, "site": SITE, "allocations": [self.allocation]}
        self.ask(lambda: service.charge_outside(SYSTEM, start=start, **terms), crash_at)
        self.outside[job] = max(used, self.outside.get(job, 0))
        self.outside_charged += due

    @rule(crash_at=CRASHES)
    def expire(self, crash_at: int | None) -> None:
        left = self.available
        try:
            self.ask(lambda: service.expire(SYSTEM, allocation=self.allocation), crash_at)
            self.expired += left
        except FabricaError:
            assert self.now < END

    @rule(days=st.sampled_from([1, 100, 300]))
    def time_passes(self, days: int) -> None:
        self.now = min(self.now + timedelta(days=days), END + timedelta(days=1))

    @invariant()
    def the_books_balance_as_the_model_says(self) -> None:
        assert queries.check_books() == []
        found = queries.balance(self.allocation)
        assert found.available_milliseconds == self.available >= 0
        assert found.reserved_milliseconds == sum(one.reserved for one in self.expected.values())
        assert found.consumed_milliseconds == self.outside_charged + sum(one.charged for one in self.expected.values())
        assert found.expired_milliseconds == self.expired
        delivered = held_by_site(AccountKind.DELIVERED)
        assert delivered == found.consumed_milliseconds

    @invariant()
    def every_reservation_is_resolved_exactly_once(self) -> None:
        for attempt, one in self.expected.items():
            on_reserved = Entry.objects.filter(transfer__attempt=attempt, account__kind="reserved")
            assert on_reserved.aggregate(total=Sum("milliseconds"))["total"] == one.reserved
            resolved = on_reserved.filter(transfer__kind__in=["release", "waive"]).count()
            assert resolved <= (0 if one.state is ReservationState.OPEN else 1)


@pytest.mark.django_db
def test_after_any_verbs_crashes_duplicates_and_reorderings_the_books_balance() -> None:
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=20, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


# Two connections at once: only where rows are locked ----------------------------------------------------------------


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let a test commit, and empty the tables after it, triggers aside."""
    with django_db_blocker.unblock():
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has one writer at a time")
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(
                "TRUNCATE ledger_entry, ledger_correction, ledger_outsideuse, ledger_transfer, ledger_reservation,"
                " ledger_account, ledger_book, core_fact, core_auditline"
            )
            cursor.execute("SET session_replication_role = DEFAULT")
        connection.close()


def at_once(*verbs: Callable[[], object]) -> list[object]:
    """Run each verb in a thread with its own connection, all from the same instant; return answers or problems."""
    start, answers = Barrier(len(verbs)), []

    def run(verb: Callable[[], object]) -> None:
        start.wait(timeout=30)
        try:
            answers.append(verb())
        except FabricaError as problem:
            answers.append(problem)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(verb,)) for verb in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


@pytest.mark.usefixtures("committed")
def test_of_two_connections_that_reserve_the_last_amount_exactly_one_wins() -> None:
    for _ in range(10):
        allocation = make_book(1000)
        answers = at_once(*[lambda: make_reservation(allocation, 1000)] * 2)  # noqa: B023 (run within the turn)
        assert sorted(isinstance(answer, InsufficientBalance) for answer in answers) == [False, True]
        assert queries.balance(allocation).available_milliseconds == 0
    assert queries.check_books() == []


@pytest.mark.usefixtures("committed")
def test_the_same_report_in_four_connections_is_charged_once_and_sites_are_counted_exactly() -> None:
    allocations = [make_book(1000) for _ in range(4)]
    attempts = [make_reservation(allocation, 1000).attempt for allocation in allocations]
    reports = [
        (lambda attempt=attempt: service.charge(SYSTEM, attempt=attempt, used_up_to=h100(70)))
        for attempt in attempts * 2
    ]
    assert len(at_once(*reports)) == 8
    assert held_by_site(AccountKind.DELIVERED) == 280
    assert queries.check_books() == []
