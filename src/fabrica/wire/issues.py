"""Documents of a version on the wire: how far each is filled, what was issued, and who may read which view."""

from datetime import date

from pydantic import Field

from fabrica.values.ids import DocumentId, UserId, VersionId
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.documents import FillRate, Format, IssuedFile, Recipient
from fabrica.wire.problems import FabricaError
from fabrica.wire.runs import Sha256, ShortText
from fabrica.wire.systems import OrderState


class DocumentLine(Body):
    """How far a document of a version is filled today, with every open item of the provider's own file."""

    template: str
    title: str
    article: str
    recipients: tuple[Recipient, ...]
    rate: FillRate
    open_items: tuple[str, ...]
    issued: dict[Recipient, int] = Field(description="number of the newest issue for each recipient")


class NewIssue(Request):
    """What a person issues: a document for one recipient, in formats beside JSON."""

    template: str = Field(max_length=40)
    recipient: Recipient = "provider"
    formats: tuple[Format, ...] = ("html", "pdf", "docx", "json")
    function: ShortText = Field(description="what the person is who signs, such as Head of Models")


class Issue(Body):
    """An issued version of a document, or the order for one: `ordered`, `issued` or `failed`."""

    id: DocumentId
    version: VersionId
    template: str
    recipient: Recipient
    number: int
    state: OrderState
    words: str = Field(description="why it failed")
    issued_at: Instant | None
    keep_until: date | None = Field(description="ten years from its day, unless the law's data says otherwise")
    manifest_sha256: Sha256 | None
    earlier_sha256: Sha256 | None
    public_key: str | None = Field(description="Ed25519, base64 of the 32 bytes")
    files: tuple[IssuedFile, ...]


class SigningKey(Body):
    """What a server's documents are signed with."""

    public_key: str = Field(description="Ed25519, base64 of the 32 bytes")


class NewViewGrant(Request):
    """Who may read which view without being a member."""

    email: str = Field(min_length=3, max_length=254)
    recipient: Recipient


class ViewGrant(Body):
    user: UserId
    name: str
    recipient: Recipient
    granted_at: Instant


class IssueWaits(FabricaError):
    code = "aiact.issue_waits"
    status = 409
    title = "The document is being issued already"


class OwnFileKept(FabricaError):
    code = "aiact.own_file_kept"
    status = 409
    title = "The provider's own file is not shown to others"
