"""Bars cut into parts: every part is as wide as its share, and hostile names stay text."""

import re

from fabrica.planning.stacks import stacked


def test_parts_stand_beside_each_other_in_their_proportions() -> None:
    drawn = stacked("one", "words", [("a", {"x": 3.0, "y": 1.0}), ("b", {"x": 2.0, "y": 2.0})], "s")
    widths = [
        float(wide)
        for wide in re.findall(r'<rect class="part-\d" x="[\d.]+" y="\d+" width="([\d.]+)" height="20"', drawn)
    ]
    assert widths[0] == 3 * widths[1]
    assert widths[2] == widths[3]
    assert "4 s" in drawn


def test_hostile_names_and_ends_stay_text() -> None:
    drawn = stacked("one", "<b>", [("<i>", {"<u>": 1.0})], "", ends=["<s>"])
    assert not re.search("<[bius]>", drawn)


def test_a_narrow_page_has_a_picture_of_its_own_with_names_in_several_lines() -> None:
    drawn = stacked("one", "words", [("name " * 20, {"x": 3.0, "y": 1.0})], "s")
    wide, narrow = drawn.split("</svg>")[:2]
    assert 'class="wide-picture"' in wide
    assert 'class="narrow-picture"' in narrow
    assert (wide.count('class="name"'), narrow.count('class="name"')) == (2, 3)
    assert len(set(re.findall(r'id="([^"]+)"', drawn))) == 2
