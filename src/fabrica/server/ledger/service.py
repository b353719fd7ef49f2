"""The verbs of the ledger. Each locks the allocation's book, asks the rules, and posts what they answer."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.verbs import current_actor, verb
from fabrica.server.ledger import facts, permissions, queries, rules
from fabrica.server.ledger.models import Account, Book, Entry, Reservation, Transfer
from fabrica.values.ids import AllocationId, AttemptId, ProjectId, RunId, SiteId, TransferId
from fabrica.values.quantities import DeviceTime
from fabrica.wire import ledger as wire
from fabrica.wire.ledger import AccountKind, NativeAmount, ReservationState, TransferKind


@verb(may=permissions.operator)
def grant(
    by: Actor,
    *,
    allocation: AllocationId,
    project: ProjectId,
    amount: DeviceTime | NativeAmount,
    starts_at: datetime,
    ends_at: datetime,
    reason: str = "Granted by the network's office.",
) -> TransferId:
    """Open an allocation's book and issue its device time. The same grant sent twice posts once.

    Whoever grants has checked the dates; the database refuses a book that ends before it starts.

    Raises:
        AmountRefused, ReasonRefused: the grant is empty or too large, or its reason is.
        AllocationGranted: the allocation was granted before with other terms; `correct` changes the amount.
    """
    rules.check_reason(reason)
    counted = rules.counted(amount)
    terms = rules.Terms(allocation, counted.resource_class, starts_at, ends_at)
    posting = rules.grant(terms, counted)
    columns = {"project": project, "resource_class": terms.resource_class, "starts_at": starts_at, "ends_at": ends_at}
    _, new = Book.objects.get_or_create(allocation=allocation, defaults=columns)
    book = _locked_book(allocation)
    if not new:
        return _granted_before(book, columns, posting)
    Account.objects.bulk_create(
        Account(book=book, kind=kind, resource_class=terms.resource_class)
        for kind in AccountKind
        if kind not in rules.SITE_ACCOUNTS
    )
    transfer = _post(book, posting, subject=allocation, reason=reason, at=clock.now(), **_native(amount))
    announce(
        facts.Granted(
            allocation=allocation,
            project=project,
            resource_class=terms.resource_class,
            milliseconds=counted.milliseconds,
        )
    )
    return transfer.id


def _granted_before(book: Book, columns: dict[str, Any], posting: rules.Posting) -> TransferId:
    before = book.transfers.get(kind=TransferKind.GRANT)
    amount = before.entries.get(account__kind=AccountKind.AVAILABLE).milliseconds
    if amount != posting.milliseconds or any(getattr(book, name) != value for name, value in columns.items()):
        raise wire.AllocationGranted(
            f"Allocation {book.pk} was granted before, with other terms.",
            remedy="Grant a new allocation, or correct the amount of this one.",
            allocation=book.pk,
            transfer=before.id,
        )
    return before.id


@verb(may=permissions.system)
def reserve(
    by: Actor, *, allocation: AllocationId, attempt: AttemptId, run: RunId, site: SiteId, amount: DeviceTime
) -> wire.Reservation:
    """Hold `amount` for an attempt until it is released or waived. The same request sent twice posts once.

    Raises:
        AllocationUnknown, AllocationNotStarted, AllocationEnded: there is nothing to reserve from now.
        InsufficientBalance: less is free than was asked.
        UnitMismatch: the allocation counts another resource class.
        ReservationConflict: the attempt has a reservation with other terms.
    """
    book, now = _locked_book(allocation), clock.now()
    amount = rules.counted(amount)
    columns = {"run": run, "site": site, "book_id": allocation, "amount_milliseconds": amount.milliseconds}
    before = Reservation.objects.filter(attempt=attempt).first()
    if before is not None:
        return _reserved_before(before, columns)
    posting = rules.reserve(queries.terms_of(book), _balance(book, AccountKind.AVAILABLE), amount, now)
    row = Reservation.objects.create(attempt=attempt, opened_at=now, **columns)
    _post(book, posting, subject=attempt, reason="Held for the time limit of the attempt.", at=now, reservation=row)
    reservation = queries.reservation_of(row, book)
    announce(facts.Reserved(run=run, milliseconds=amount.milliseconds, reservation=reservation))
    return reservation


def _reserved_before(before: Reservation, columns: dict[str, Any]) -> wire.Reservation:
    if any(getattr(before, name) != value for name, value in columns.items()):
        raise wire.ReservationConflict(
            f"Attempt {before.attempt} holds {before.amount_milliseconds} device-milliseconds on {before.book_id} "
            f"for site {before.site}.",
            remedy="A new try at the run is a new attempt.",
            attempt=before.attempt,
        )
    return queries.reservation_of(before, before.book)


@verb(may=permissions.system)
def charge(by: Actor, *, attempt: AttemptId, used_up_to: DeviceTime | NativeAmount) -> wire.Reservation:
    """Take note that an attempt has used up to this amount in all, and charge what is new within its reservation.

    Duplicates and older reports post nothing; what exceeds the reservation is shown as overrun and not charged.

    Raises:
        ReservationUnknown: nothing was reserved for the attempt.
        ReservationClosed: more was used than was known when the attempt was settled.
        UnitMismatch: the reservation counts another resource class.
    """
    return _charge(*_locked_attempt(attempt), used_up_to)


def _charge(book: Book, row: Reservation, used_up_to: DeviceTime | NativeAmount) -> wire.Reservation:
    held, posting = rules.charge(queries.held_of(row, book), rules.counted(used_up_to))
    now = clock.now()
    reservation = _keep(row, held, now)
    if posting is not None:
        native = _native(used_up_to)
        _post(book, posting, subject=row.attempt, reason="Used by the attempt.", at=now, reservation=row, **native)
        announce(facts.Charged(run=row.run, milliseconds=posting.milliseconds, reservation=reservation))
    return reservation


@verb(may=permissions.system)
def release(by: Actor, *, attempt: AttemptId) -> wire.Reservation:
    """Give back what was held and not charged, and close the reservation. A second release changes nothing.

    Raises:
        ReservationUnknown: nothing was reserved for the attempt.
    """
    return _release(*_locked_attempt(attempt))


def _release(book: Book, row: Reservation) -> wire.Reservation:
    before = queries.held_of(row, book)
    held, posting = rules.release(before)
    if held.state is before.state:
        return queries.reservation_of(row, book)
    now = clock.now()
    reservation = _keep(row, held, now)
    if posting is not None:
        _post(book, posting, subject=row.attempt, reason="Held and not used.", at=now, reservation=row)
    moved = posting.milliseconds if posting else 0
    announce(facts.Released(run=row.run, milliseconds=moved, reservation=reservation))
    return reservation


@verb(may=permissions.system)
def settle(by: Actor, *, attempt: AttemptId, used_up_to: DeviceTime | NativeAmount) -> wire.Reservation:
    """Charge what an attempt has used in all, give back the rest, and close the reservation: both or neither.

    Raises:
        ReservationUnknown, ReservationClosed, UnitMismatch: as `charge` does.
    """
    book, row = _locked_attempt(attempt)
    _charge(book, row, used_up_to)
    return _release(book, row)


@verb(may=permissions.operator)
def waive(by: Actor, *, attempt: AttemptId, reason: str, used_up_to_milliseconds: int = 0) -> wire.Reservation:
    """Give back all that was held or charged, because the end is not charged. A second waiver changes nothing.

    `used_up_to_milliseconds` is what the site last reported; it is counted as the site's work without a charge.

    Raises:
        ReservationUnknown: nothing was reserved for the attempt.
        ReasonRefused: no reason, or a very long one.
    """
    rules.check_reason(reason)
    book, row = _locked_attempt(attempt)
    before = queries.held_of(row, book)
    used = rules.counted(DeviceTime(used_up_to_milliseconds, book.resource_class))
    held, posting = rules.waive(before, used.milliseconds)
    if held.state is before.state:
        return queries.reservation_of(row, book)
    now = clock.now()
    reservation = _keep(row, held, now)
    if posting is not None:
        _post(book, posting, subject=attempt, reason=reason, at=now, reservation=row)
    moved = posting.moves.get(AccountKind.AVAILABLE, 0) if posting else 0
    announce(facts.Waived(run=row.run, milliseconds=moved, reservation=reservation, reason=reason))
    return reservation


@verb(may=permissions.operator)
def expire(by: Actor, *, allocation: AllocationId) -> TransferId | None:
    """Take what is left of an allocation past its end; return the transfer, or None when nothing was left.

    What is reserved stays reserved; what a later release gives back expires by the next call.

    Raises:
        AllocationUnknown, AllocationNotEnded: there is no such book, or it can still be used.
    """
    book, now = _locked_book(allocation), clock.now()
    available, expired = _balance(book, AccountKind.AVAILABLE), _balance(book, AccountKind.EXPIRED)
    posting = rules.expire(queries.terms_of(book), available, expired, now)
    if posting is None:
        return None
    transfer = _post(book, posting, subject=allocation, reason="Left over at the end of the allocation.", at=now)
    announce(facts.Expired(allocation=allocation, resource_class=book.resource_class, milliseconds=available))
    return transfer.id


@verb(may=permissions.system)
def correct(
    by: Actor, *, transfer: TransferId, right: DeviceTime | NativeAmount, proposer: str, approver: str, reason: str
) -> TransferId:
    """Right a wrong grant or charge: reverse it and post `right` in its place; return the last transfer posted.

    Whoever asks has seen that `approver` approved what `proposer` proposed: see `corrections`.

    A transfer is corrected once; a second mistake is righted by correcting the correction.

    Raises:
        TransferUnknown: there is no such transfer.
        CorrectionRefused: not a grant or charge, or corrected before.
        ReasonRefused: no reason, or a very long one.
        ReservationOpen, InsufficientBalance, UnitMismatch: the books do not allow it; the words say why.
    """
    wrong = queries.transfer_row(transfer)
    rules.check_reason(reason)
    book, amount, now = _locked_book(wrong.book_id), rules.counted(right), clock.now()
    milliseconds = queries.moved(wrong)
    row, held, postings = righting(book, wrong, amount)
    if row is not None and held is not None:
        _keep(row, held, now)
    for posting in postings:
        native = _native(right) if posting.kind is TransferKind.CORRECT else {}
        last = _post(
            book, posting, subject=transfer, reason=reason, at=now, reservation=row, corrects=wrong,
            actor=proposer, approver=approver, **native,
        )  # fmt: skip
    announce(
        facts.Corrected(
            allocation=book.pk,
            transfer=transfer,
            resource_class=book.resource_class,
            milliseconds_before=milliseconds,
            milliseconds=amount.milliseconds,
            approver=approver,
            reason=reason,
        )
    )
    return last.id


def righting(
    book: Book, wrong: Transfer, right: DeviceTime
) -> tuple[Reservation | None, rules.Held | None, Iterable[rules.Posting]]:
    """Return what righting a transfer would post now, with the reservation as it would be left; raises as `correct`."""
    rules.check_correction(wrong.id, TransferKind(wrong.kind), wrong.corrections.exists())
    terms, available = queries.terms_of(book), _balance(book, AccountKind.AVAILABLE)
    row = Reservation.objects.filter(attempt=wrong.attempt).first() if wrong.attempt else None
    if row is None:
        return None, None, rules.correct_grant(terms, available, queries.moved(wrong), right)
    held, postings = rules.correct_charge(terms, available, queries.held_of(row, book), queries.moved(wrong), right)
    return row, held, postings


# What the verbs share: locks, then one place that posts -------------------------------------------------------------


def _locked_book(allocation: AllocationId) -> Book:
    book = Book.objects.select_for_update().filter(pk=allocation).first()
    if book is None:
        raise queries.allocation_unknown(allocation)
    return book


def _locked_attempt(attempt: AttemptId) -> tuple[Book, Reservation]:
    """Lock the book, then read the reservation under its lock: the book is locked first everywhere."""
    allocation = Reservation.objects.filter(attempt=attempt).values_list("book_id", flat=True).first()
    if allocation is None:
        raise wire.ReservationUnknown(f"Nothing is reserved for attempt {attempt}.", attempt=attempt)
    book = _locked_book(allocation)
    row = Reservation.objects.get(attempt=attempt)
    row.book = book
    return book, row


def _balance(book: Book, kind: AccountKind) -> int:
    return book.accounts.get(kind=kind).balance_milliseconds


def _keep(row: Reservation, held: rules.Held, now: datetime) -> wire.Reservation:
    """Write a reservation as the rules left it: the only writer of its state."""
    if queries.held_of(row, row.book) != held:
        row.charged_milliseconds, row.used_milliseconds, row.state = held.charged, held.used, held.state
        if held.state is not ReservationState.OPEN and row.closed_at is None:
            row.closed_at = now
        row.save(update_fields=["charged_milliseconds", "used_milliseconds", "state", "closed_at"])
    return queries.reservation_of(row, row.book)


def _post(
    book: Book,
    posting: rules.Posting,
    *,
    subject: AllocationId | AttemptId | TransferId,
    reason: str,
    at: datetime,
    reservation: Reservation | None = None,
    **columns: Any,
) -> Transfer:
    """Write one transfer: entries, running balances, and its seal at the head of the book's chain."""
    of_attempt = {name: getattr(reservation, name) for name in ("attempt", "run", "site")} if reservation else {}
    by = current_actor()
    transfer = Transfer(
        book=book,
        number=book.transfers_count + 1,
        kind=posting.kind,
        key=rules.transfer_key(subject, posting),
        reason=reason,
        actor=columns.pop("actor", by.key),  # an id where there is one: no person's name in what never changes
        at=at,
        previous_sha256=book.head_sha256,
        **of_attempt,
        **columns,
    )
    transfer.sha256 = queries.transfer_of(transfer, book, posting.moves).computed_sha256()
    transfer.save(force_insert=True)
    _move(transfer, posting, _locked_accounts(book, posting, reservation))
    book.transfers_count, book.head_sha256 = transfer.number, transfer.sha256
    book.save(update_fields=["transfers_count", "head_sha256"])
    return transfer


def _locked_accounts(book: Book, posting: rules.Posting, reservation: Reservation | None) -> list[Account]:
    accounts = list(book.accounts.filter(kind__in=posting.moves))
    of_site = rules.SITE_ACCOUNTS & posting.moves.keys()
    if of_site and reservation is not None:
        where = {"site": reservation.site, "resource_class": book.resource_class}
        Account.objects.bulk_create((Account(kind=kind, **where) for kind in sorted(of_site)), ignore_conflicts=True)
        accounts += Account.objects.select_for_update().filter(kind__in=of_site, **where).order_by("kind")
    return accounts


def _move(transfer: Transfer, posting: rules.Posting, accounts: list[Account]) -> None:
    before = {AccountKind(account.kind): account.balance_milliseconds for account in accounts}
    after = rules.applied(before, posting.moves)
    for account in accounts:
        account.balance_milliseconds = after[AccountKind(account.kind)]
    Account.objects.bulk_update(accounts, ["balance_milliseconds"])
    Entry.objects.bulk_create(
        Entry(
            transfer=transfer,
            account=account,
            milliseconds=posting.moves[AccountKind(account.kind)],
            balance_after_milliseconds=account.balance_milliseconds,
        )
        for account in accounts
    )


def _native(amount: DeviceTime | NativeAmount) -> dict[str, Any]:
    if isinstance(amount, DeviceTime):
        return {}
    return {
        "native_amount": amount.amount,
        "native_unit": amount.unit,
        "rate_numerator": amount.rate_numerator,
        "rate_denominator": amount.rate_denominator,
    }
