"""Writes a document as DOCX, to be edited or signed elsewhere."""

from collections.abc import Iterable, Sequence
from datetime import UTC
from io import BytesIO
from typing import TYPE_CHECKING

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
from fabrica.wire.documents import Document, DocumentItem, WriterMissing

if TYPE_CHECKING:
    from docx.document import Document as Paper
    from docx.table import Table
    from docx.text.run import Run

_PAGE_MILLIMETRES = 166
_NARROW, _WIDE = 8, 60  # characters: no column is thinner than a word, none takes the page alone
_INK, _QUIET, _AMBER = (0x1D, 0x3F, 0x72), (0x4D, 0x56, 0x61), (0x7A, 0x4A, 0x00)


def docx(document: Document) -> bytes:
    """Return the document as DOCX.

    Raises:
        WriterMissing: python-docx is not there.
    """
    try:
        import docx as library
    except ImportError:
        raise WriterMissing("DOCX needs python-docx.", remedy="Install fabrica[documents].", format="docx") from None
    paper = library.Document()
    _settings(paper, document)
    _small(paper, f"Regulation (EU) 2024/1689 · {document.article}")
    paper.add_heading(clean(document.title), level=0)
    if document.status == "draft":
        _colour(paper.add_paragraph().add_run(draft_words(document)), _AMBER, bold=True)
    _words(paper, about(document))
    for section in document.sections:
        paper.add_heading(clean(section.title), level=section.level)
        for item in section.items:
            _item(paper, item, document, section.level + 1)
    _endings(paper, document)
    held = BytesIO()
    paper.save(held)
    return held.getvalue()


def _settings(paper: "Paper", document: Document) -> None:
    from docx.shared import Mm, Pt, RGBColor

    about = paper.core_properties
    about.title, about.subject = clean(document.title)[:255], clean(document.subject)[:255]
    about.author, about.language = clean(document.signatory or "Fabrica")[:255], "en"
    about.comments = ""
    about.created = about.modified = document.made_at.astimezone(UTC).replace(tzinfo=None)
    page = paper.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(22)
    page.footer.paragraphs[0].text = clean(f"{document.title} · {document.subject} · {document.status}")
    for name, points in (
        ("Title", 22),
        ("Heading 1", 14),
        ("Heading 2", 11.5),
        ("Heading 3", 10.5),
        ("Heading 4", 10.5),
    ):
        style = paper.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = "Liberation Sans", Pt(points), RGBColor(*_INK)
        style.element.rPr.rFonts.attrib.clear()  # else the theme's own font wins
        style.font.name = "Liberation Sans"
    normal = paper.styles["Normal"]
    normal.font.name, normal.font.size = "Liberation Serif", Pt(10.5)


def _item(paper: "Paper", item: DocumentItem, document: Document, level: int) -> None:
    paper.add_heading(clean(f"{item.asks}  [{item.id}]"), level=level)
    said = f" · {item.said_by}" if item.said_by else ""
    _small(paper, f"{STATES[item.state]}{said}{' · optional' if item.optional else ''}")
    for block in item.blocks:
        if len(item.blocks) > 1:
            title = paper.add_paragraph()
            title.paragraph_format.keep_with_next = True
            _colour(title.add_run(clean(block.title)), _QUIET, bold=True, points=9)
        _facts(paper, facts_of(block))
    if item.text is not None:
        for one in paragraphs(item.text):
            paper.add_paragraph(clean(one))
    if item.remark:
        _small(paper, item.remark)
    if item.lacks:
        _small(paper, "Still needed:")
        for lack in item.lacks:
            paper.add_paragraph(clean(lack), style="List Bullet")
    if item.evidence:
        _small(paper, f"Evidence: {evidence_line(item, document)}")


def _facts(paper: "Paper", facts: Facts) -> None:
    if facts.rows:
        _table(paper, facts.columns, facts.rows)
    for one in facts.lists:
        _words(paper, one)
        paper.add_paragraph()
    if facts.shared:
        _words(paper, facts.shared)


def _words(paper: "Paper", pairs: Iterable[tuple[str, str]]) -> None:
    for words, value in pairs:
        line = paper.add_paragraph()
        line.paragraph_format.space_after = 0
        line.add_run(clean(f"{words}: ")).bold = True
        line.add_run(clean(value))


def _table(paper: "Paper", columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from docx.oxml import OxmlElement

    table = paper.add_table(rows=1, cols=len(columns), style="Light Grid Accent 1")
    head = table.rows[0]
    head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # repeated on each page, and read as a header
    for cell, words in zip(head.cells, columns, strict=True):
        cell.text = clean(words)
    for row in rows:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = clean(value)
    _set_widths(table, columns, rows)
    paper.add_paragraph()


def _set_widths(table: "Table", columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Share the width of the page by the longest text of each column, so that no hash or name is squeezed."""
    from docx.shared import Mm

    longest = [max(len(row[number]) for row in (columns, *rows)) for number in range(len(columns))]
    shares = [min(max(length, _NARROW), _WIDE) for length in longest]
    table.autofit = False
    for number, share in enumerate(shares):
        width = Mm(_PAGE_MILLIMETRES * share / sum(shares))
        table.columns[number].width = width  # LibreOffice reads the column's, Word the cells'
        for cell in table.columns[number].cells:
            cell.width = width


def _endings(paper: "Paper", document: Document) -> None:
    left = open_items(document)
    if left:
        paper.add_heading("What is still open", level=1)
        _table(paper, ("Item", "Asks", "State"), [(one.id, one.asks, STATES[one.state]) for one in left])
    if document.changes:
        paper.add_heading("Changes since the version before", level=1)
        _table(paper, CHANGE_COLUMNS, [change_words(one) for one in document.changes])
    if document.evidence_register:
        paper.add_heading("Register of evidence", level=1)
        for name, kind, held, at, digest in map(entry_words, document.evidence_register):
            line = paper.add_paragraph()
            line.paragraph_format.space_after = 0
            line.add_run(clean(f"{name}  ")).bold = True
            line.add_run(clean(f"{kind}. {held}"))
            _small(paper, f"{at} · SHA-256 {digest}")
    paper.add_heading("About this document", level=1)
    for words in (*document.open_questions, *document.notices):
        _small(paper, words)


def _small(paper: "Paper", words: str) -> None:
    _colour(paper.add_paragraph().add_run(clean(words)), _QUIET, points=8.5)


def _colour(run: "Run", colour: tuple[int, int, int], *, bold: bool = False, points: float = 10.5) -> None:
    from docx.shared import Pt, RGBColor

    run.font.color.rgb, run.font.size, run.bold = RGBColor(*colour), Pt(points), bold
