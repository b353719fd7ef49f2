"""What the ledger decides, from values to values: which entries a verb posts, or the problem that refuses it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from fabrica.values.ids import AllocationId, AttemptId, OutsideUseId, TransferId
from fabrica.values.quantities import DeviceTime
from fabrica.values.time import to_rfc3339
from fabrica.wire import ledger as wire
from fabrica.wire.ledger import AccountKind, NativeAmount, ReservationState, TransferKind

MILLISECONDS_MAX = 2**53 - 1
"""The largest single amount: exact in every JSON reader, and a thousand of them still fit a 64-bit balance."""

REASON_LENGTH_MAX = 500

SOURCES = frozenset({AccountKind.GRANTED, AccountKind.CAPACITY})
"""Accounts that are zero or negative: what came out of them is what was issued or worked. All others never are."""

SITE_ACCOUNTS = frozenset({AccountKind.CAPACITY, AccountKind.DELIVERED, AccountKind.WAIVED})
"""Accounts of the attempt's site; all others are the allocation's."""

Moves = Mapping[AccountKind, int]


class BooksBroken(RuntimeError):
    """A defect of ours, stopped before it is written: entries that do not balance, or a balance below zero."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an allocation is: how its device time is counted, and from when to when it can be reserved."""

    allocation: AllocationId
    resource_class: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Posting:
    """One transfer to be: signed milliseconds by account, which sum to zero. `position` makes its key unique."""

    kind: TransferKind
    moves: Moves
    position: int = 0

    def __post_init__(self) -> None:
        if not self.moves or 0 in self.moves.values() or sum(self.moves.values()) != 0:
            raise BooksBroken(f"a {self.kind} would post {dict(self.moves)}")

    @property
    def milliseconds(self) -> int:
        """How much moved within the allocation."""
        return max(abs(moved) for moved in self.moves.values())


@dataclass(frozen=True, slots=True)
class Held:
    """One attempt's reservation: what is held, what of it is charged, and what the site says was used."""

    attempt: AttemptId
    amount: DeviceTime
    charged: int = 0
    used: int = 0
    state: ReservationState = ReservationState.OPEN

    @property
    def overrun(self) -> int:
        """Milliseconds the site reports beyond the reservation. Shown, never charged."""
        return max(0, self.used - self.amount.milliseconds)


def counted(amount: DeviceTime | NativeAmount) -> DeviceTime:
    """Return an amount in device-milliseconds. The one place that rounds: down, to a whole millisecond.

    Down, because the same figure read twice must never ask for more than the exact amount.

    Raises:
        AmountRefused: negative, or larger than one transfer may be.
    """
    if isinstance(amount, NativeAmount):
        exact = amount.amount * Fraction(amount.rate_numerator, amount.rate_denominator)
        amount = DeviceTime(exact.numerator // exact.denominator, amount.resource_class)
    if not 0 <= amount.milliseconds <= MILLISECONDS_MAX:
        raise wire.AmountRefused(
            f"{amount.milliseconds} device-milliseconds cannot be posted.",
            remedy=f"Give 0 to {MILLISECONDS_MAX} device-milliseconds.",
            asked_milliseconds=amount.milliseconds,
        )
    return amount


def grant(terms: Terms, amount: DeviceTime) -> Posting:
    """Issue device time to an allocation.

    Raises:
        AmountRefused: nothing is granted.
        UnitMismatch: the amount counts another resource class.
    """
    check_unit(terms, amount)
    _check_positive(amount, "granted")
    return Posting(TransferKind.GRANT, _move(amount.milliseconds, AccountKind.GRANTED, AccountKind.AVAILABLE))


def reserve(terms: Terms, available: int, amount: DeviceTime, now: datetime) -> Posting:
    """Hold an amount for one attempt.

    Raises:
        AmountRefused: nothing is reserved.
        UnitMismatch: the allocation counts another resource class.
        AllocationNotStarted, AllocationEnded: `now` is outside the allocation's dates.
        InsufficientBalance: less is available than was asked.
    """
    check_unit(terms, amount)
    _check_positive(amount, "reserved")
    _check_dates(terms, now)
    _check_free(terms, available, amount.milliseconds)
    return Posting(TransferKind.RESERVE, _move(amount.milliseconds, AccountKind.AVAILABLE, AccountKind.RESERVED))


def charge(held: Held, used_up_to: DeviceTime) -> tuple[Held, Posting | None]:
    """Charge what is new in “the attempt has used up to T”, and never more than was reserved.

    Nothing is posted when T brings nothing new: a duplicate, an older report, or time beyond the reservation.

    Raises:
        UnitMismatch: the reservation counts another resource class.
        ReservationClosed: T says more than was known when the reservation was closed.
    """
    if used_up_to.resource_class != held.amount.resource_class:
        raise _unit_mismatch(f"attempt {held.attempt}", held.amount.resource_class, used_up_to)
    if used_up_to.milliseconds <= held.used:
        return held, None
    if held.state is not ReservationState.OPEN:
        raise wire.ReservationClosed(
            f"Attempt {held.attempt} is settled; a use of {used_up_to} came after {_show(held, held.used)}.",
            remedy="The network's office can correct the charge.",
            attempt=held.attempt,
            used_milliseconds=used_up_to.milliseconds,
            settled_milliseconds=held.used,
        )
    charged = min(used_up_to.milliseconds, held.amount.milliseconds)
    after = replace(held, charged=charged, used=used_up_to.milliseconds)
    due = charged - held.charged
    if due <= 0:
        return after, None
    return after, Posting(TransferKind.CHARGE, consume(due, AccountKind.RESERVED), position=charged)


def consume(milliseconds: int, source: AccountKind) -> Moves:
    """Move time of the allocation to consumed, and the same time of the site to delivered."""
    allocation = _move(milliseconds, source, AccountKind.CONSUMED)
    return allocation | _move(milliseconds, AccountKind.CAPACITY, AccountKind.DELIVERED)


def release(held: Held, used_up_to: int | None = None) -> tuple[Held, Posting | None]:
    """Give back what was held and not charged. A closed reservation stays as it is.

    `used_up_to`: milliseconds of the site's last word, which stands over what it told on the way: what was charged
    beyond it is given back too. None: what was told on the way stands.
    """
    if held.state is not ReservationState.OPEN:
        return held, None
    used = held.used if used_up_to is None else min(held.used, used_up_to)
    charged = min(held.charged, used)
    rest, beyond = held.amount.milliseconds - held.charged, held.charged - charged
    moves = _move(rest, AccountKind.RESERVED, AccountKind.AVAILABLE) if rest else {}
    if beyond:
        back = {account: -moved for account, moved in consume(beyond, AccountKind.AVAILABLE).items()}
        moves = back | moves | {AccountKind.AVAILABLE: rest + beyond}
    after = replace(held, state=ReservationState.RELEASED, charged=charged, used=used)
    return after, Posting(TransferKind.RELEASE, moves) if moves else None


def waive(held: Held, used_up_to: int = 0) -> tuple[Held, Posting | None]:
    """Give back all that was held or charged, because the end is not charged; the site bears its work.

    The site's work, up to `used_up_to` milliseconds, is counted as waived, and like a charge never beyond the
    reservation. A reservation that was released can still be waived; one that was waived stays as it is.
    """
    if held.state is ReservationState.WAIVED:
        return held, None
    rest = held.amount.milliseconds - held.charged if held.state is ReservationState.OPEN else 0
    used = max(held.used, used_up_to)
    worked = max(held.charged, min(used, held.amount.milliseconds))
    moves = {
        AccountKind.RESERVED: -rest,
        AccountKind.CONSUMED: -held.charged,
        AccountKind.AVAILABLE: rest + held.charged,
        AccountKind.CAPACITY: held.charged - worked,
        AccountKind.DELIVERED: -held.charged,
        AccountKind.WAIVED: worked,
    }
    moves = {account: moved for account, moved in moves.items() if moved}
    after = replace(held, state=ReservationState.WAIVED, charged=0, used=used)
    return after, Posting(TransferKind.WAIVE, moves) if moves else None


def expire(terms: Terms, available: int, expired: int, now: datetime) -> Posting | None:
    """Take what is left of an allocation past its end, never what is reserved. Nothing left posts nothing.

    Raises:
        AllocationNotEnded: the allocation can still be used.
    """
    if now < terms.ends_at:
        raise wire.AllocationNotEnded(
            f"Allocation {terms.allocation} can be used until {to_rfc3339(terms.ends_at)}.",
            remedy="Wait until it has ended.",
            allocation=terms.allocation,
        )
    if not available:
        return None
    # What a late release or waiver gives back expires again, so the position is the total expired so far.
    moves = _move(available, AccountKind.AVAILABLE, AccountKind.EXPIRED)
    return Posting(TransferKind.EXPIRE, moves, position=expired + available)


def correct_grant(terms: Terms, available: int, granted: int, right: DeviceTime) -> tuple[Posting, Posting]:
    """Put `right` in the place of a grant of `granted`: the new entry, then the reversal of the wrong one.

    In this order nothing falls below zero between the two, whatever is reserved or consumed already.

    Raises:
        AmountRefused: nothing would be granted.
        UnitMismatch: the allocation counts another resource class.
        InsufficientBalance: more would be taken back than is available.
    """
    check_unit(terms, right)
    _check_positive(right, "granted")
    _check_free(terms, available, max(0, granted - right.milliseconds))
    return (
        Posting(TransferKind.CORRECT, _move(right.milliseconds, AccountKind.GRANTED, AccountKind.AVAILABLE)),
        Posting(TransferKind.REVERSE, _move(granted, AccountKind.AVAILABLE, AccountKind.GRANTED)),
    )


def correct_charge(
    terms: Terms, available: int, held: Held, wrong: int, right: DeviceTime
) -> tuple[Held, tuple[Posting, ...]]:
    """Put `right` in the place of one charge of `wrong`: the reversal, then the new entry unless it is zero.

    Raises:
        UnitMismatch: the allocation counts another resource class.
        ReservationOpen: the attempt is not settled, so its charge still moves by itself.
        CorrectionRefused: the charge was waived, or would exceed the reservation or fall below zero.
        InsufficientBalance: more would be charged than is available.
    """
    check_unit(terms, right)
    charged = held.charged - wrong + right.milliseconds
    if held.state is ReservationState.OPEN:
        raise wire.ReservationOpen(
            f"Attempt {held.attempt} is not settled yet.", remedy="Correct its charge after the attempt has ended."
        )
    if held.state is ReservationState.WAIVED:
        raise wire.CorrectionRefused(
            f"The charge of attempt {held.attempt} was waived; nothing of it is left to correct."
        )
    if charged > held.amount.milliseconds:
        raise wire.CorrectionRefused(
            f"Attempt {held.attempt} would be charged {_show(held, charged)}, more than the {held.amount} reserved.",
            remedy=f"Give at most {held.amount.milliseconds - held.charged + wrong} device-milliseconds.",
        )
    if charged < 0:
        raise wire.CorrectionRefused(
            f"Of the charges of attempt {held.attempt}, {_show(held, -charged)} were given back when it ended.",
            remedy=f"Give at least {right.milliseconds - charged} device-milliseconds.",
        )
    _check_free(terms, available, max(0, right.milliseconds - wrong))
    back = {account: -moved for account, moved in consume(wrong, AccountKind.AVAILABLE).items()}
    postings = [Posting(TransferKind.REVERSE, back)]
    if right.milliseconds:
        postings.append(Posting(TransferKind.CORRECT, consume(right.milliseconds, AccountKind.AVAILABLE)))
    return replace(held, charged=charged), tuple(postings)


ALONE = "(Approved by its proposer: the network had no other operator.)"


def posted_reason(reason: str, alone: bool) -> str:
    """Return the reason that stands with the entries for good; it says when nobody else could approve."""
    return f"{reason[: REASON_LENGTH_MAX - len(ALONE) - 1]} {ALONE}" if alone else reason


def check_reason(reason: str) -> None:
    """Refuse a reason that says nothing or does not fit its column.

    Raises:
        ReasonRefused: blank, or too long.
    """
    if not reason.strip() or len(reason) > REASON_LENGTH_MAX:
        raise wire.ReasonRefused(f"Give a reason of 1 to {REASON_LENGTH_MAX} characters.", length=len(reason))


def check_correction(transfer: TransferId, kind: TransferKind, corrected: bool) -> None:
    """Refuse to correct what follows from other transfers, or twice.

    Raises:
        CorrectionRefused: one of the two.
    """
    if kind not in (TransferKind.GRANT, TransferKind.CHARGE, TransferKind.CORRECT):
        raise wire.CorrectionRefused(f"Transfer {transfer} is a {kind}.", remedy="Correct the grant or the charge.")
    if corrected:
        raise wire.CorrectionRefused(f"Transfer {transfer} was corrected before.", remedy="Correct the correction.")


def approved_alone(proposer: str, approver: str, other_operators: int) -> bool:
    """Return whether an approval is the proposer's own, which stands only where nobody else could give one.

    Raises:
        SecondOperatorNeeded: another operator could decide.
    """
    if proposer != approver:
        return False
    if other_operators:
        raise wire.SecondOperatorNeeded(
            "You proposed this correction yourself.",
            remedy=f"Ask another operator to approve it; there {'is one' if other_operators == 1 else 'are some'}.",
        )
    return True


def applied(balances: Moves, moves: Moves) -> dict[AccountKind, int]:
    """Return the balances after a posting, one figure for each account that it moves.

    Raises:
        BooksBroken: an account would fall on the wrong side of zero, which the rules never let happen.
    """
    after = {account: balances.get(account, 0) + moved for account, moved in moves.items()}
    for account, balance in after.items():
        if balance > 0 if account in SOURCES else balance < 0:
            raise BooksBroken(f"{account} would be {balance}")
    return after


def transfer_key(subject: AllocationId | AttemptId | TransferId | OutsideUseId, posting: Posting) -> str:
    """Return the key that only one transfer can have, so that the same news never posts twice."""
    return f"{subject}:{posting.kind}:{posting.position}"


def _move(milliseconds: int, source: AccountKind, target: AccountKind) -> dict[AccountKind, int]:
    return {source: -milliseconds, target: milliseconds}


def _show(held: Held, milliseconds: int) -> DeviceTime:
    return DeviceTime(milliseconds, held.amount.resource_class)


def _check_positive(amount: DeviceTime, what: str) -> None:
    if amount.milliseconds <= 0:
        raise wire.AmountRefused(f"Nothing would be {what}.", remedy="Give an amount above zero.")


def check_unit(terms: Terms, amount: DeviceTime) -> None:
    if amount.resource_class != terms.resource_class:
        raise _unit_mismatch(f"allocation {terms.allocation}", terms.resource_class, amount)


def _unit_mismatch(what: str, counts: str, amount: DeviceTime) -> wire.UnitMismatch:
    return wire.UnitMismatch(
        f"{what[0].upper()}{what[1:]} counts {counts}, and {amount.resource_class} was given.",
        remedy=f"Use an allocation of {amount.resource_class}, or ask for {counts}.",
        counts=counts,
        given=amount.resource_class,
    )


def _check_dates(terms: Terms, now: datetime) -> None:
    if now < terms.starts_at:
        raise wire.AllocationNotStarted(
            f"Allocation {terms.allocation} starts on {to_rfc3339(terms.starts_at)}.",
            remedy="Wait until it has started, or use another allocation.",
            allocation=terms.allocation,
        )
    if now >= terms.ends_at:
        raise wire.AllocationEnded(
            f"Allocation {terms.allocation} ended on {to_rfc3339(terms.ends_at)}.",
            remedy="Ask the network's office for a new allocation.",
            allocation=terms.allocation,
        )


def _check_free(terms: Terms, available: int, asked: int) -> None:
    if asked > available:
        wanted, free = DeviceTime(asked, terms.resource_class), DeviceTime(available, terms.resource_class)
        raise wire.InsufficientBalance(
            f"{wanted} were asked and {free} are free in allocation {terms.allocation}.",
            remedy="Ask for a shorter time limit or fewer devices, or ask the network's office for more device time.",
            asked_milliseconds=asked,
            free_milliseconds=available,
            allocation=terms.allocation,
            resource_class=terms.resource_class,
        )
