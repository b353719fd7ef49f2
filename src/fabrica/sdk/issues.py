"""Documents of a version: drafts, issues with their files, and who else may read them."""

import secrets
import time
from pathlib import Path

from fabrica.sdk.client import Client
from fabrica.sdk.typed import typed
from fabrica.values.ids import DocumentId, VersionId
from fabrica.wire.documents import Document, ItemChange, Recipient
from fabrica.wire.issues import DocumentLine, Issue, NewIssue, NewViewGrant, SigningKey, ViewGrant
from fabrica.wire.problems import NotFound, PathRefused
from fabrica.wire.systems import OrderState

_LOOK_AGAIN_SECONDS = 0.5
_LOOKS_MAX = 240


def documents(client: Client, version: VersionId) -> tuple[DocumentLine, ...]:
    """Return how far each document is filled for a version."""
    return client.get_list(f"/versions/{version}/documents", DocumentLine)


def document(client: Client, version: VersionId, template: str, recipient: Recipient = "provider") -> Document:
    """Return a draft for one recipient, filled from everything the server holds."""
    return client.get(f"/versions/{version}/documents/{template}", Document, recipient=recipient)


def issue(client: Client, version: VersionId, new: NewIssue) -> Issue:
    """Issue a complete document and return it once it is signed, or could not be written; after two minutes as it is.

    Raises:
        DocumentOpen, ComputeUnexplained, IssueWaits: it cannot be issued now.
    """
    key = secrets.token_hex(16)
    found = Issue.model_validate(client.post(f"/versions/{version}/issues", new, idempotency_key=key))
    for _ in range(_LOOKS_MAX):
        if found.state is not OrderState.ORDERED:
            break
        time.sleep(_LOOK_AGAIN_SECONDS)
        found = client.get(f"/documents/{found.id}", Issue)
    return found


def issues(client: Client, version: VersionId) -> tuple[Issue, ...]:
    """Return what was issued of a version and the caller may read, newest first."""
    return client.get_list(f"/versions/{version}/issues", Issue)


def fetch(client: Client, document: DocumentId, folder: Path) -> Path:
    """Download an issue with its manifest and signature into a folder of its own, and return that folder.

    Raises:
        NotFound: it is not issued yet.
        PathRefused: a file's name leads outside the folder.
    """
    found = client.get(f"/documents/{document}", Issue)
    place = folder / found.template / found.recipient / f"version-{found.number:04d}"
    place.mkdir(parents=True, exist_ok=True)
    for one in found.files:
        if Path(one.name).name != one.name:
            raise PathRefused(f"The document names a file outside its folder: {one.name!r}.", remedy="Tell the office.")
        client.get_file(f"/documents/{document}/files/{one.name}", place / one.name, one.sha256)
    if found.manifest_sha256 is None:
        raise NotFound(f"{document} is {found.state}, so there is nothing to download yet.", remedy=found.words)
    manifest = place / "manifest.json"
    client.get_file(f"/documents/{document}/files/manifest.json", manifest, found.manifest_sha256)
    (place / "manifest.sig").write_bytes(client.get_bytes(f"/documents/{document}/files/manifest.sig"))
    return place


def signing_key(client: Client) -> str:
    """Return the public half of the key that signs the server's documents, base64."""
    return client.get("/signing-key", SigningKey).public_key


def changes(client: Client, before: DocumentId, after: DocumentId) -> tuple[ItemChange, ...]:
    """Return what two issues say differently."""
    return client.get_list(f"/documents/{after}/changes", ItemChange, before=before)


def views(client: Client, version: VersionId) -> tuple[ViewGrant, ...]:
    """Return who, without being a member, may read which view."""
    return client.get_list(f"/versions/{version}/views", ViewGrant)


def show_view(client: Client, version: VersionId, email: str, recipient: Recipient) -> tuple[ViewGrant, ...]:
    """Show somebody outside what is issued for one recipient; return everybody who is shown something."""
    told = typed(NewViewGrant, email=email, recipient=recipient)
    return tuple(ViewGrant.model_validate(one) for one in client.post(f"/versions/{version}/views", told))


def hide_view(client: Client, version: VersionId, grant: ViewGrant) -> None:
    """Take a view away again."""
    client.delete(f"/versions/{version}/views/{grant.user}/{grant.recipient}")
