"""Text from outside hides nothing and breaks no format."""

from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.aiact.documents.text import clean, show_value


@given(st.text())
def test_clean_text_stands_in_xml_and_stays_clean(text: str) -> None:
    cleaned = clean(text)
    element = ElementTree.Element("p")
    element.text = cleaned
    assert (ElementTree.fromstring(ElementTree.tostring(element)).text or "") == cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize("hidden", ["\x00", "\x1b", "\u202e", "\u2066", "\ufeff", "\u200f", "\x85"])
def test_a_character_that_hides_something_shows(hidden: str) -> None:
    assert clean(f"a{hidden}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_languages_of_the_union_are_left_as_they_are() -> None:
    for text in ("Gaeilge: fáilte", "Ελληνικά", "Български", "Malti: ħġż", "Čeština\tŘ\n"):
        assert clean(text) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "yes"),
        (False, "no"),
        (6_712_832, "6,712,832"),
        (2.5386e12, "2.539 × 10¹²"),
        (0.5, "0.5000"),
        (date(2026, 11, 21), "2026-11-21"),
        (datetime(2026, 11, 21, 9, 5, tzinfo=UTC), "2026-11-21 09:05 UTC"),
        (["a.", "b"], "a; b"),
        ({"seed": 7}, "seed: 7"),
        ("a\u202eb", "a\N{REPLACEMENT CHARACTER}b"),
    ],
)
def test_a_value_reads_as_people_write_it(value: object, shown: str) -> None:
    assert show_value(value) == shown
