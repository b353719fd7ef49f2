"""The HTML page: hostile text stays text, and the page is one a screen reader can read."""

import itertools
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.aiact import library
from fabrica.aiact.documents.fill import fill
from fabrica.aiact.documents.html import html
from tests.aiact.samples import NOW, event, gathered_from, make_answers, make_run, whole_evidence

TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "section", "h1", "h2", "h3", "h4", "h5", "p",
    "span", "strong", "dl", "div", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "ul", "li",
}  # fmt: skip
HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(2)>\"'><a href=javascript:x>&lt;"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=60) | st.just(HOSTILE))
def test_text_from_outside_never_becomes_markup(text: str) -> None:
    answers = make_answers(
        person={"name": text, "function": text},
        items={"mdf-4-1": {"text": text}},
        not_applicable={"mdf-8-3": {"reason": text}},
    )
    held = gathered_from(
        make_run(events=(event("model.id", name=text, version=text), event("data.bias", check=text, result=text)))
    )
    reader = _read(html(fill("mdf", held, answers, now=NOW)))
    assert set(reader.tags) <= TAGS
    assert set(reader.attributes) <= {"lang", "charset", "name", "content", "class", "role", "id", "scope"}


def test_hostile_text_is_shown_as_it_was_typed() -> None:
    page = html(fill("mdf", gathered_from(), make_answers(items={"mdf-4-1": {"text": HOSTILE}}), now=NOW))
    assert HOSTILE in "".join(_read(page).text)
    assert "<script" not in page


@pytest.mark.parametrize("name", list(library.document_templates()))
def test_headings_go_down_one_level_at_a_time(name: str) -> None:
    tags = _read(html(fill(name, whole_evidence(), None, now=NOW))).tags
    levels = [int(tag[1]) for tag in tags if tag[0] == "h" and tag[1:].isdigit()]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_tables_have_captions_and_headers_and_the_page_a_language() -> None:
    page = html(fill("annex_iv", whole_evidence(), None, now=NOW))
    reader = _read(page)
    assert reader.tags.count("table") == reader.tags.count("caption") > 0
    assert '<html lang="en">' in page
    assert "http" not in page.split("</style>")[0]  # nothing is fetched


def test_a_draft_says_so_and_each_item_shows_its_evidence() -> None:
    document = fill("mdf", gathered_from(make_run()), None, now=NOW)
    text = "".join(_read(html(document)).text)
    assert "Draft, not issued." in text
    entry = document.evidence_register[0]
    assert entry.id in text
    assert entry.method in text
    assert all(one.sha256 in text for one in document.evidence_register if one.sha256)
    assert "Still needed:" in text
