"""Writes a document as one accessible HTML page for screen and print. Text from outside can never become markup."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree as Tree

from fabrica.aiact.documents.shape import (
    CHANGE_COLUMNS,
    STATES,
    Facts,
    about,
    change_words,
    draft_words,
    entry_words,
    evidence_line,
    facts_of,
    open_items,
    paragraphs,
)
from fabrica.aiact.documents.text import clean
from fabrica.wire.documents import Document, DocumentItem, Section

_LINES_KEPT_TOGETHER = 10
STYLE = Path(__file__).parent / "document.css"


def html(document: Document) -> str:
    """Return the page; every text stands in a text node or attribute of a tree, so nothing can escape it."""
    page = Tree.Element("html", lang="en")
    head = _add(page, "head")
    _add(head, "meta", charset="utf-8")
    _add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _add(head, "meta", name="author", content=document.signatory or "Fabrica")
    _add(head, "meta", name="description", content=f"{document.article}. {document.status}")
    _add(head, "title", f"{document.title}: {document.subject}")
    _add(head, "style").text = STYLE.read_text("utf-8")
    body = _add(page, "body")
    _head(_add(body, "header"), document)
    main = _add(body, "main")
    for section in document.sections:
        _section(main, section, document)
    _endings(main, document)
    return "<!DOCTYPE html>\n" + Tree.tostring(page, encoding="unicode", method="html")


def _add(parent: Tree.Element, tag: str, text: str = "", **attributes: str) -> Tree.Element:
    named = {name.rstrip("_").replace("_", "-"): clean(value) for name, value in attributes.items()}
    child = Tree.SubElement(parent, tag, named)
    child.text = clean(text) or None
    return child


def _head(header: Tree.Element, document: Document) -> None:
    _add(header, "p", f"Regulation (EU) 2024/1689 · {document.article}", class_="basis")
    _add(header, "h1", document.title)
    _add(header, "p", document.subject, class_="subject")
    if document.status == "draft":
        _add(header, "p", draft_words(document), class_="draft", role="note")
    _words(header, about(document), "about")


def _section(main: Tree.Element, section: Section, document: Document) -> None:
    _add(main, f"h{section.level + 1}", section.title)
    for item in section.items:
        _item(main, item, document, section.level + 2)


def _item(main: Tree.Element, item: DocumentItem, document: Document, level: int) -> None:
    lines = sum(len(block.rows) * (len(block.columns) if len(block.rows) == 1 else 1) for block in item.blocks)
    breaks = " long" if lines > _LINES_KEPT_TOGETHER else ""
    place = _add(main, "section", class_=f"item {item.state}{breaks}", id=item.id)
    heading = _add(place, f"h{level}", item.asks)
    _add(heading, "span", item.id, class_="number")
    state = _add(place, "p", class_="state")
    _add(state, "strong", STATES[item.state])
    if item.said_by:
        _add(state, "span", f" · {item.said_by}")
    if item.optional:
        _add(state, "span", " · optional")
    for block in item.blocks:
        _facts(place, facts_of(block), with_title=len(item.blocks) > 1)
    if item.text is not None:
        for one in paragraphs(item.text):
            _add(place, "p", one, class_="typed")
    if item.remark:
        _add(place, "p", item.remark, class_="remark")
    if item.lacks:
        _add(place, "p", "Still needed:", class_="lacks")
        _bullets(place, item.lacks)
    if item.evidence:
        _add(place, "p", f"Evidence: {evidence_line(item, document)}", class_="evidence")


def _facts(parent: Tree.Element, facts: Facts, *, with_title: bool) -> None:
    if with_title:
        _add(parent, "p", facts.title, class_="block-title")
    if facts.rows:
        _table(parent, facts.columns, facts.rows, facts.title)
    for one in facts.lists:
        _words(parent, one, "row")
    if facts.shared:
        _words(parent, facts.shared, "values")


def _words(parent: Tree.Element, pairs: Iterable[tuple[str, str]], name: str) -> None:
    listing = _add(parent, "dl", class_=name)
    for words, value in pairs:
        pair = _add(listing, "div")
        _add(pair, "dt", words)
        _add(pair, "dd", value)


def _table(
    parent: Tree.Element, columns: Sequence[str], rows: Iterable[Sequence[str]], caption: str, *, name: str = ""
) -> None:
    lines = list(rows)
    table = _add(parent, "table", class_=f"{name} short" if len(lines) <= _LINES_KEPT_TOGETHER else name)
    _add(table, "caption", caption)
    head = _add(_add(table, "thead"), "tr")
    for words in columns:
        _add(head, "th", words, scope="col")
    body = _add(table, "tbody")
    for row in lines:
        line = _add(body, "tr")
        _add(line, "th", row[0], scope="row")
        for cell in row[1:]:
            _add(line, "td", cell)


def _bullets(parent: Tree.Element, lines: Iterable[str]) -> None:
    listing = _add(parent, "ul")
    for line in lines:
        _add(listing, "li", line)


def _endings(main: Tree.Element, document: Document) -> None:
    left = open_items(document)
    if left:
        _add(main, "h2", "What is still open")
        rows = [(item.id, item.asks, STATES[item.state]) for item in left]
        _table(main, ("Item", "Asks", "State"), rows, "Open items", name="open")
    if document.changes:
        _add(main, "h2", "Changes since the version before")
        _table(main, CHANGE_COLUMNS, map(change_words, document.changes), "Changes", name="changes")
    if document.evidence_register:
        _add(main, "h2", "Register of evidence")
        for name, kind, held, at, digest in map(entry_words, document.evidence_register):
            entry = _add(main, "section", class_="entry")
            _add(_add(entry, "h3", name), "span", kind, class_="number")
            _add(entry, "p", held)
            _add(entry, "p", f"{at} · SHA-256 {digest}", class_="hash")
    ending = _add(main, "section", class_="ending")
    _add(ending, "h2", "About this document")
    if document.open_questions:
        _add(ending, "p", "Questions that the law itself leaves open and this document touches:")
        _bullets(ending, document.open_questions)
    for notice in document.notices:
        _add(ending, "p", notice, class_="notice")
