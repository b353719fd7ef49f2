"""The verbs of issued documents: order, keep, give up; and who else may read them."""

import functools
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse

from fabrica.aiact.compute import require_explanation
from fabrica.aiact.documents.issue import as_next, key_of, public_half, signed
from fabrica.server.aiact import document_queries, facts, issue_queries, permissions, rules
from fabrica.server.aiact.models import IssuedDocument, IssueOrder, Version, ViewGrant
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.hints import hint
from fabrica.server.core.verbs import verb
from fabrica.server.people import queries as people
from fabrica.values.ids import DocumentId, UserId, VersionId
from fabrica.wire.documents import Document, Recipient
from fabrica.wire.issues import IssueWaits, NewIssue
from fabrica.wire.problems import NotFound
from fabrica.wire.signatures import derived_private_key
from fabrica.wire.systems import OrderState

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@verb(may=permissions.answers_for)
def order_issue(by: Actor, *, version: VersionId, told: NewIssue) -> DocumentId:
    """Fix a complete document as it is now, to be written, signed and kept; its files follow within seconds.

    Raises:
        TemplateUnknown, NotForRecipient: there is no such document, or not for this recipient.
        DocumentOpen: a mandatory item is open; all are named, each with what closes it.
        ComputeUnexplained: two figures of compute differ and nobody says why.
        IssueWaits: the same document is being issued.
    """
    assert by.user is not None
    row = Version.objects.select_for_update(of=("self",)).select_related("system__provider").get(pk=version)
    waiting = IssueOrder.objects.filter(
        version=row, template=told.template, recipient=told.recipient, state=OrderState.ORDERED
    )
    if waiting.exists():
        raise IssueWaits(f"{told.template} for {told.recipient} is being issued.", remedy="Look again in a moment.")
    basis = document_queries.held(by, row)
    before = issue_queries.earlier(version, told.template, told.recipient)
    number = before.version + 1 if before else 1
    draft = document_queries.filled(basis, told.template, told.recipient, number=number)
    final = as_next(draft, before, where=_where(version, told.template))
    final = final.model_copy(update={"signatory": f"{by.name}, {told.function}"})
    require_explanation(basis.compute)
    order = IssueOrder.objects.create(
        version=row,
        template=told.template,
        recipient=told.recipient,
        number=number,
        formats=list(told.formats),
        document=final.model_dump(mode="json"),
        state=OrderState.ORDERED,
        ordered_by=by.user,
        ordered_at=clock.now(),
    )
    hint("aiact")
    return order.pk


def _where(version: VersionId, template: str) -> str:
    address = f"{settings.PUBLIC_URL}{reverse('aiact:document', args=[version, template])}"
    return f"Answer them at {address}, or with 'fabrica systems answer VERSION --answers FILE'."


@verb(may=permissions.the_service)
def keep_issue(by: Actor, *, document: DocumentId, files: Mapping[str, bytes]) -> None:
    """Sign and keep the written files of an order; they lie in storage already. Doing it twice keeps it once."""
    order = IssueOrder.objects.select_for_update().get(pk=document)
    if order.state != OrderState.ORDERED:
        return
    final = Document.model_validate(order.document)
    sealed = signed(final, files, _key())
    digest = hashlib.sha256(sealed.content).hexdigest()
    IssuedDocument.objects.create(
        id=order.pk,
        version_id=order.version_id,
        template=order.template,
        recipient=order.recipient,
        number=order.number,
        manifest=sealed.content.decode(),
        manifest_sha256=digest,
        signature=sealed.signature,
        earlier_sha256=final.earlier_sha256,
        document=order.document,
        issued_by=order.ordered_by,
        issued_at=final.made_at,
        keep_until=sealed.manifest.keep_until,
    )
    _move(order, OrderState.ISSUED)
    announce(
        facts.DocumentIssued(
            version=order.version_id,
            document=order.pk,
            template=order.template,
            recipient=order.recipient,
            number=order.number,
            manifest_sha256=digest,
        )
    )


@verb(may=permissions.the_service)
def give_up_issue(by: Actor, *, document: DocumentId, words: str) -> None:
    """Say why the files of an order cannot be written; it can be ordered again."""
    order = IssueOrder.objects.select_for_update().get(pk=document)
    if order.state == OrderState.ORDERED:
        _move(order, OrderState.FAILED, words)


def _move(order: IssueOrder, state: OrderState, words: str = "") -> None:
    order.state, order.words = state, words
    order.save(update_fields=["state", "words"])


@functools.cache
def _key() -> "Ed25519PrivateKey":
    """Return the key that signs documents; every process of a server has the same."""
    return key_of(derived_private_key(settings.SIGNING_KEY, "fabrica: documents of the AI Act").encode(), "the server")


def public_key() -> str:
    """Return the public half of the key that signs documents, base64 of its 32 bytes."""
    return public_half(_key())


@verb(may=permissions.answers_for)
def show_view(by: Actor, *, version: VersionId, email: str, recipient: Recipient) -> UserId:
    """Let a person who is no member read what is issued of a version for one kind of recipient.

    Raises:
        NotFound: nobody has this address.
        OwnFileKept: the recipient is the provider, whose file is for members alone.
    """
    assert by.user is not None
    rules.check_shown(recipient)
    user = people.user_with(email)
    if user is None:
        raise NotFound("Nobody here has this address.", remedy="Ask the network's office to add them.")
    ViewGrant.objects.get_or_create(
        version_id=version,
        user_id=user,
        recipient=recipient,
        defaults={"granted_by": by.user, "granted_at": clock.now()},
    )
    announce(facts.ViewGranted(version=version, user=user, recipient=recipient, granted=True))
    return user


@verb(may=permissions.answers_for)
def hide_view(by: Actor, *, version: VersionId, user: UserId, recipient: Recipient) -> None:
    """Take a view away again; what was downloaded stays with them.

    Raises:
        NotFound: it was not shown to them.
    """
    gone, _ = ViewGrant.objects.filter(version_id=version, user_id=user, recipient=recipient).delete()
    if not gone:
        raise NotFound(f"{user} was not shown what goes to {recipient}.")
    announce(facts.ViewGranted(version=version, user=user, recipient=recipient, granted=False))
