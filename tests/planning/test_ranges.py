"""Intervals are drawn where their numbers are, and hostile names stay text."""

import re

from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.ranges import Range, ranges

numbers = st.floats(min_value=-1e9, max_value=1e12).filter(lambda number: number == 0 or abs(number) > 1e-6)


@given(st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=12))
def test_every_interval_lies_inside_the_picture(rows: list[tuple[float, float, float]]) -> None:
    told = [Range(f"row {place}", *sorted(row)) for place, row in enumerate(rows)]
    for width, drawn in zip((720, 340), ranges("one", "words", told, "EUR").split("</svg>"), strict=False):
        for left, wide in re.findall(r'class="interval" x="([-\d.]+)" y="[\d.]+" width="([\d.]+)"', drawn):
            assert float(left) >= 0
            assert float(left) + float(wide) <= width + 0.1


def test_an_unknown_row_says_so() -> None:
    assert ranges("one", "words", [Range("a", None, None, None), Range("b", 1, 2, 3)], "MW").count(">unknown<") == 2


def test_a_hostile_name_stays_text() -> None:
    page = ranges("one", "<script>", [Range("<b>", 1, 2, 3)], "<i>")
    assert "<script>" not in page
    assert "<b>" not in page
    assert "<i>" not in page


def test_small_values_beside_large_ones_are_seen_on_a_logarithmic_axis() -> None:
    drawn = ranges("one", "words", [Range("small", 1, 2, 3), Range("large", 1000, 2000, 3000)], "d")
    widths = [float(wide) for wide in re.findall(r'class="interval"[^>]* width="([\d.]+)"', drawn)]
    assert widths[0] == widths[1] > 20


def test_names_stand_beside_the_values_on_a_wide_page_and_over_them_on_a_narrow_one() -> None:
    wide, narrow = ranges("one", "words", [Range("a name " * 6, 1, 2, 3)], "d").split("</svg>")[:2]
    lefts = [min(float(x) for x in re.findall(r'<line class="grid" x1="([\d.]+)"', one)) for one in (wide, narrow)]
    assert lefts[0] > 200 > lefts[1]
    assert wide.count('class="name"') == 2
    assert narrow.count('class="name"') == 1


def test_an_axis_below_zero_ends_at_plain_numbers() -> None:
    drawn = ranges("one", "words", [Range("a", -180, -100, -20)], "h")
    labels = re.findall(r'text-anchor="\w+">([^<]+)<', drawn)
    assert labels[:5] == ["-200", "-150", "-100", "-50", "0 h"]
