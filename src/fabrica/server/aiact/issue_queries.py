"""Reads of issued documents: for members, and for those who were shown the view of one recipient."""

import hashlib
from collections.abc import Iterator

from django.db.models import Q, QuerySet

from fabrica.aiact.documents.issue import COPIED, MANIFEST, SIGNATURE, Earlier, as_evidence, difference
from fabrica.server.aiact import queries
from fabrica.server.aiact.models import IssuedDocument, IssueOrder, ViewGrant
from fabrica.server.core.actors import Actor
from fabrica.server.core.storage import open_storage
from fabrica.server.people import queries as people
from fabrica.values.ids import DocumentId, VersionId
from fabrica.wire import issues as wire
from fabrica.wire.documents import Document, Evidence, ItemChange, Manifest, Recipient
from fabrica.wire.problems import NotFound
from fabrica.wire.systems import OrderState

_REMEDY = "List those of a version with 'fabrica systems documents VERSION'."


def issued_evidence(version: VersionId) -> Iterator[Evidence]:
    """Yield the newest issue of each document as evidence for documents that hold a copy of it."""
    rows = IssuedDocument.objects.filter(version_id=version, recipient__in=COPIED).order_by("number")
    newest = {(row.template, row.recipient): row for row in rows}
    for template in dict.fromkeys(template for template, _ in newest):
        row = next(newest[template, recipient] for recipient in COPIED if (template, recipient) in newest)
        yield as_evidence(Manifest.model_validate_json(row.manifest), row.manifest_sha256)


def earlier(version: VersionId, template: str, recipient: Recipient) -> Earlier | None:
    """Return the issue that the next one follows; None: there is none."""
    row = IssuedDocument.objects.filter(version_id=version, template=template, recipient=recipient)
    last = row.order_by("-number").first()
    return Earlier(last.number, last.manifest_sha256, Document.model_validate(last.document)) if last else None


def issues(by: Actor, version: VersionId) -> tuple[wire.Issue, ...]:
    """Return what was issued of a version and the actor may read, newest first; orders that wait or failed as well.

    Raises:
        NotFound: the actor may see neither the version nor a view of it.
    """
    rows = list(_readable(by).filter(version_id=version).order_by("-pk"))
    if not rows:
        queries.version_row(by, version)
    waiting = IssueOrder.objects.filter(version_id=version).exclude(state=OrderState.ISSUED).order_by("-pk")
    row = next(iter(waiting), None)
    member = row is not None and people.sees(by, row.version.system.project_id)
    return (*(_order(one) for one in waiting if member), *(_issued(one) for one in rows))


def issue(by: Actor, document: DocumentId) -> wire.Issue:
    """Return one issue, or an order for one.

    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    order = IssueOrder.objects.select_related("version__system").filter(pk=document).first()
    if order is not None and order.state != OrderState.ISSUED and people.sees(by, order.version.system.project_id):
        return _order(order)
    return _issued(_row(by, document))


def content(by: Actor, document: DocumentId) -> Document:
    """Return what an issued document says; raises as `issue` does."""
    return Document.model_validate(_row(by, document).document)


def file(by: Actor, document: DocumentId, name: str) -> tuple[str, bytes]:
    """Return a file of an issue with its SHA-256, its manifest and signature among them.

    Raises:
        NotFound: there is no such issue or file, or the actor may not see it.
    """
    row = _row(by, document)
    signed = {MANIFEST: row.manifest.encode(), SIGNATURE: f"{row.signature}\n".encode()}
    if name in signed:
        return hashlib.sha256(signed[name]).hexdigest(), signed[name]
    listed = {one.name: one.sha256 for one in Manifest.model_validate_json(row.manifest).files}
    if name not in listed:
        raise NotFound(f"The document has no file {name!r:.80}.", remedy=f"It has: {', '.join((*listed, *signed))}.")
    return listed[name], b"".join(open_storage().read(listed[name]))


def changes(by: Actor, before: DocumentId, after: DocumentId) -> tuple[ItemChange, ...]:
    """Return what two issues say differently, item by item; raises as `issue` does."""
    return difference(content(by, before), content(by, after))


def comparable(by: Actor, document: DocumentId) -> tuple[tuple[wire.Issue, str], ...]:
    """Return the other issues of the same document of any version of the system, each with its version's label.

    Newest first, and only what the actor may read; raises as `issue` does.
    """
    row = _row(by, document)
    rows = _readable(by).filter(version__system=row.version.system_id, template=row.template)
    return tuple((_issued(one), one.version.label) for one in rows.exclude(pk=document).order_by("-issued_at", "-pk"))


def view_grants(by: Actor, version: VersionId) -> tuple[wire.ViewGrant, ...]:
    """Return who, without being a member, may read which view of a version.

    Raises:
        NotFound: no such version, or the actor may not see it.
    """
    rows = list(ViewGrant.objects.filter(version=queries.version_row(by, version)).order_by("pk"))
    names = people.user_names({row.user_id for row in rows})
    return tuple(
        wire.ViewGrant(
            user=row.user_id, name=names.get(row.user_id, ""), recipient=row.recipient, granted_at=row.granted_at
        )
        for row in rows
    )


def _row(by: Actor, document: DocumentId) -> IssuedDocument:
    row = _readable(by).filter(pk=document).first()
    if row is None:
        raise NotFound(f"There is no issued document {document} that you may see.", remedy=_REMEDY)
    return row


def _readable(by: Actor) -> QuerySet[IssuedDocument]:
    """Return what the actor may read: all of their projects', and of others the views that were shown to them."""
    rows = IssuedDocument.objects.select_related("version__system")
    if by.sees_everything:
        return rows
    shown = Q(pk__in=[])
    for version, recipient in ViewGrant.objects.filter(user_id=by.user).values_list("version_id", "recipient"):
        shown |= Q(version_id=version, recipient=recipient)
    return rows.filter(shown | Q(version__system__project_id__in=[one.id for one in people.projects(by)]))


def _order(row: IssueOrder) -> wire.Issue:
    return wire.Issue(
        id=row.pk,
        version=row.version_id,
        template=row.template,
        recipient=row.recipient,
        number=row.number,
        state=OrderState(row.state),
        words=row.words,
        issued_at=None,
        keep_until=None,
        manifest_sha256=None,
        earlier_sha256=None,
        public_key=None,
        files=(),
    )


def _issued(row: IssuedDocument) -> wire.Issue:
    manifest = Manifest.model_validate_json(row.manifest)
    return wire.Issue(
        id=row.pk,
        version=row.version_id,
        template=row.template,
        recipient=row.recipient,
        number=row.number,
        state=OrderState.ISSUED,
        words="",
        issued_at=row.issued_at,
        keep_until=row.keep_until,
        manifest_sha256=row.manifest_sha256,
        earlier_sha256=row.earlier_sha256,
        public_key=manifest.public_key,
        files=manifest.files,
    )
