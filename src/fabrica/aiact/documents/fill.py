"""Fills a document: each item is answered by evidence, to be confirmed or typed by a person, or missing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from fabrica.aiact import library
from fabrica.aiact.documents.answers import said_by
from fabrica.aiact.documents.evidence import Gathered
from fabrica.aiact.documents.held import Held, lack_words
from fabrica.aiact.documents.layout import (
    COMPUTE_AND_ENERGY,
    KEPT_FROM,
    SOURCE_CLASSES,
    ItemLayout,
    Need,
    item_layout,
    kinds,
    layouts,
)
from fabrica.aiact.documents.notes import law_notes, open_questions
from fabrica.aiact.documents.showing import WAYS, Shown
from fabrica.aiact.documents.text import clean, show_value
from fabrica.aiact.in_words import cited_in_words
from fabrica.aiact.schema_documents import DocumentTemplate, Item
from fabrica.wire.documents import (
    COMPLETE,
    Answers,
    Block,
    Document,
    DocumentItem,
    Evidence,
    FillRate,
    ItemState,
    NotForRecipient,
    Recipient,
    RegisterEntry,
    Section,
    TemplateUnknown,
)

_MDF_KEYS: Mapping[Recipient, str] = {
    "ai_office": "ai_office",
    "authority": "national_authorities",
    "downstream": "downstream",
}
_NOTICE = "Filled from records and from what people typed. It is no legal advice; the Official Journal prevails."


def fill(
    template: str,
    gathered: Gathered,
    answers: Answers | None,
    *,
    now: datetime,
    recipient: Recipient = "provider",
    version: int | None = None,
) -> Document:
    """Return a document for one recipient, filled as far as evidence and answers go. Nothing is invented.

    Raises:
        TemplateUnknown: there is no such document.
        NotForRecipient: the document does not go to this recipient.
        EvidenceContradicts: two pieces of evidence say different things of one field.
    """
    law = template_of(template)
    layout = layouts()[template]
    if recipient != "provider" and recipient not in layout.recipients:
        raise NotForRecipient(
            f"{law.title} does not go to {recipient.replace('_', ' ')} ({layout.why}).",
            remedy=f"It goes to: {', '.join(layout.recipients)}.",
        )
    held = Held(gathered, recipient, now, version)
    by_id = {item.id: item for item in law.items}
    sections, withheld = [], 0
    for section in layout.sections:
        sent = [by_id[name] for name in section.items if _reaches(template, by_id[name], recipient)]
        withheld += len(section.items) - len(sent)
        if section.items and not sent:
            continue
        items = tuple(_fill_item(template, item, held, answers) for item in sent)
        sections.append(Section(title=section.title, level=section.level, items=items))
    used = {name for section in sections for item in section.items for name in item.evidence}
    about = library.about()
    return Document(
        template=template,
        title=law.title,
        short_title=layout.short,
        article=cited_in_words(law.article),
        subject=held.subject,
        recipient=recipient,
        recipient_basis=layout.why,
        status="draft",
        version=version,
        made_at=now,
        sections=tuple(sections),
        evidence_register=tuple(_entry(one) for one in gathered.evidence if one.id in used),
        rate=rate_of(sections),
        withheld=withheld,
        retention_years=law.retention_years or _retention_years(),
        notices=(*law_notes(law), *(gathered.notices if recipient == "provider" else ()), _NOTICE),
        open_questions=tuple(open_questions(template)),
        law=about.version,
        checked_on=about.as_of,
        signatory=f"{answers.person.name}, {answers.person.function}" if answers else None,
    )


def _entry(one: Evidence) -> RegisterEntry:
    return RegisterEntry.model_validate(one.model_dump(exclude={"rows"}))


def _retention_years() -> int:
    years = library.thresholds()["doc_retention_years"].value
    assert isinstance(years, int)
    return years


def template_of(name: str) -> DocumentTemplate:
    """Return a document of the law's data.

    Raises:
        TemplateUnknown: there is none of this name; names the nearest.
    """
    import difflib

    templates = library.document_templates()
    if name in templates:
        return templates[name]
    near = difflib.get_close_matches(name, templates, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(templates)}."
    raise TemplateUnknown(f"There is no document {name[:80]!r}.", remedy=hint)


def _reaches(template: str, item: Item, recipient: Recipient) -> bool:
    """Say whether an item is sent: by the form's own word, and compute and energy never downstream or further.

    Source: Code of Practice, Transparency chapter, Model Documentation Form; Annex XII, which names neither.
    """
    if recipient == "provider":
        return True
    if item.recipients is not None:
        key = _MDF_KEYS.get(recipient)
        if key is None or item.recipients.get(key) is not True:
            return False
    layout = item_layout(template, item.id)
    wanted = {need.kind for need in (*(one for group in layout.needs for one in group), *layout.also)}
    return recipient not in KEPT_FROM or not wanted & COMPUTE_AND_ENERGY


def _fill_item(template: str, item: Item, held: Held, answers: Answers | None) -> DocumentItem:
    layout = item_layout(template, item.id)
    met, lacks = _needs(layout, held)
    shown = Shown()
    if layout.shown_as and not lacks:
        shown = WAYS[layout.shown_as](held.context)
    extra = _also(layout, held, met)
    blocks = (*shown.blocks, *_blocks(extra if layout.shown_as else [*met, *extra], held))
    lacks = (*lacks, *shown.lacks)
    used = {one.id: one for need in (*met, *extra) for one in held.of(need.kind) if any(one.rows)}
    by_hand = [held.only_by_a_person(need) for need in met]
    state = _state(item, layout, lacks, by_hand, sure=shown.sure)
    text, said, state = _said(item, state, answers, proposed=bool(blocks), lacks=lacks)
    told = {
        "state": state,
        "optional": layout.optional,
        "blocks": blocks,
        "text": text,
        "said_by": said,
        "evidence": tuple(used),
        "lacks": tuple(dict.fromkeys(map(lack_words, lacks))) if state not in COMPLETE else (),
        "remark": shown.remark if state != "confirmed" else None,
        "recipients_confidence": item.recipients_confidence,
    }
    return DocumentItem.model_validate({"id": item.id, "asks": item.asks, "fill": item.fill, **told})


def _needs(layout: ItemLayout, held: Held) -> tuple[list[Need], tuple[str, ...]]:
    """Return the needs that something is known of, and what is lacking."""
    met: list[Need] = []
    lacks: list[str] = []
    for group in layout.needs:
        trouble = {need: held.lacks(need) for need in group}
        whole = [need for need in group if not trouble[need]]
        met += whole or [need for need in group if held.partly(need)]
        if not whole:
            lacks += [" or ".join(map(str, group))] if len(group) > 1 else trouble[group[0]]
    return met, tuple(lacks)


def _also(layout: ItemLayout, held: Held, met: Sequence[Need]) -> list[Need]:
    return [need for need in layout.also if need not in met and held.partly(need)]


def _state(item: Item, layout: ItemLayout, lacks: Sequence[str], by_hand: Sequence[bool], *, sure: bool) -> ItemState:
    """Return the state that evidence alone gives; `by_hand`: of each need that is met, whether only a person told it.

    Automatic is what records, registers and accounts answer alone, where the law's data expects it and nothing follows
    from silence. An item for a person is never answered by a record.
    """
    if not layout.needs:
        return "to_type"
    if lacks:
        only_typed = all(one.startswith("typed.") for one in lacks)
        return "to_type" if item.fill == "human" or only_typed else "missing"
    if item.fill == "human":
        return "typed" if all(by_hand) else "to_type"
    if not sure:
        return "to_confirm"
    if item.fill == "auto":
        return "typed" if any(by_hand) else "automatic"
    return "typed" if all(by_hand) else "to_confirm"


def _said(
    item: Item, state: ItemState, answers: Answers | None, *, proposed: bool, lacks: Sequence[str]
) -> tuple[str | None, str | None, ItemState]:
    """Return what a person said of the item: a text of their own, that it does not apply, or that it is right."""
    if answers is None:
        return None, None, state
    typed, spared = answers.items.get(item.id), answers.not_applicable.get(item.id)
    if typed is not None:
        return clean(typed.text), said_by(typed.by or answers.person, typed.day or answers.day), "typed"
    if spared is not None:
        said = said_by(spared.by or answers.person, spared.day or answers.day)
        return f"Not applicable. {clean(spared.reason or '')}", said, "typed"
    consent = answers.confirm.get(item.id)
    if consent is not None and state == "to_confirm" and proposed and not lacks:
        return None, said_by(consent.by or answers.person, consent.day or answers.day), "confirmed"
    return None, said_by(answers.person, answers.day) if state == "typed" else None, state


def _blocks(needs: Iterable[Need], held: Held) -> Iterable[Block]:
    """Yield one block a kind: the fields that are needed, or all; one column a field."""
    fields: dict[str, list[str] | None] = {}
    for need in needs:
        if need.kind.startswith("doc:"):
            continue
        known = fields.setdefault(need.kind, [])
        if need.field is None or known is None:
            fields[need.kind] = None
        elif need.field not in known:
            known.append(need.field)
    for kind, wanted in fields.items():
        shape, rows = kinds()[kind], [row for row in held.rows(kind) if row]
        names = [name for name in shape.fields if wanted is None or name in wanted]
        key = shape.of if shape.of in ("dataset", "run") else None
        if key and key not in names and len(rows) > 1:
            names.insert(0, key)
        names = [name for name in names if any(name in row for row in rows)]
        if names and rows:
            columns = tuple(shape.fields[name].words for name in names)
            table = tuple(tuple(_shown(row, name) for name in names) for row in rows)
            yield Block(title=shape.title, columns=columns, rows=table)
    for need in needs:
        if need.kind.startswith("doc:"):
            for one in held.of(need.kind):
                yield from (_issued_block(row) for row in one.rows)


def _shown(row: Mapping[str, Any], name: str) -> str:
    if name == "source_class":
        return SOURCE_CLASSES[row[name]] if name in row else "not stated"
    return show_value(row[name]) if name in row else "not stated"


def _issued_block(row: Mapping[str, Any]) -> Block:
    columns = tuple(str(name).replace("_", " ").capitalize() for name in row)
    return Block(title="Issued document", columns=columns, rows=(tuple(show_value(one) for one in row.values()),))


def rate_of(sections: Iterable[Section]) -> FillRate:
    """Return how many items stand in which state."""
    items = [item for section in sections for item in section.items]
    count = {state: sum(item.state == state for item in items) for state in
             ("automatic", "confirmed", "typed", "to_confirm", "to_type", "missing")}  # fmt: skip
    done = count["automatic"] + count["confirmed"] + count["typed"]
    return FillRate(
        items=len(items),
        **count,
        part=sum(item.state == "missing" and bool(item.blocks) for item in items),
        automatic_share=count["automatic"] / len(items) if items else 0.0,
        complete_share=done / len(items) if items else 0.0,
    )
