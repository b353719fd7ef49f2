"""Documents of the AI Act on the wire: evidence, items with their state, views, issued versions, and problems."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.problems import FabricaError
from fabrica.wire.runs import Sha256, ShortText

Recipient = Literal["provider", "ai_office", "authority", "downstream", "deployer", "public"]
ItemState = Literal["automatic", "confirmed", "typed", "to_confirm", "to_type", "missing"]
HeldBy = Literal["record", "run", "register", "computed", "document", "person"]
Format = Literal["html", "json", "docx", "pdf"]
Text = str | bool | int | float | date

COMPLETE: frozenset[ItemState] = frozenset({"automatic", "confirmed", "typed"})


class Person(Request):
    """Who typed or confirmed."""

    name: ShortText
    function: ShortText


class TypedText(Request):
    """What a person typed into one item."""

    text: str = Field(min_length=1, max_length=20_000)
    by: Person | None = None
    day: date | None = None


class Consent(Request):
    """A person's word that proposed content is right, or that an item does not apply."""

    by: Person | None = None
    day: date | None = None
    reason: str | None = Field(default=None, max_length=2000)


class Origin(Request):
    """Where what a person enters as evidence stands written, and the day it tells of."""

    source: ShortText = Field(description="a contract, a report, a register, an address")
    on: date


class Answers(Request):
    """The file a person writes: who they are, facts by kind of evidence, texts by item, and what they confirm."""

    person: Person
    day: date
    evidence: dict[str, tuple[dict[str, Any], ...]] = Field(default_factory=dict)
    origins: dict[str, Origin] = Field(default_factory=dict, description="by kind of what is told under evidence")
    items: dict[str, TypedText] = Field(default_factory=dict)
    confirm: dict[str, Consent] = Field(default_factory=dict)
    not_applicable: dict[str, Consent] = Field(default_factory=dict)


class Evidence(Body):
    """What is known, of one kind and from one place, with the hash of that place."""

    id: str
    kind: str
    rows: tuple[dict[str, Any], ...]
    held_by: HeldBy
    source: str
    method: str
    at: Instant | date | None
    sha256: Sha256 | None


class RegisterEntry(Body):
    """Where a piece of evidence is held and how it was made. What it says stands only in the items that show it."""

    id: str
    kind: str
    held_by: HeldBy
    source: str
    method: str
    at: Instant | date | None
    sha256: Sha256 | None


class Block(Body):
    """Facts shown in an item: a heading, columns and rows; one row reads as a list of words and values."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class DocumentItem(Body):
    """One item: what it asks, its state, what is shown, on which evidence, and what is missing."""

    id: str
    asks: str
    fill: str = Field(description="what the law's data expects: auto, assisted or human")
    state: ItemState
    optional: bool
    blocks: tuple[Block, ...] = ()
    text: str | None = None
    said_by: str | None = Field(default=None, description="who typed or confirmed it, and when")
    evidence: tuple[str, ...] = Field(default=(), description="ids in the register of the document")
    lacks: tuple[str, ...] = ()
    remark: str | None = None
    recipients_confidence: str | None = None

    @property
    def is_open(self) -> bool:
        """Say whether it keeps the document from being issued."""
        return self.state not in COMPLETE and not self.optional


class Section(Body):
    title: str
    level: int = 1
    items: tuple[DocumentItem, ...]


class FillRate(Body):
    """How many items of a document stand in which state. `part` of the missing ones show something already."""

    items: int
    automatic: int
    confirmed: int
    typed: int
    to_confirm: int
    to_type: int
    missing: int
    part: int
    automatic_share: float
    complete_share: float


class ItemChange(Body):
    """One item that differs between two versions."""

    item: str
    asks: str
    what: Literal["added", "removed", "changed"]
    before: str | None
    after: str | None


class Document(Body):
    """A document for one recipient: what it shows, its evidence, and how far it is filled."""

    template: str
    title: str
    short_title: str
    article: str
    subject: str
    recipient: Recipient
    recipient_basis: str
    status: Literal["draft", "final"]
    version: int | None
    made_at: Instant
    sections: tuple[Section, ...]
    evidence_register: tuple[RegisterEntry, ...]
    rate: FillRate
    withheld: int = Field(description="items that this recipient is not sent; they are not in this document at all")
    retention_years: int | None
    notices: tuple[str, ...]
    open_questions: tuple[str, ...]
    law: str
    checked_on: date
    signatory: str | None = None
    earlier_sha256: Sha256 | None = Field(default=None, description="hash of the manifest of the version before")
    changes: tuple[ItemChange, ...] = ()


class IssuedFile(Body):
    name: str
    bytes: int
    sha256: Sha256


class Manifest(Body):
    """What was issued: each file with its hash, chained to the version before. The signature is over its bytes."""

    format: Literal[1] = 1
    template: str
    recipient: Recipient
    subject: str
    version: int
    issued_at: Instant
    keep_until: date | None
    files: tuple[IssuedFile, ...]
    earlier_sha256: Sha256 | None
    public_key: str = Field(description="Ed25519, base64 of the 32 bytes")


class DocumentAnswersWrong(FabricaError):
    code = "aiact.document_answers_wrong"
    status = 422
    title = "The answers for the documents have a mistake"


class EvidenceContradicts(FabricaError):
    """Two pieces of evidence say different things of the same field."""

    code = "aiact.evidence_contradicts"
    status = 409
    title = "Two pieces of evidence contradict each other"


class TemplateUnknown(FabricaError):
    code = "aiact.template_unknown"
    status = 404
    title = "There is no such document"


class NotForRecipient(FabricaError):
    code = "aiact.not_for_recipient"
    status = 403
    title = "This document does not go to this recipient"


class DocumentOpen(FabricaError):
    """A document with open mandatory items cannot be issued as final."""

    code = "aiact.document_open"
    status = 409
    title = "The document is not complete"


class DocumentChanged(FabricaError):
    """An issued version differs from what was signed."""

    code = "aiact.document_changed"
    status = 409
    title = "An issued document is not as it was signed"


class SigningKeyWrong(FabricaError):
    code = "aiact.signing_key_wrong"
    status = 422
    title = "The signing key cannot be used"


class WriterMissing(FabricaError):
    """A package or system library that writes this format is not installed."""

    code = "aiact.writer_missing"
    status = 501
    title = "This format cannot be written here"
