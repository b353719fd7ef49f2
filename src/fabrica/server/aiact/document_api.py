"""REST endpoints of documents: how far each is filled, issues, their files, and who else may read them."""

from django.http import HttpResponse
from ninja import Router

from fabrica.server.aiact import document_queries, issue_queries, issue_service, queries
from fabrica.server.core import idempotency
from fabrica.server.core.requests import Asked
from fabrica.values.ids import DocumentId, UserId, VersionId
from fabrica.wire.documents import Document, ItemChange, Recipient
from fabrica.wire.issues import DocumentLine, Issue, NewIssue, NewViewGrant, SigningKey, ViewGrant

router = Router(tags=["documents"])


@router.get("/versions/{version}/documents", response=list[DocumentLine])
def documents(request: Asked, version: VersionId) -> list[DocumentLine]:
    """How far each document of the Act is filled for a version, and what is open."""
    return list(document_queries.documents(request.auth, version))


@router.get("/versions/{version}/documents/{template}", response=Document)
def document(request: Asked, version: VersionId, template: str, recipient: Recipient = "provider") -> Document:
    """A draft for one recipient, filled from everything the server holds."""
    return document_queries.document(request.auth, version, template, recipient)


@router.post("/versions/{version}/issues", response={202: Issue})
def order_issue(request: Asked, version: VersionId, body: NewIssue) -> Issue:
    """Issue a complete document: it is fixed now; written, signed and kept within seconds. Send an Idempotency-Key."""
    by = request.auth
    queries.version_row(by, version)
    order = idempotency.once(request, lambda: issue_service.order_issue(by, version=version, told=body))
    return issue_queries.issue(by, DocumentId(order))


@router.get("/versions/{version}/issues", response=list[Issue])
def issues(request: Asked, version: VersionId) -> list[Issue]:
    """What was issued of a version and you may read, newest first."""
    return list(issue_queries.issues(request.auth, version))


@router.get("/signing-key", response=SigningKey)
def signing_key(request: Asked) -> SigningKey:
    """The public half of the key that signs documents here: compare it with the one of a manifest."""
    return SigningKey(public_key=issue_service.public_key())


@router.get("/documents/{document}", response=Issue)
def issue(request: Asked, document: DocumentId) -> Issue:
    """One issue, with its files and hashes."""
    return issue_queries.issue(request.auth, document)


@router.get("/documents/{document}/files/{name}", response={200: None})
def file(request: Asked, document: DocumentId, name: str) -> HttpResponse:
    """One file of an issue; `manifest.json` and `manifest.sig` are among them."""
    sha256, content = issue_queries.file(request.auth, document, name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "ETag": f'"{sha256}"'}
    return HttpResponse(content, content_type="application/octet-stream", headers=headers)


@router.get("/documents/{document}/changes", response=list[ItemChange])
def changes(request: Asked, document: DocumentId, before: DocumentId) -> list[ItemChange]:
    """What two issues say differently, item by item."""
    return list(issue_queries.changes(request.auth, before, document))


@router.get("/versions/{version}/views", response=list[ViewGrant])
def view_grants(request: Asked, version: VersionId) -> list[ViewGrant]:
    """Who, without being a member, may read what is issued for which recipient."""
    return list(issue_queries.view_grants(request.auth, version))


@router.post("/versions/{version}/views", response={201: list[ViewGrant]})
def show_view(request: Asked, version: VersionId, body: NewViewGrant) -> list[ViewGrant]:
    """Show somebody outside what is issued for one recipient; the project's lead does."""
    queries.version_row(request.auth, version)
    issue_service.show_view(request.auth, version=version, email=body.email, recipient=body.recipient)
    return list(issue_queries.view_grants(request.auth, version))


@router.delete("/versions/{version}/views/{user}/{recipient}", response={204: None})
def hide_view(request: Asked, version: VersionId, user: UserId, recipient: Recipient) -> None:
    """Take a view away again."""
    queries.version_row(request.auth, version)
    issue_service.hide_view(request.auth, version=version, user=user, recipient=recipient)
