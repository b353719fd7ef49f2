"""Independent evaluators on the wire: an invitation to one version, what they may see, and their signed reports."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from fabrica.values.ids import DocumentId, EvaluatorId, ReportId, VersionId
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.problems import FabricaError
from fabrica.wire.runs import Sha256, ShortText

CODE_DAYS = 14
CODE_DAYS_MAX = 60
ACCESS_DAYS = 90
ACCESS_DAYS_MAX = 366
REPORT_BYTES_MAX = 100 * 2**20
"""The largest report: some thousand pages with pictures."""
PASS_SECONDS = 300
"""How long what an evaluator signs to be let in works at most."""
_SIGNED_LENGTH_MAX = 4000
_FILE_NAME = r"^[^/\\\x00-\x1f]*[^/\\.\x00-\x1f][^/\\\x00-\x1f]*$"  # a name, and no way to a folder


class EvaluatorState(StrEnum):
    """Where an evaluator is. How long access lasts is a date beside it."""

    INVITED = "invited"  # a code is drawn and not used
    ACCEPTED = "accepted"  # the key of the evaluator is registered
    WITHDRAWN = "withdrawn"  # sees nothing any more; reports stay


class NewEvaluator(Request):
    """Whom a project's lead invites to one version, and what they may read beside its facts."""

    name: ShortText = Field(description="the body or person that evaluates")
    independence: Annotated[str, Field(min_length=1, max_length=2000)] = Field(
        description="why they are independent: who pays, and what they have to do with the provider"
    )
    contract: ShortText | None = Field(default=None, description="the contract or mandate; null: none is named")
    documents: tuple[DocumentId, ...] = Field(default=(), max_length=100, description="issued documents of the version")
    code_days: int = Field(default=CODE_DAYS, ge=1, le=CODE_DAYS_MAX, description="how long the code works")
    access_days: int = Field(
        default=ACCESS_DAYS, ge=1, le=ACCESS_DAYS_MAX, description="how long they may see and report"
    )


class EvaluatorInvitation(Body):
    """What a project's lead hands to the evaluator. The code is shown once and works once."""

    evaluator: EvaluatorId
    version: VersionId
    name: str
    code: str
    expires_at: Instant
    access_ends_at: Instant


class EvaluatorAcceptance(Request):
    """The evaluator's side: the code, the public half of a key pair of their own, and a proof of the other half."""

    code: str = Field(min_length=1, max_length=100)
    public_key: str = Field(max_length=100)
    proof: str = Field(max_length=_SIGNED_LENGTH_MAX, description="the public key as `nonce`, signed")
    signatory: ShortText = Field(description="the person who answers for the evaluation")


class AcceptedEvaluator(Body):
    """Who the evaluator is here from now on. `audience` stands in what they sign to be let in."""

    evaluator: EvaluatorId
    version: VersionId
    name: str
    signatory: str
    audience: str
    access_ends_at: Instant
    server_time: Instant


class Evaluator(Body):
    """An evaluator as the project sees them. `key`: thumbprint of their public key; compare it with them."""

    id: EvaluatorId
    version: VersionId
    name: str
    independence: str
    contract: str | None
    state: EvaluatorState
    signatory: str | None
    key: str | None
    documents: tuple[DocumentId, ...]
    invited_at: Instant
    code_expires_at: Instant
    accepted_at: Instant | None
    access_ends_at: Instant
    withdrawn_because: str
    reports: tuple["Report", ...] = ()


class EvaluatorWithdrawal(Request):
    """Why an evaluator sees nothing any more."""

    reason: str = Field(min_length=1, max_length=500)


class PermittedFile(Body):
    name: str
    bytes: int
    sha256: Sha256


class PermittedDocument(Body):
    """An issued document that the evaluator may read."""

    id: DocumentId
    template: str
    number: int
    issued_at: Instant
    files: tuple[PermittedFile, ...]


class ArtifactHash(Body):
    """A file that a run of the version left: its name and hash, never its content."""

    run: str
    purpose: str
    path: str
    bytes: int
    sha256: Sha256


class DatasetHash(Body):
    name: str
    sha256: Sha256
    licence: str | None


class EvaluatorView(Body):
    """What an evaluator sees of the one version: what it is, permitted documents, and hashes to compare with."""

    evaluator: EvaluatorId
    version: VersionId
    system_name: str
    kind: Literal["system", "model"]
    label: str
    state: str
    purpose: str
    provider: str
    changes: str
    market_on: date | None
    access_ends_at: Instant
    documents: tuple[PermittedDocument, ...]
    artifacts: tuple[ArtifactHash, ...]
    datasets: tuple[DatasetHash, ...]
    reports: tuple["Report", ...]


class ReportClaims(Request):
    """What an evaluator signs of a report, as the claims of a JSON web signature of the type `fabrica-report+jwt`."""

    iss: EvaluatorId
    sub: VersionId
    file: Annotated[str, Field(min_length=1, max_length=200, pattern=_FILE_NAME)]
    title: ShortText
    sha256: Sha256 = Field(description="of the report")
    bytes: int = Field(ge=1, le=REPORT_BYTES_MAX)
    iat: int = Field(ge=0, lt=2**40, description="when it was signed, seconds since 1970")


class Report(Body):
    """A signed report as it was received; it never changes."""

    id: ReportId
    evaluator: EvaluatorId
    evaluator_name: str
    version: VersionId
    title: str
    file: str
    bytes: int
    sha256: Sha256
    signatory: str
    signed_at: Instant
    received_at: Instant
    public_key: str
    signature: str = Field(description="JSON web signature over the hash of the report, the version and the evaluator")


class ReportCheck(Body):
    """What a new check of a kept report found: its bytes hashed again, its signature checked again."""

    report: ReportId
    sound: bool
    words: str
    checked_at: Instant


class EvaluatorCodeRefused(FabricaError):
    code = "aiact.evaluator_code_refused"
    status = 403
    title = "The code does not work"


class EvaluatorRefused(FabricaError):
    """What an evaluator sent to be let in does not hold, or their access ended."""

    code = "aiact.evaluator_refused"
    status = 401
    title = "You are not let in as an evaluator"


class EvaluatorStateWrong(FabricaError):
    code = "aiact.evaluator_state_wrong"
    status = 409
    title = "The evaluator is in a state that does not allow this"


class ReportRefused(FabricaError):
    """The signature does not hold, or it is of another report, version or evaluator."""

    code = "aiact.report_refused"
    status = 422
    title = "The report is not accepted"


class DocumentNotPermitted(FabricaError):
    code = "aiact.document_not_permitted"
    status = 422
    title = "This document cannot be shown to an evaluator"
