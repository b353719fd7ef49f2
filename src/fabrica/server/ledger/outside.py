"""What the ledger decides of jobs that went round Fabrica, from values to values."""

from collections.abc import Sequence
from dataclasses import dataclass

from fabrica.server.ledger.rules import Posting, Terms, check_unit, consume
from fabrica.values.quantities import DeviceTime
from fabrica.wire.ledger import AccountKind, TransferKind


@dataclass(frozen=True, slots=True)
class Outside:
    """Milliseconds of one start of a job outside Fabrica: used = charged + beyond, which no allocation had free."""

    used: int = 0
    charged: int = 0

    @property
    def beyond(self) -> int:
        return self.used - self.charged


def charge(
    before: Outside, used_up_to: DeviceTime, free: Sequence[tuple[Terms, int]]
) -> tuple[Outside, list[tuple[int, Posting]]]:
    """Charge what is new of a use outside Fabrica, first where `free` says first, and never more than is free.

    Return what is known then, and each posting with its place in `free`. What nobody had free stays beyond for good:
    a later report charges only what is new in itself.

    Raises:
        UnitMismatch: an allocation counts another resource class.
    """
    for terms, _ in free:
        check_unit(terms, used_up_to)
    due = used_up_to.milliseconds - before.used
    if due <= 0:
        return before, []
    charged, postings = before.charged, []
    for place, (_, available) in enumerate(free):
        part = min(due, available)
        if part > 0:
            due, charged = due - part, charged + part
            moves = consume(part, AccountKind.AVAILABLE)
            postings.append((place, Posting(TransferKind.OUTSIDE, moves, position=charged)))
    return Outside(used_up_to.milliseconds, charged), postings
