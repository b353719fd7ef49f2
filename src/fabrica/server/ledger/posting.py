"""The one place of the ledger that writes transfers: entries, running balances, and the seal of each."""

from datetime import datetime
from typing import Any

from fabrica.server.core.verbs import current_actor
from fabrica.server.ledger import queries, rules
from fabrica.server.ledger.models import Account, Book, Entry, Reservation, Transfer
from fabrica.values.ids import AllocationId, AttemptId, OutsideUseId, SiteId, TransferId
from fabrica.values.quantities import DeviceTime
from fabrica.wire.ledger import AccountKind, NativeAmount


def post(
    book: Book,
    posting: rules.Posting,
    *,
    subject: AllocationId | AttemptId | TransferId | OutsideUseId,
    reason: str,
    at: datetime,
    reservation: Reservation | None = None,
    **columns: Any,
) -> Transfer:
    """Write one transfer: entries, running balances, and its seal at the head of the book's chain.

    The caller has locked the book, whose accounts then hold the new balances. A transfer that moves a site's accounts
    has a reservation or names its `site`.
    """
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
    _move(transfer, posting, _locked_accounts(book, posting, transfer.site))
    book.transfers_count, book.head_sha256 = transfer.number, transfer.sha256
    book.save(update_fields=["transfers_count", "head_sha256"])
    return transfer


def _locked_accounts(book: Book, posting: rules.Posting, site: SiteId | None) -> list[Account]:
    accounts = [account for account in book.accounts.all() if account.kind in posting.moves]
    of_site = rules.SITE_ACCOUNTS & posting.moves.keys()
    if of_site and site is not None:
        where: dict[str, Any] = {"site": site, "resource_class": book.resource_class}
        rows = Account.objects.select_for_update().filter(kind__in=of_site, **where).order_by("kind")
        if len(rows) < len(of_site):
            missing = (Account(kind=kind, **where) for kind in sorted(of_site))
            Account.objects.bulk_create(missing, ignore_conflicts=True)
            rows = rows.all()
        accounts += rows
    return accounts


def _move(transfer: Transfer, posting: rules.Posting, accounts: list[Account]) -> None:
    before = {AccountKind(account.kind): account.balance_milliseconds for account in accounts}
    after = rules.applied(before, posting.moves)
    for account in accounts:
        account.balance_milliseconds = after[AccountKind(account.kind)]
        account.save(update_fields=["balance_milliseconds"])
    Entry.objects.bulk_create(
        Entry(
            transfer=transfer,
            account=account,
            milliseconds=posting.moves[AccountKind(account.kind)],
            balance_after_milliseconds=account.balance_milliseconds,
        )
        for account in accounts
    )


def native(amount: DeviceTime | NativeAmount) -> dict[str, Any]:
    if isinstance(amount, DeviceTime):
        return {}
    return {
        "native_amount": amount.amount,
        "native_unit": amount.unit,
        "rate_numerator": amount.rate_numerator,
        "rate_denominator": amount.rate_denominator,
    }
