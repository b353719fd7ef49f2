"""The DOCX file: opens, holds what the document says, and hostile text stays text."""

from io import BytesIO
from zipfile import ZipFile

import docx as library
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.aiact.documents.docx import docx
from fabrica.aiact.documents.fill import fill
from tests.aiact.samples import NOW, gathered_from, make_answers, make_run, whole_evidence


def _words(content: bytes) -> str:
    paper = library.Document(BytesIO(content))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return "\n".join([one.text for one in paper.paragraphs] + cells)


@settings(max_examples=5, deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_any_text_makes_a_file_that_opens(text: str) -> None:
    answers = make_answers(items={"mdf-4-1": {"text": text}}, person={"name": text, "function": text})
    assert "Acceptable use policy" in _words(docx(fill("mdf", gathered_from(), answers, now=NOW)))


def test_the_file_holds_states_values_and_the_register() -> None:
    document = fill("mdf", gathered_from(make_run()), None, now=NOW)
    words = _words(docx(document))
    for told in (
        "Draft, not issued",
        "Filled from records",
        "Missing",
        "order of magnitude",
        document.evidence_register[0].id,
    ):
        assert told in words


def test_markup_in_text_stays_text() -> None:
    hostile = "<w:p/><script>alert(1)</script>&amp;"
    content = docx(fill("mdf", gathered_from(), make_answers(items={"mdf-4-1": {"text": hostile}}), now=NOW))
    assert hostile in _words(content)
    assert b"<script" not in ZipFile(BytesIO(content)).read("word/document.xml")


def test_a_document_of_everything_can_be_written() -> None:
    assert "Datasheets" in _words(docx(fill("annex_iv", whole_evidence(), None, now=NOW)))
