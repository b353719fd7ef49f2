"""Reads of the ledger. The caller has asked whether the reader may see the project; the ledger knows no members."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from fabrica.server.core.actors import Actor
from fabrica.server.ledger import outside, rules
from fabrica.server.ledger.models import Account, Book, Correction, Entry, OutsideUse, Reservation, Transfer
from fabrica.values.ids import AllocationId, AttemptId, CorrectionId, ProjectId, SiteId, TransferId
from fabrica.values.quantities import DeviceTime
from fabrica.wire import ledger as wire
from fabrica.wire.ledger import AccountKind, ReservationState, TransferKind
from fabrica.wire.problems import Malformed, NotAllowed

STATEMENT_LIMIT_MAX = 500

_WORDS = {
    TransferKind.GRANT: "Granted {amount}",
    TransferKind.RESERVE: "Reserved {amount} at {site}",
    TransferKind.CHARGE: "Charged {amount} used at {site}",
    TransferKind.OUTSIDE: "Charged {amount} used at {site} outside Fabrica",
    TransferKind.RELEASE: "Released {amount} not used at {site}",
    TransferKind.WAIVE: "Returned {amount}: not charged at {site}",
    TransferKind.EXPIRE: "Expired {amount}",
    TransferKind.REVERSE: "Reversed {amount} that was wrong",
    TransferKind.CORRECT: "Posted {amount} as a correction",
}


def balance(allocation: AllocationId) -> wire.Balance:
    """Return the accounts of one allocation.

    Raises:
        AllocationUnknown: nothing was granted to it.
    """
    found = balances_of([allocation]).get(allocation)
    if found is None:
        raise allocation_unknown(allocation)
    return found


def balances(project: ProjectId) -> tuple[wire.Balance, ...]:
    """Return the accounts of all allocations of a project, the one that ends first at the head."""
    books = Book.objects.prefetch_related("accounts").filter(project=project).order_by("ends_at", "pk")
    return tuple(_balance_of(book) for book in books)


def balances_of(allocations: Collection[AllocationId]) -> dict[AllocationId, wire.Balance]:
    """Return the accounts of several allocations."""
    return {book.pk: _balance_of(book) for book in Book.objects.prefetch_related("accounts").filter(pk__in=allocations)}


def free(allocation: AllocationId) -> DeviceTime:
    """Return what can be reserved from an allocation within its dates.

    Raises:
        AllocationUnknown: nothing was granted to it.
    """
    found = balance(allocation)
    return DeviceTime(found.available_milliseconds, found.resource_class)


def reservation(attempt: AttemptId) -> wire.Reservation | None:
    """Return what is held for an attempt, or None when nothing was."""
    row = Reservation.objects.select_related("book").filter(attempt=attempt).first()
    return None if row is None else reservation_of(row, row.book)


def held_at(site: SiteId, projects: Collection[ProjectId]) -> dict[tuple[ProjectId, str], int]:
    """Return the device-milliseconds held for attempts at a site and not charged yet, by project and resource class."""
    rows = Reservation.objects.filter(site=site, state=ReservationState.OPEN, book__project__in=projects)
    left = Sum(F("amount_milliseconds") - F("charged_milliseconds"))
    sums = rows.values_list("book__project", "book__resource_class").annotate(left=left).order_by()
    return {(project, resource_class): held for project, resource_class, held in sums}


def reserved_for(site: SiteId, attempts: Collection[AttemptId]) -> set[AttemptId]:
    """Return those attempts for which something was ever held at a site: the network's own runs there."""
    return set(Reservation.objects.filter(site=site, attempt__in=attempts).values_list("attempt", flat=True))


def outside_uses(limit: int = 20, **where: SiteId | ProjectId) -> tuple[wire.OutsideUse, ...]:
    """Return the newest starts of jobs that went round Fabrica, of one `site` or one `project`."""
    rows = OutsideUse.objects.filter(**where).order_by("-started_at", "-pk")
    return tuple(outside_use_of(row) for row in rows[:limit])


def statement(project: ProjectId, limit: int = 50, cursor: str | None = None) -> wire.Statement:
    """Return a page of a project's transfers, newest first, with what was left after each.

    Raises:
        Malformed: the cursor is not one of ours, or the limit is out of bounds.
    """
    if not 1 <= limit <= STATEMENT_LIMIT_MAX:
        raise Malformed(f"A page holds 1 to {STATEMENT_LIMIT_MAX} rows, not {limit}.")
    rows = Transfer.objects.filter(book__project=project).select_related("book").order_by("-sequence")
    if cursor is not None:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
            raise Malformed("The cursor is not one this server gave.", remedy="Start from the first page.")
        rows = rows.filter(sequence__lt=int(cursor))
    rows = rows.prefetch_related("entries__account").annotate(
        available_after=_balance_after(AccountKind.AVAILABLE), reserved_after=_balance_after(AccountKind.RESERVED)
    )
    page = list(rows[: limit + 1])
    return wire.Statement(
        project=project,
        balances=balances(project),
        rows=tuple(_statement_row(row) for row in page[:limit]),
        next_cursor=str(page[limit - 1].sequence) if len(page) > limit else None,
    )


def _balance_after(kind: AccountKind) -> Coalesce:
    """Return the balance of an account after a transfer: that of its last entry up to it, or zero."""
    entries = Entry.objects.filter(
        account__book=OuterRef("book"), account__kind=kind, transfer__number__lte=OuterRef("number")
    ).order_by("-transfer__number")
    return Coalesce(Subquery(entries.values("balance_after_milliseconds")[:1]), 0)


def _statement_row(row: Transfer) -> wire.StatementRow:
    moves = _moves(row)
    # A waiver moves more than one figure; what came back to the allocation is what its reader looks for.
    milliseconds = abs(moves.get(AccountKind.AVAILABLE, max(moves.values())))
    amount = DeviceTime(milliseconds, row.book.resource_class)
    return wire.StatementRow(
        transfer=transfer_of(row, row.book, moves),
        words=_WORDS[TransferKind(row.kind)].format(amount=amount, site=row.site),
        milliseconds=milliseconds,
        available_after_milliseconds=row.available_after,  # type: ignore[attr-defined]
        reserved_after_milliseconds=row.reserved_after,  # type: ignore[attr-defined]
    )


def check_books() -> list[str]:
    """Verify every balance, reservation and seal from the entries; return in words what differs (empty: nothing)."""
    return [
        *_unbalanced_transfers(),
        *_wrong_accounts(),
        *_wrong_reservations(),
        *_wrong_outside_uses(),
        *_broken_chains(),
    ]


def _unbalanced_transfers() -> Iterator[str]:
    sums = Entry.objects.values("transfer__id", "account__resource_class").annotate(total=Sum("milliseconds"))
    for row in sums.exclude(total=0).order_by():
        yield f"transfer {row['transfer__id']} sums to {row['total']} {row['account__resource_class']}, not to zero"


def _wrong_accounts() -> Iterator[str]:
    entries = Entry.objects.filter(account=OuterRef("pk")).order_by()
    total = entries.values("account").annotate(total=Sum("milliseconds")).values("total")
    last = Entry.objects.filter(account=OuterRef("pk")).order_by("-pk").values("balance_after_milliseconds")[:1]
    accounts = Account.objects.annotate(total=Coalesce(Subquery(total), 0), last=Coalesce(Subquery(last), 0))
    for account in accounts.exclude(balance_milliseconds=F("total"), last=F("total")):
        yield (
            f"account {account.pk} ({account.kind} of {account.book_id or account.site}) says "
            f"{account.balance_milliseconds}, its entries sum to {account.total}, its last entry says {account.last}"
        )


def _wrong_reservations() -> Iterator[str]:
    held: dict[tuple[str, str], int] = defaultdict(int)
    for row in Reservation.objects.iterator():
        rest = row.amount_milliseconds - row.charged_milliseconds
        held[row.book_id, AccountKind.RESERVED] += rest if row.state == ReservationState.OPEN else 0
        held[row.book_id, AccountKind.CONSUMED] += row.charged_milliseconds
    for _, book, milliseconds in _charged_outside():
        held[book, AccountKind.CONSUMED] += milliseconds
    kinds = (AccountKind.RESERVED, AccountKind.CONSUMED)
    for account in Account.objects.filter(book__isnull=False, kind__in=kinds):
        should = held[str(account.book_id), account.kind]
        if account.balance_milliseconds != should:
            yield f"{account.book_id} has {account.balance_milliseconds} {account.kind}, its reservations say {should}"


def _charged_outside() -> Iterator[tuple[str, str, int]]:
    rows = Entry.objects.filter(transfer__kind=TransferKind.OUTSIDE, account__kind=AccountKind.CONSUMED)
    for key, book, moved in rows.values_list("transfer__key", "transfer__book", "milliseconds").iterator():
        yield key.partition(":")[0], book, moved


def _wrong_outside_uses() -> Iterator[str]:
    posted: dict[str, int] = defaultdict(int)
    for use, _, milliseconds in _charged_outside():
        posted[use] += milliseconds
    for use, charged in OutsideUse.objects.values_list("pk", "charged_milliseconds").iterator():
        if posted[use] != charged:
            yield f"{use} says that {charged} were charged, its transfers say {posted[use]}"


def _broken_chains() -> Iterator[str]:
    for book in Book.objects.all():
        rows = book.transfers.prefetch_related("entries__account").order_by("number")
        head, number = "", 0
        for row in rows.iterator(chunk_size=500):
            sealed = transfer_of(row, book, _moves(row))
            number += 1
            if row.number != number or row.previous_sha256 != head or sealed.computed_sha256() != row.sha256:
                yield f"transfer {row.id}, number {row.number} of {book.pk}, breaks the chain"
            head = row.sha256
        if (book.transfers_count, book.head_sha256) != (number, head):
            yield f"the head of the chain of {book.pk} is not its last transfer"


def corrections(by: Actor, state: wire.CorrectionState | None = None) -> tuple[wire.Correction, ...]:
    """Return the newest 200 corrections, of one state when asked.

    Raises:
        NotAllowed: the actor is neither operator nor auditor.
    """
    if not by.sees_everything:
        raise NotAllowed("Only the network's office sees corrections.", remedy="What is posted is in your statement.")
    rows = Correction.objects.select_related("transfer__book").order_by("-pk")
    rows = rows if state is None else rows.filter(state=state)
    return tuple(correction_of(row) for row in rows[:200])


# Rows as values, shared with the verbs ------------------------------------------------------------------------------


def terms_of(book: Book) -> rules.Terms:
    """Return a book's terms as the rules take them."""
    return rules.Terms(book.pk, book.resource_class, book.starts_at, book.ends_at)


def held_of(row: Reservation, book: Book) -> rules.Held:
    """Return a reservation as the rules take it."""
    return rules.Held(
        row.attempt,
        DeviceTime(row.amount_milliseconds, book.resource_class),
        charged=row.charged_milliseconds,
        used=row.used_milliseconds,
        state=ReservationState(row.state),
    )


def correction(correction: CorrectionId) -> wire.Correction:
    """Return one correction, for whom a verb let see it."""
    return correction_of(Correction.objects.select_related("transfer__book").get(pk=correction))


def transfer_row(transfer: TransferId) -> Transfer:
    """Return the row of a transfer.

    Raises:
        TransferUnknown: there is none.
    """
    row = Transfer.objects.select_related("book").filter(id=transfer).first()
    if row is None:
        raise wire.TransferUnknown(f"There is no transfer {transfer}.", remedy="Look for it in the statement.")
    return row


def moved(row: Transfer) -> int:
    """Return how many device-milliseconds a transfer moved."""
    return max(row.entries.values_list("milliseconds", flat=True))


def correction_of(row: Correction) -> wire.Correction:
    """Return a correction as it crosses the network."""
    return wire.Correction(
        id=row.pk,
        transfer=row.transfer.id,
        allocation=row.transfer.book_id,
        project=row.transfer.book.project,
        resource_class=row.transfer.book.resource_class,
        wrong_milliseconds=moved(row.transfer),
        right_milliseconds=row.right_milliseconds,
        reason=row.reason,
        state=wire.CorrectionState(row.state),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision_words=row.decision_words,
        alone=row.alone,
        posted=row.posted,
    )


def reservation_of(row: Reservation, book: Book) -> wire.Reservation:
    """Return a reservation as it crosses the network."""
    return wire.Reservation(
        id=row.pk,
        allocation=book.pk,
        attempt=row.attempt,
        run=row.run,
        site=row.site,
        resource_class=book.resource_class,
        state=ReservationState(row.state),
        amount_milliseconds=row.amount_milliseconds,
        charged_milliseconds=row.charged_milliseconds,
        used_milliseconds=row.used_milliseconds,
        overrun_milliseconds=held_of(row, book).overrun,
    )


def outside_of(row: OutsideUse) -> outside.Outside:
    """Return a use outside Fabrica as the rules take it."""
    return outside.Outside(used=row.used_milliseconds, charged=row.charged_milliseconds)


def outside_use_of(row: OutsideUse) -> wire.OutsideUse:
    """Return a use outside Fabrica as it crosses the network."""
    return wire.OutsideUse(
        id=row.pk,
        site=row.site,
        project=row.project,
        cluster=row.cluster,
        job=row.job,
        started_at=row.started_at,
        ended_at=row.ended_at,
        resource_class=row.resource_class,
        devices=row.devices,
        partition=row.partition,
        slurm_account=row.slurm_account,
        site_user=row.site_user,
        used_milliseconds=row.used_milliseconds,
        charged_milliseconds=row.charged_milliseconds,
        beyond_milliseconds=row.beyond_milliseconds,
    )


def transfer_of(row: Transfer, book: Book, moves: Mapping[AccountKind, int]) -> wire.Transfer:
    """Return a transfer as it crosses the network and as it is sealed; entries in the order of the kinds."""
    return wire.Transfer(
        id=row.id,
        allocation=book.pk,
        number=row.number,
        kind=TransferKind(row.kind),
        key=row.key,
        resource_class=book.resource_class,
        entries=tuple(wire.Entry(account=kind, milliseconds=moves[kind]) for kind in AccountKind if kind in moves),
        attempt=row.attempt,
        run=row.run,
        site=row.site,
        corrects=row.corrects.id if row.corrects else None,
        native_amount=row.native_amount,
        native_unit=row.native_unit,
        rate_numerator=row.rate_numerator,
        rate_denominator=row.rate_denominator,
        reason=row.reason,
        actor=row.actor,
        approver=row.approver,
        at=row.at,
        previous_sha256=row.previous_sha256,
        sha256=row.sha256,
    )


def allocation_unknown(allocation: AllocationId) -> wire.AllocationUnknown:
    """Return the problem of an allocation without a book."""
    return wire.AllocationUnknown(
        f"Nothing was granted to allocation {allocation}.",
        remedy="Ask the network's office for device time.",
        allocation=allocation,
    )


def _balance_of(book: Book) -> wire.Balance:
    kinds = {account.kind: account.balance_milliseconds for account in book.accounts.all()}
    return wire.Balance(
        allocation=book.pk,
        project=book.project,
        resource_class=book.resource_class,
        granted_milliseconds=-kinds[AccountKind.GRANTED],
        available_milliseconds=kinds[AccountKind.AVAILABLE],
        reserved_milliseconds=kinds[AccountKind.RESERVED],
        consumed_milliseconds=kinds[AccountKind.CONSUMED],
        expired_milliseconds=kinds[AccountKind.EXPIRED],
        starts_at=book.starts_at,
        ends_at=book.ends_at,
    )


def _moves(row: Transfer) -> dict[AccountKind, int]:
    return {AccountKind(entry.account.kind): entry.milliseconds for entry in row.entries.all()}
