"""The timeline picture: well-formed, in light and dark, and told in words as well."""

from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from fabrica.aiact.calendar.entries import System, make_calendar
from fabrica.aiact.calendar.picture import WIDTH, lanes, numbered, picture

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "cases.yaml").read_text())["cases"]
SVG = "{http://www.w3.org/2000/svg}"
DAY = date(2026, 11, 21)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_every_day_of_a_case_is_drawn_and_told_in_words(case: dict[str, Any]) -> None:
    calendar = make_calendar([System(case["title"], case["answers"])], DAY)
    root = ElementTree.fromstring(picture(calendar))
    days = {entry.day for entry in calendar.entries if entry.day is not None}
    assert len(root.findall(f".//{SVG}circle")) == len(days)
    told = root.findtext(f"{SVG}desc") or ""
    for entry in calendar.entries:
        assert entry.title in told
        assert str(entry.day or "No day") in told
    assert "no legal advice" in told
    assert root.get("role") == "img"
    for circle in root.findall(f".//{SVG}circle"):
        assert 0 < int(circle.attrib["cx"]) < WIDTH


def test_the_picture_follows_light_and_dark_and_loads_nothing() -> None:
    drawn = picture(make_calendar([System("a", CASES[5]["answers"])], DAY))
    assert "prefers-color-scheme:dark" in drawn
    assert "href" not in drawn
    assert "<script" not in drawn


def test_a_hostile_name_stays_text() -> None:
    drawn = picture(make_calendar([System('<script>alert("1")</script>\x00', CASES[5]["answers"])], DAY))
    assert "<script" not in drawn
    ElementTree.fromstring(drawn)


def test_nothing_due_is_a_picture_too() -> None:
    ElementTree.fromstring(picture(make_calendar([], DAY)))


def test_the_lanes_for_a_page_bring_no_style_and_number_their_days() -> None:
    calendar = make_calendar([System("a", CASES[5]["answers"])], DAY)
    drawn = lanes(calendar)
    assert "<style" not in drawn
    root = ElementTree.fromstring(drawn)
    days = {(entry.day, entry.system) for entry in calendar.entries if entry.day is not None}
    assert set(numbered(calendar)) == days
    assert sorted(numbered(calendar).values()) == list(range(1, len(days) + 1))
    assert len(root.findall(".//circle")) == len(days)
    for entry in calendar.entries:
        assert entry.title in root.attrib["aria-label"]


def test_a_hostile_name_stays_text_in_the_lanes() -> None:
    hostile = System('"><script>alert(1)</script>', CASES[5]["answers"])
    drawn = lanes(make_calendar([hostile], DAY))
    assert "<script" not in drawn
    assert hostile.name in ElementTree.fromstring(drawn).attrib["aria-label"]
