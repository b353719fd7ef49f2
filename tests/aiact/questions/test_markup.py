"""Markup becomes plain text in one pass, whatever it holds."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.aiact.questions.markup import read_markup

PIECES = [
    *(
        "<p>",
        "</p>",
        "<script>",
        "</SCRIPT>",
        "<style>",
        "<!--",
        "-->",
        "<",
        ">",
        "&lt;script&gt;",
        "evil()",
        "text",
        "İ",
    ),
    *(
        "<img src=x onerror=evil()>",
        "<![CDATA[",
        "]]>",
        "<!DOCTYPE a [<!ENTITY b 'evil()'>]>",
        "&b;",
        "<html>",
        "</html>",
    ),
]


def test_scripts_styles_comments_and_attributes_leave_nothing() -> None:
    page = (
        "<html><head><title>evil()</title></head><body onload='evil()'><SCRIPT>evil()</script><!-- evil() --><p>A</p>"
    )
    found = read_markup(page + "<style>evil()</style><p>B <i>c</i>d</p></body></html>")
    assert found.lines == ("A", "B cd")
    assert found.complete


def test_an_entity_of_a_file_is_never_expanded() -> None:
    found = read_markup('<!DOCTYPE a [<!ENTITY b "bomb">]><a>x &b; &amp;amp;</a>')
    assert found.lines == ("x &b; &amp;",)


@pytest.mark.parametrize(
    "page", ["<html><p>A", "<html><p>A</p><script>x", "<html><p>A</p><!-- x", "<html><p>A</p><di", "<a><b></b>"]
)
def test_a_file_that_ends_in_the_middle_is_told_as_incomplete(page: str) -> None:
    assert not read_markup(page).complete


def test_a_letter_that_grows_when_lowered_moves_nothing() -> None:
    assert read_markup("<a>İİİ<script>evil()</script>B</a>").lines == ("İİİ", "B")


@pytest.mark.parametrize("piece", ["<", "<a", "<!--", "<script>", "</", "<a>", "&", "<script></script>", "<!"])
def test_a_wall_of_signs_is_read_in_one_pass(piece: str) -> None:
    started = time.process_time()
    read_markup(piece * (300_000 // len(piece)))
    assert time.process_time() - started < 10  # one pass takes a fifth of a second, a pass for each sign minutes


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_markup_becomes_lines_without_breaks(pieces: list[str]) -> None:
    for line in read_markup("".join(pieces)).lines:
        assert line == " ".join(line.split())
        assert line
