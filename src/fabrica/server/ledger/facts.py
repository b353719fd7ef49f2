"""What the ledger announces."""

from dataclasses import dataclass
from typing import ClassVar

from fabrica.server.core.facts import FactBody
from fabrica.values.ids import AllocationId, CorrectionId, OutsideUseId, ProjectId, RunId, SiteId, TransferId
from fabrica.wire.ledger import Reservation


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted(FactBody):
    kind: ClassVar[str] = "ledger.granted"
    subject_field: ClassVar[str] = "allocation"
    allocation: AllocationId
    project: ProjectId
    resource_class: str
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfAttempt(FactBody):
    """`milliseconds` is what moved now; the reservation is told as it stands after."""

    subject_field: ClassVar[str] = "run"
    run: RunId
    milliseconds: int
    reservation: Reservation


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved(_OfAttempt):
    kind: ClassVar[str] = "ledger.reserved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged(_OfAttempt):
    kind: ClassVar[str] = "ledger.charged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(_OfAttempt):
    kind: ClassVar[str] = "ledger.released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived(_OfAttempt):
    kind: ClassVar[str] = "ledger.waived"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired(FactBody):
    kind: ClassVar[str] = "ledger.expired"
    subject_field: ClassVar[str] = "allocation"
    allocation: AllocationId
    resource_class: str
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideCharged(FactBody):
    """A job that went round Fabrica was charged: `milliseconds` is what moved now."""

    kind: ClassVar[str] = "ledger.outside_charged"
    subject_field: ClassVar[str] = "allocation"
    allocation: AllocationId
    outside_use: OutsideUseId
    site: SiteId
    resource_class: str
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(FactBody):
    kind: ClassVar[str] = "ledger.corrected"
    subject_field: ClassVar[str] = "allocation"
    allocation: AllocationId
    transfer: TransferId
    resource_class: str
    milliseconds_before: int
    milliseconds: int
    approver: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionProposed(FactBody):
    kind: ClassVar[str] = "ledger.correction_proposed"
    subject_field: ClassVar[str] = "correction"
    correction: CorrectionId
    transfer: TransferId
    milliseconds: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionDecided(FactBody):
    """`alone`: its proposer approved it, because the network had no other operator."""

    kind: ClassVar[str] = "ledger.correction_decided"
    subject_field: ClassVar[str] = "correction"
    correction: CorrectionId
    state: str
    words: str
    alone: bool
