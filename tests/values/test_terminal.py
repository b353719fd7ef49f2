"""What a program wrote for a terminal is shown as text; nothing of it steers whoever reads."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.values.terminal import HELD_CHARACTERS_MAX, Cleaner, clean, unfinished

PARTS = st.sampled_from(
    ["\x1b", "[", "]", "0;title", "\x07", "\\", "31m", "2J", "text", "ö", "\n", "\r", "P", "(B", "\x9b", "\x00"]
)
TEXTS = st.lists(PARTS, max_size=20).map("".join)


@pytest.mark.parametrize(
    ("written", "shown", "coloured"),
    [
        ("plain\n", "plain\n", "plain\n"),
        ("\x1b[1;31mred\x1b[0m", "red", "\x1b[1;31mred\x1b[0m"),
        ("a\x1b[2J\x1b[Hb", "ab", "ab"),
        ("\x1b]0;stolen title\x07text", "text", "text"),
        ("\x1b]52;c;c2VjcmV0\x1b\\text", "text", "text"),
        ("\x1bPq#0;2;0\x1b\\text", "text", "text"),
        ("\x1b(Bx\x1bcy\x1b7z", "xyz", "xyz"),
        ("\x9b31mx\x08\x00y", "31mxy", "31mxy"),
        ("10 %\r20 %\tdone", "10 %\r20 %\tdone", "10 %\r20 %\tdone"),
    ],
)
def test_only_text_is_left_and_colours_where_they_are_wanted(written: str, shown: str, coloured: str) -> None:
    assert clean(written) == shown
    assert clean(written, colours=True) == coloured


@given(TEXTS)
def test_no_escape_is_left(text: str) -> None:
    assert not set(clean(text)) & {"\x1b", "\x9b", "\x07", "\x00"}


@given(TEXTS, st.lists(st.integers(0, 200), max_size=5))
def test_it_does_not_matter_where_the_text_is_cut(text: str, cuts: list[int]) -> None:
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    cleaner = Cleaner()
    shown = "".join(cleaner.feed(text[start:end]) for start, end in pairwise(places))
    assert shown == clean(text[: len(text) - len(unfinished(text))])


def test_a_string_that_never_ends_hides_no_more_than_its_begin() -> None:
    cleaner = Cleaner()
    said = cleaner.feed("\x1b]0;" + "x" * (HELD_CHARACTERS_MAX + 1))
    assert said.endswith("x" * HELD_CHARACTERS_MAX)
    assert cleaner.feed("more\n") == "more\n"
