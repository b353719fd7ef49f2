"""Documents of a version, filled from everything the server holds of it."""

from collections.abc import Collection
from typing import NamedTuple, cast

from fabrica.aiact import library
from fabrica.aiact.documents.evidence import Gathered, gather
from fabrica.aiact.documents.fill import fill
from fabrica.aiact.documents.layout import layouts
from fabrica.aiact.documents.shape import open_items
from fabrica.server.aiact import account_queries, evaluation_queries, evaluator_queries, evidence_queries, queries
from fabrica.server.aiact.models import IssuedDocument, Version
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.values.ids import VersionId
from fabrica.wire.accounts import ComputeAccount
from fabrica.wire.documents import Answers, Consent, Document, Person, Recipient, TypedText
from fabrica.wire.issues import DocumentLine
from fabrica.wire.systems import Told


class Held(NamedTuple):
    """What the documents of a version are filled from: evidence, and what people said of items."""

    gathered: Gathered
    answers: Answers | None
    compute: ComputeAccount


def held(by: Actor, row: Version) -> Held:
    """Return everything that the server holds of a version that the actor sees.

    Raises:
        SameComputeTwice: what was entered of compute counts something twice.
        EvidenceContradicts: two pieces of evidence say different things of one field.
    """
    found = account_queries.accounts(by, row)
    gathered = gather(found.own.records.runs, found.compute, found.energy, found.sources)
    entered = queries.standing(row.pk, "evidence")
    measured = (*evaluation_queries.evidence(row.pk), *evaluator_queries.evidence(row.pk))
    known = (*gathered.evidence, *measured, *evidence_queries.entered(entered))
    unread = (f"The record of {run} is not read: {why}." for run, why in found.own.records.unread.items())
    gathered = gathered._replace(
        evidence=(*known, *evidence_queries.held_here(row, known)),
        notices=(*gathered.notices, *unread, *evidence_queries.named_otherwise(row, known)),
    )
    return Held(gathered, _answers(gathered, queries.standing(row.pk, "item"), entered), found.compute)


def _answers(gathered: Gathered, items: Collection[Told], entered: Collection[Told]) -> Answers | None:
    """Return what people said of items, each with who and when. A consent to other evidence than is there is left out.

    Whoever spoke last is named where only evidence was typed; the register of evidence names who entered each.
    """
    spoke = [one for one in (*items, *entered) if one.body]
    if not spoke:
        return None
    last = max(spoke, key=lambda one: one.said_at)
    consents = {one.key: tuple(one.body["confirms"]) for one in items if "confirms" in one.body}
    shown = evidence_shown(gathered, consents)
    return Answers(
        person=_person(last),
        day=last.said_at.date(),
        items={
            one.key: TypedText(text=one.body["text"], by=_person(one), day=one.said_at.date())
            for one in items
            if "text" in one.body
        },
        confirm={
            one.key: Consent(by=_person(one), day=one.said_at.date())
            for one in items
            if one.key in consents and shown.get(one.key) == consents[one.key]
        },
        not_applicable={
            one.key: Consent(by=_person(one), day=one.said_at.date(), reason=one.body["not_applicable"])
            for one in items
            if "not_applicable" in one.body
        },
    )


def _person(one: Told) -> Person:
    return Person(name=one.said_by[:200] or "unknown", function=one.function or "unknown")


def evidence_shown(gathered: Gathered, items: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the ids of the evidence that each of these items shows."""
    wanted = set(items)
    found: dict[str, tuple[str, ...]] = {}
    for name, template in library.document_templates().items():
        if any(item.id in wanted for item in template.items):
            drafted = fill(name, gathered, None, now=clock.now())
            found |= {
                item.id: item.evidence for section in drafted.sections for item in section.items if item.id in wanted
            }
    return found


def document(by: Actor, version: VersionId, template: str, recipient: Recipient = "provider") -> Document:
    """Return a draft for one recipient, filled as far as the server's evidence and people's words go.

    Raises:
        NotFound: no such version, or the actor may not see it.
        TemplateUnknown: there is no such document.
        NotForRecipient: the document does not go to this recipient.
        EvidenceContradicts: two pieces of evidence say different things of one field.
    """
    return filled(held(by, queries.version_row(by, version)), template, recipient)


def filled(basis: Held, template: str, recipient: Recipient, *, number: int | None = None) -> Document:
    """Return a draft from what is held, or what is to become the issue of a number; raises as `document` does."""
    return fill(template, basis.gathered, basis.answers, now=clock.now(), recipient=recipient, version=number)


def documents(by: Actor, version: VersionId) -> tuple[DocumentLine, ...]:
    """Return how far each document of the Act is filled for a version, and what was issued.

    Raises:
        NotFound: no such version, or the actor may not see it.
        EvidenceContradicts: two pieces of evidence say different things of one field.
    """
    row = queries.version_row(by, version)
    basis = held(by, row)
    issued: dict[str, dict[Recipient, int]] = {}
    for one in IssuedDocument.objects.filter(version=row).order_by("number"):
        issued.setdefault(one.template, {})[cast(Recipient, one.recipient)] = one.number
    return tuple(_line(filled(basis, name, "provider"), issued.get(name, {})) for name in library.document_templates())


def _line(draft: Document, issued: dict[Recipient, int]) -> DocumentLine:
    return DocumentLine(
        template=draft.template,
        title=draft.title,
        article=draft.article,
        recipients=tuple(layouts()[draft.template].recipients),
        rate=draft.rate,
        open_items=tuple(item.id for item in open_items(draft)),
        issued=issued,
    )
