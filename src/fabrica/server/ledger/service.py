"""The verbs of the ledger. Each locks the allocation's book, asks the rules, and posts what they answer."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.verbs import verb
from fabrica.server.ledger import facts, outside, permissions, queries, rules
from fabrica.server.ledger.models import Account, Book, OutsideUse, Reservation, Transfer
from fabrica.server.ledger.posting import native, post
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
    opened, new = Book.objects.get_or_create(allocation=allocation, defaults=columns)
    if new:
        Account.objects.bulk_create(
            Account(book=opened, kind=kind, resource_class=terms.resource_class)
            for kind in AccountKind
            if kind not in rules.SITE_ACCOUNTS
        )
    book = _locked_book(allocation)
    if not new:
        return _granted_before(book, columns, posting)
    transfer = post(book, posting, subject=allocation, reason=reason, at=clock.now(), **native(amount))
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


@verb(may=permissions.the_service)
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
    post(book, posting, subject=attempt, reason="Held for the time limit of the attempt.", at=now, reservation=row)
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


@verb(may=permissions.the_service)
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
        post(
            book, posting, subject=row.attempt, reason="Used by the attempt.", at=now, reservation=row,
            **native(used_up_to),
        )  # fmt: skip
        announce(facts.Charged(run=row.run, milliseconds=posting.milliseconds, reservation=reservation))
    return reservation


@verb(may=permissions.the_service)
def release(by: Actor, *, attempt: AttemptId) -> wire.Reservation:
    """Give back what was held and not charged, and close the reservation. A second release changes nothing.

    Raises:
        ReservationUnknown: nothing was reserved for the attempt.
    """
    return _release(*_locked_attempt(attempt))


def _release(book: Book, row: Reservation, used_up_to: int | None = None) -> wire.Reservation:
    before = queries.held_of(row, book)
    held, posting = rules.release(before, used_up_to)
    if held.state is before.state:
        return queries.reservation_of(row, book)
    now = clock.now()
    reservation = _keep(row, held, now)
    if posting is not None:
        post(book, posting, subject=row.attempt, reason="Held and not used.", at=now, reservation=row)
    moved = posting.milliseconds if posting else 0
    announce(facts.Released(run=row.run, milliseconds=moved, reservation=reservation))
    return reservation


@verb(may=permissions.the_service)
def settle(by: Actor, *, attempt: AttemptId, used_up_to: DeviceTime | NativeAmount) -> wire.Reservation:
    """Charge what an attempt has used in all, give back the rest, and close the reservation: both or neither.

    It is the last word: what was charged on the way beyond it is given back too.

    Raises:
        ReservationUnknown, ReservationClosed, UnitMismatch: as `charge` does.
    """
    book, row = _locked_attempt(attempt)
    _charge(book, row, used_up_to)
    return _release(book, row, rules.counted(used_up_to).milliseconds)


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
        post(book, posting, subject=attempt, reason=reason, at=now, reservation=row)
    moved = posting.moves.get(AccountKind.AVAILABLE, 0) if posting else 0
    announce(facts.Waived(run=row.run, milliseconds=moved, reservation=reservation, reason=reason))
    return reservation


@verb(may=permissions.the_service)
def charge_outside(
    by: Actor,
    *,
    project: ProjectId,
    site: SiteId,
    start: wire.OutsideStart,
    allocations: Sequence[AllocationId],
) -> wire.OutsideUse:
    """Take note that a job which went round Fabrica has used up to this in all, and charge what is new of it.

    It is charged to `allocations` in their order, never more than each has free; the rest is kept as beyond and not
    charged later. Duplicates and older reports post nothing.

    Raises:
        AmountRefused: the amount cannot be posted.
        OutsideUseConflict: the same start of the same job was told of another project or resource class.
    """
    used, now = rules.counted(DeviceTime(start.device_milliseconds, start.resource_class)), clock.now()
    locked = {
        pk: _locked_book(pk) for pk in sorted(allocations)
    }  # in one order everywhere: no two verbs wait for each other
    books = [locked[pk] for pk in allocations]
    row, _ = OutsideUse.objects.select_for_update().get_or_create(
        site=site,
        cluster=start.cluster,
        job=start.job,
        started_at=start.started_at,
        defaults={"project": project, "resource_class": start.resource_class, "told_at": now},
    )
    if (row.project, row.resource_class) != (project, start.resource_class):
        raise wire.OutsideUseConflict(
            f"Job {start.job} of {start.cluster} was told as {row.resource_class} of {row.project} before.",
            remedy="Give each Slurm account one project, and keep it.",
        )
    free = [_balance(book, AccountKind.AVAILABLE) for book in books]
    terms = [queries.terms_of(book) for book in books]
    after, postings = outside.charge(queries.outside_of(row), used, list(zip(terms, free, strict=True)))
    for place, posting in postings:
        post(
            books[place], posting, subject=row.pk, site=site, at=now,
            reason=f"Used outside Fabrica by job {start.job} of {start.cluster}.",
        )  # fmt: skip
        announce(
            facts.OutsideCharged(
                allocation=books[place].pk,
                outside_use=row.pk,
                site=site,
                resource_class=start.resource_class,
                milliseconds=posting.milliseconds,
            )
        )
    _keep_outside(row, after, start, now)
    return queries.outside_use_of(row)


def _keep_outside(row: OutsideUse, after: outside.Outside, start: wire.OutsideStart, now: datetime) -> None:
    """Write what is known of a start now: the only writer of it. An older report changes nothing."""
    if start.device_milliseconds < row.used_milliseconds:
        return
    row.used_milliseconds, row.charged_milliseconds, row.beyond_milliseconds = after.used, after.charged, after.beyond
    row.devices, row.partition = start.devices, start.partition
    row.slurm_account, row.site_user = start.slurm_account, start.site_user
    row.ended_at = row.ended_at or start.ended_at
    row.told_at = now
    row.save()


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
    transfer = post(book, posting, subject=allocation, reason="Left over at the end of the allocation.", at=now)
    announce(facts.Expired(allocation=allocation, resource_class=book.resource_class, milliseconds=available))
    return transfer.id


@verb(may=permissions.the_service)
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
        unit = native(right) if posting.kind is TransferKind.CORRECT else {}
        last = post(
            book, posting, subject=transfer, reason=reason, at=now, reservation=row, corrects=wrong,
            actor=proposer, approver=approver, **unit,
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


# What the verbs share: locks, and how a reservation is written ---------------------------------------------------


def _locked_book(allocation: AllocationId) -> Book:
    """Lock a book and then read its accounts, once: under the lock nobody else moves them."""
    book = Book.objects.select_for_update().prefetch_related("accounts").filter(pk=allocation).first()
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
    return next(one for one in book.accounts.all() if one.kind == kind).balance_milliseconds


def _keep(row: Reservation, held: rules.Held, now: datetime) -> wire.Reservation:
    """Write a reservation as the rules left it: the only writer of its state."""
    if queries.held_of(row, row.book) != held:
        row.charged_milliseconds, row.used_milliseconds, row.state = held.charged, held.used, held.state
        if held.state is not ReservationState.OPEN and row.closed_at is None:
            row.closed_at = now
        row.save(update_fields=["charged_milliseconds", "used_milliseconds", "state", "closed_at"])
    return queries.reservation_of(row, row.book)
