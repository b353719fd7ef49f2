"""The ledger on the wire: balances, reservations, statements that can be verified, named problems."""

import hashlib
import json
from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from fabrica.values.ids import (
    AllocationId,
    AttemptId,
    CorrectionId,
    OutsideUseId,
    ProjectId,
    ReservationId,
    RunId,
    SiteId,
    TransferId,
)
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.problems import FabricaError


class AccountKind(StrEnum):
    """What an account counts. The first five belong to an allocation, the last three to a site."""

    GRANTED = "granted"  # a source: its balance is minus what was issued
    AVAILABLE = "available"
    RESERVED = "reserved"
    CONSUMED = "consumed"
    EXPIRED = "expired"
    CAPACITY = "capacity"  # a source: minus what the site has worked, charged or not
    DELIVERED = "delivered"  # worked and charged
    WAIVED = "waived"  # worked and not charged, as after a fault of the site


class TransferKind(StrEnum):
    """Why a transfer was posted."""

    GRANT = "grant"
    RESERVE = "reserve"
    CHARGE = "charge"
    OUTSIDE = "outside"  # used by a job that went round Fabrica
    RELEASE = "release"
    WAIVE = "waive"
    EXPIRE = "expire"
    REVERSE = "reverse"  # undoes a transfer that was wrong
    CORRECT = "correct"  # stands in its place


class ReservationState(StrEnum):
    """Where a reservation is: it is resolved once, by a release or a waiver; a release can still be waived."""

    OPEN = "open"
    RELEASED = "released"
    WAIVED = "waived"


class CorrectionState(StrEnum):
    """Where a correction is: proposed by one operator, then approved or refused, once."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"


class NativeAmount(Request):
    """An amount in a site's own unit, with the exact rate that turns it into device-milliseconds.

    LUMI bills a module of two dies: `unit="module-hours"`, and with a die as the device the rate is 7,200,000 / 1.
    """

    amount: int = Field(ge=0, description="whole native units; cumulative where the amount is cumulative")
    unit: str = Field(min_length=1, max_length=40)
    resource_class: str
    rate_numerator: int = Field(ge=1, le=2**53 - 1, description="device-milliseconds …")
    rate_denominator: int = Field(default=1, ge=1, le=2**53 - 1, description="… for so many native units")


class Balance(Body):
    """One allocation's accounts in device-milliseconds: granted = available + reserved + consumed + expired."""

    allocation: AllocationId
    project: ProjectId
    resource_class: str
    granted_milliseconds: int
    available_milliseconds: int
    reserved_milliseconds: int
    consumed_milliseconds: int
    expired_milliseconds: int
    starts_at: Instant
    ends_at: Instant


class Reservation(Body):
    """What is held for one attempt. `used` is what the site reports; what exceeds the amount is never charged."""

    id: ReservationId
    allocation: AllocationId
    attempt: AttemptId
    run: RunId
    site: SiteId
    resource_class: str
    state: ReservationState
    amount_milliseconds: int
    charged_milliseconds: int
    used_milliseconds: int
    overrun_milliseconds: int


class Entry(Body):
    """One signed movement on one account."""

    account: AccountKind
    milliseconds: int


class Transfer(Body):
    """One posted transfer. Its SHA-256 seals all its other fields, the transfer before it by `previous_sha256`."""

    id: TransferId
    allocation: AllocationId
    number: int = Field(ge=1, description="place in the allocation's chain")
    kind: TransferKind
    key: str
    resource_class: str
    entries: tuple[Entry, ...]
    attempt: AttemptId | None = None
    run: RunId | None = None
    site: SiteId | None = None
    corrects: TransferId | None = None
    native_amount: int | None = None
    native_unit: str | None = None
    rate_numerator: int | None = None
    rate_denominator: int | None = None
    reason: str
    actor: str
    approver: str | None = None
    at: Instant
    previous_sha256: str
    sha256: str = ""

    def computed_sha256(self) -> str:
        """Return the SHA-256 of the sealed fields as canonical JSON."""
        sealed = self.model_dump(mode="json", include=_SEALED)
        return hashlib.sha256(json.dumps(sealed, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# Written out, so that a field added later does not change the hash of transfers posted before.
_SEALED = {
    *("id", "allocation", "number", "kind", "key", "resource_class", "entries", "attempt", "run", "site", "corrects"),
    *("native_amount", "native_unit", "rate_numerator", "rate_denominator"),
    *("reason", "actor", "approver", "at", "previous_sha256"),
}


class StatementRow(Body):
    """One transfer in plain words, with what was available and reserved after it."""

    transfer: Transfer
    words: str
    milliseconds: int = Field(description="how much the transfer moved; never negative")
    available_after_milliseconds: int
    reserved_after_milliseconds: int


class Statement(Body):
    """A page of a project's transfers, newest first."""

    project: ProjectId
    balances: tuple[Balance, ...]
    rows: tuple[StatementRow, ...]
    next_cursor: str | None = None


class OutsideStart(Request):
    """One start of a job that went round Fabrica, as the site's accounting tells it: cumulative while it runs."""

    cluster: str = Field(min_length=1, max_length=80)
    job: str = Field(pattern=r"^[0-9]+(_[0-9]+|\+[0-9]+)?$", max_length=40, description="with the index in its array")
    started_at: Instant
    ended_at: Instant | None = Field(default=None, description="null: it runs")
    resource_class: str = Field(max_length=40)
    devices: int = Field(ge=0, le=2**31 - 1, description="allocated, not asked")
    device_milliseconds: int = Field(ge=0, le=2**53 - 1)
    partition: str = Field(default="", max_length=100)
    slurm_account: str = Field(default="", max_length=100)
    site_user: str = Field(default="", max_length=100, description="the account of the site it ran as")


class OutsideUse(Body):
    """One start of a job that went round Fabrica. `beyond`: what no allocation had free, and so is not charged."""

    id: OutsideUseId
    site: SiteId
    project: ProjectId
    cluster: str
    job: str
    started_at: Instant
    ended_at: Instant | None
    resource_class: str
    devices: int
    partition: str
    slurm_account: str
    site_user: str
    used_milliseconds: int
    charged_milliseconds: int
    beyond_milliseconds: int


class NewCorrection(Request):
    """What an operator proposes in the place of a wrong grant or charge. Nothing is posted before it is approved."""

    transfer: TransferId
    right_milliseconds: int = Field(ge=0, le=2**53 - 1, description="device-milliseconds that would be right")
    reason: str = Field(min_length=1, max_length=500)


class CorrectionDecision(Request):
    """Why an operator approves or refuses; a refusal needs words."""

    words: str = Field(default="", max_length=500)


class Correction(Body):
    """A correction of one transfer: who proposed it, who decided, what came of it."""

    id: CorrectionId
    transfer: TransferId
    allocation: AllocationId
    project: ProjectId
    resource_class: str
    wrong_milliseconds: int
    right_milliseconds: int
    reason: str
    state: CorrectionState
    proposed_by: str
    proposed_at: Instant
    decided_by: str | None
    decided_at: Instant | None
    decision_words: str
    alone: bool = Field(description="its proposer approved it, because the network had no other operator")
    posted: TransferId | None = Field(description="the last transfer it posted")


def broken_links(transfers: Iterable[Transfer]) -> list[str]:
    """Return in words what is wrong with the seals of exported transfers; an empty list: nothing.

    Transfers come in any order; a neighbour missing at the edge of a page is no fault.
    """
    found: list[str] = []
    by_place = {(transfer.allocation, transfer.number): transfer for transfer in transfers}
    for (allocation, number), transfer in sorted(by_place.items()):
        if transfer.computed_sha256() != transfer.sha256:
            found.append(f"transfer {transfer.id} does not match its own seal")
        before = by_place.get((allocation, number - 1))
        if transfer.previous_sha256 != (before.sha256 if before else transfer.previous_sha256):
            found.append(f"transfer {transfer.id} does not follow transfer {number - 1} of {allocation}")
        if sum(entry.milliseconds for entry in transfer.entries) != 0:
            found.append(f"the entries of transfer {transfer.id} do not sum to zero")
    return found


class AmountRefused(FabricaError):
    code = "ledger.amount_refused"
    status = 422
    title = "This amount cannot be posted"


class ReasonRefused(FabricaError):
    code = "ledger.reason_refused"
    status = 422
    title = "A transfer needs a reason that people can read"


class InsufficientBalance(FabricaError):
    code = "ledger.insufficient_balance"
    status = 409
    title = "The allocation has less left than was asked"


class UnitMismatch(FabricaError):
    code = "ledger.unit_mismatch"
    status = 409
    title = "The account counts another resource class"


class AllocationUnknown(FabricaError):
    code = "ledger.allocation_unknown"
    status = 404
    title = "Nothing was granted to this allocation"


class AllocationGranted(FabricaError):
    code = "ledger.allocation_granted"
    status = 409
    title = "The allocation was granted with other terms"


class AllocationNotStarted(FabricaError):
    code = "ledger.allocation_not_started"
    status = 409
    title = "The allocation has not started"


class AllocationEnded(FabricaError):
    code = "ledger.allocation_ended"
    status = 409
    title = "The allocation has ended"


class AllocationNotEnded(FabricaError):
    code = "ledger.allocation_not_ended"
    status = 409
    title = "The allocation has not ended"


class ReservationUnknown(FabricaError):
    code = "ledger.reservation_unknown"
    status = 404
    title = "Nothing is reserved for this attempt"


class ReservationConflict(FabricaError):
    code = "ledger.reservation_conflict"
    status = 409
    title = "The attempt has a reservation with other terms"


class ReservationClosed(FabricaError):
    code = "ledger.reservation_closed"
    status = 409
    title = "The reservation is closed"


class ReservationOpen(FabricaError):
    code = "ledger.reservation_open"
    status = 409
    title = "The reservation is still open"


class OutsideUseConflict(FabricaError):
    code = "ledger.outside_use_conflict"
    status = 409
    title = "A job outside Fabrica was told in another way before"


class TransferUnknown(FabricaError):
    code = "ledger.transfer_unknown"
    status = 404
    title = "There is no such transfer"


class CorrectionRefused(FabricaError):
    code = "ledger.correction_refused"
    status = 409
    title = "This transfer cannot be corrected so"


class CorrectionUnknown(FabricaError):
    code = "ledger.correction_unknown"
    status = 404
    title = "There is no such correction"


class CorrectionDecided(FabricaError):
    code = "ledger.correction_decided"
    status = 409
    title = "The correction was decided before"


class SecondOperatorNeeded(FabricaError):
    code = "ledger.second_operator_needed"
    status = 409
    title = "A correction is approved by a second operator"
