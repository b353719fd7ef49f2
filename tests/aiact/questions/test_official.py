"""A downloaded text is read into articles; a cut one is marked, and what is no text is refused."""

import hashlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.aiact.questions.official import LARGEST_BYTES, LONGEST_PASSAGE, read_official
from fabrica.wire.questions import OfficialText, TextRefused

DAY = date(2026, 11, 21)
HTML = b"""<html><body><p>REGULATION (EU) 1/2030 on fruit</p>
<table><tr><td>(1)</td><td>Fruit is good.</td></tr></table>
<p>Article 1</p><p>Subject matter</p><p>1. First.</p><p>(a) a point;</p><p>2. Second.</p>
<p>Article 2 - Scope</p><p>Zebras.</p><p>ANNEX I</p><p>List</p><p>Apples.</p></body></html>"""
XML = (
    "<ACT><TITLE>Regulation (EU) 2030/1</TITLE><CONSID><NO.P>(1)</NO.P><TXT>Fruit.</TXT></CONSID><ARTICLE>"
    "<TI.ART>Article 1</TI.ART><STI.ART>Scope</STI.ART><ALINEA>All <HT>fruit</HT>.</ALINEA></ARTICLE></ACT>"
)


def read(content: bytes, name: str = "a.html") -> OfficialText:
    return read_official(content, name=name, imported_on=DAY)


def test_html_is_read_into_recitals_articles_and_annexes() -> None:
    found = read(HTML)
    assert found.title == "REGULATION (EU) 1/2030 on fruit"
    assert found.sha256 == hashlib.sha256(HTML).hexdigest()
    assert [(one.label, one.title) for one in found.sections] == [
        ("Recital 1", ""), ("Article 1", "Subject matter"), ("Article 2", "Scope"), ("Annex I", "List"),
    ]  # fmt: skip
    assert found.sections[0].passages == (("", "Fruit is good."),)
    assert found.sections[1].passages == (("1", "First. (a) a point;"), ("2", "Second."))
    assert found.complete
    assert found.lacks == ()


def test_xml_and_plain_text_are_read_alike() -> None:
    xml = read(XML.encode(), "a.xml")
    assert [one.label for one in xml.sections] == ["Recital 1", "Article 1"]
    assert xml.sections[1].passages == (("", "All fruit."),)
    text = read(b"Regulation (EU) 2030/1\n(1) Fruit.\nArticle 1\nScope\n1. All fruit.\n", "a.txt")
    assert text.sections[1].passages == (("1", "All fruit."),)
    assert text.complete


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_usual_codings_are_read(coding: str) -> None:
    assert read("Article 1\nCafé\n1. Fromage é.\n".encode(coding)).sections[0].passages == (("1", "Fromage é."),)


def test_a_truncated_file_is_read_as_far_as_it_goes_and_marked() -> None:
    cut = read(HTML[: HTML.index(b"Zebras") + 3])
    assert [one.label for one in cut.sections][-1] == "Article 2"
    assert not cut.complete
    assert not read(b"Article 1\nScope\n1. All frui", "a.txt").complete


def test_missing_articles_are_named() -> None:
    found = read(b"Article 1\nA.\nArticle 4\nB.\n", "a.txt")
    assert found.lacks == ("Article 2", "Article 3")
    assert not found.complete
    assert read(b"Article 999999999\nA.\n").lacks == ()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7 Article 1", "is a PDF"),
        (b"Article 1\n\0\0", "is not a text"),
        (b"", "No article was recognised"),
        (b"<html><p>Nothing here</p></html>", "No article was recognised"),
        (b"x" * (LARGEST_BYTES + 1), "is larger than"),
    ],
)
def test_what_is_no_text_of_the_law_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(TextRefused, match=said):
        read(content)


def test_hostile_html_becomes_plain_words() -> None:
    found = read(
        b"<html><p>Article 1</p><p>1. <img src=x onerror=evil()>Words<script>evil()</script>\x1b[31m</p></html>"
    )
    (section,) = found.sections
    assert "evil" not in section.model_dump_json()
    assert "\\u001b" not in section.model_dump_json()


def test_two_hundred_pages_are_read_whole() -> None:
    pages = "".join(
        f"<p>Article {number}</p><p>Title {number}</p>"
        + "".join(f"<p>{point}. {'word ' * 90}</p>" for point in range(1, 11))
        for number in range(1, 121)
    )
    found = read(f"<html>{pages}</html>".encode())
    assert len(found.sections) == 120
    assert sum(len(one.passages) for one in found.sections) == 1200
    assert found.complete


@given(content=st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_or_refused_by_name(content: bytes) -> None:
    try:
        found = read(b"<p>Article 1</p>" + content)
    except TextRefused:
        return
    assert all(len(words) <= LONGEST_PASSAGE for one in found.sections for _, words in one.passages)
