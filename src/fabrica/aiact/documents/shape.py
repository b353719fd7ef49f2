"""How facts are set on a page, the same for every format: as words with values, or as a table."""

from collections.abc import Sequence
from typing import NamedTuple

from fabrica.aiact.documents.layout import kinds
from fabrica.wire.documents import Block, Document, DocumentItem, ItemChange, ItemState, RegisterEntry

LARGEST_TABLE_COLUMNS = 5
LONGEST_CELL = 160

CHANGE_COLUMNS = ("Item", "What", "Before", "Now")
STATES: dict[ItemState, str] = {
    "automatic": "Filled from records",
    "confirmed": "Confirmed by a person",
    "typed": "Typed by a person",
    "to_confirm": "To confirm",
    "to_type": "To type",
    "missing": "Missing",
}
RECIPIENTS = {
    "provider": "the provider's own file",
    "ai_office": "the AI Office",
    "authority": "national authorities",
    "downstream": "downstream providers",
    "deployer": "deployers",
    "public": "the public",
}


class Facts(NamedTuple):
    """A block as it is set: words with values that hold for every row, then a table or one list a row."""

    title: str
    shared: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lists: tuple[tuple[tuple[str, str], ...], ...]


def facts_of(block: Block) -> Facts:
    """Return how a block is set: one row as words, equal values once above a table, wide tables as lists."""
    if len(block.rows) == 1:
        return Facts(block.title, tuple(zip(block.columns, block.rows[0], strict=True)), (), (), ())
    same = [number for number in range(1, len(block.columns)) if len({row[number] for row in block.rows}) == 1]
    shared = tuple((f"{block.columns[number]} (all)", block.rows[0][number]) for number in same)
    left = [number for number in range(len(block.columns)) if number not in same]
    if left == [0]:  # only the names differ
        names = (block.columns[0], ", ".join(row[0] for row in block.rows))
        return Facts(
            block.title, (names, *((words.removesuffix(" (all)"), value) for words, value in shared)), (), (), ()
        )
    columns = tuple(block.columns[number] for number in left)
    rows = tuple(tuple(row[number] for number in left) for row in block.rows)
    wide = len(columns) > LARGEST_TABLE_COLUMNS or any(len(cell) > LONGEST_CELL for row in rows for cell in row)
    if wide:
        lists = tuple(tuple(zip(columns, row, strict=True)) for row in rows)
        return Facts(block.title, shared, (), (), lists)
    return Facts(block.title, shared, columns, rows, ())


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a typed text: parted by empty lines."""
    return [one.strip() for one in text.split("\n\n") if one.strip()]


def about(document: Document) -> Sequence[tuple[str, str]]:
    """Return the facts at the head of a document."""
    rate = document.rate
    version = "draft" if document.version is None else str(document.version)
    done = rate.automatic + rate.confirmed + rate.typed
    told = [
        ("Model or system", document.subject),
        ("Made for", f"{RECIPIENTS[document.recipient]} ({document.recipient_basis})"),
        ("Version", version),
        ("Made on", document.made_at.strftime("%Y-%m-%d %H:%M UTC")),
        ("Complete", f"{done} of {rate.items} items: {_counts(document)}"),
        ("Law", f"{document.law}, checked on {document.checked_on}"),
    ]
    if document.retention_years:
        told.append(("Keep for", f"{document.retention_years} years"))
    if document.signatory and document.status == "final":
        told.append(("Issued by", document.signatory))
    return told


def _counts(document: Document) -> str:
    rate = document.rate
    counts = {state: getattr(rate, state) for state in STATES}
    return ", ".join(f"{count} {STATES[state].lower()}" for state, count in counts.items() if count) or "none"


def open_items(document: Document) -> list[DocumentItem]:
    """Return what keeps a document from being issued."""
    return [item for section in document.sections for item in section.items if item.is_open]


def closed_by(item: DocumentItem) -> str:
    """Return in words what closes an open item."""
    if item.state == "to_confirm":
        return "confirm what it shows, or write it in your own words"
    if item.lacks:
        return f"enter {'; '.join(item.lacks)}; or write it in your own words"
    return "write it in your own words"


def draft_words(document: Document) -> str:
    """Return what a draft says of itself."""
    count = len(open_items(document))
    items = "one item is" if count == 1 else f"{count} items are"
    return (
        f"Draft, not issued. {items[:1].upper()}{items[1:]} open." if count else "Draft, not issued. No item is open."
    )


def entry_words(entry: RegisterEntry) -> Sequence[str]:
    """Return a row of the register of evidence: id, kind, where and how, time, hash."""
    kind = kinds()[entry.kind].title if entry.kind in kinds() else entry.kind
    at = "" if entry.at is None else entry.at.isoformat()[:19].replace("T", " ")
    return (entry.id, f"{kind} [{entry.kind}]", f"{entry.source}. {entry.method}", at, entry.sha256 or "no hash")


def change_words(one: ItemChange) -> Sequence[str]:
    """Return a row of what changed: the item with what it asks, what happened to it, its words before and now."""
    return (f"{one.asks} [{one.item}]", one.what, one.before or "–", one.after or "–")


def evidence_line(item: DocumentItem, document: Document) -> str:
    """Return the evidence of one item in small print: id, source, method, time, and the start of its hash."""
    known = {entry.id: entry for entry in document.evidence_register}
    parts = []
    for name in item.evidence:
        entry = known[name]
        at = "no time" if entry.at is None else entry.at.isoformat()[:16].replace("T", " ")
        digest = f"SHA-256\N{NO-BREAK SPACE}{entry.sha256[:12]}…" if entry.sha256 else "no hash"
        parts.append(f"{entry.id}: {entry.source}; {entry.held_by}; {at}; {digest}")
    return " · ".join(parts)
