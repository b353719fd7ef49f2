"""Axes end at numbers that read well."""

import re
from itertools import pairwise

import pytest

from fabrica.planning.pictures import DAY_SECONDS, NARROW, bars, curve, duration_ceiling, nice_ceiling


@pytest.mark.parametrize(("value", "ceiling"), [(0, 1), (1, 1), (7, 8), (256, 300), (10_000, 10_000), (10_001, 20_000)])
def test_an_axis_ends_at_the_next_plain_number(value: float, ceiling: float) -> None:
    assert nice_ceiling(value) == ceiling


@pytest.mark.parametrize(
    ("seconds", "ceiling"),
    [
        (0, 4),
        (61, 240),
        (11 * 3600, 12 * 3600),
        (3 * DAY_SECONDS, 4 * DAY_SECONDS),
        (9 * DAY_SECONDS, 12 * DAY_SECONDS),
    ],
)
def test_an_axis_of_durations_ends_at_four_round_ones(seconds: float, ceiling: float) -> None:
    assert duration_ceiling(seconds) == ceiling


def test_on_a_phone_no_label_of_the_time_axis_covers_another() -> None:
    for days in (1, 4, 7, 30, 365):
        narrow = curve("use", "Use.", [1.0] * 50, days * DAY_SECONDS / 50).partition("narrow-picture")[2]
        marks = re.findall(rf'x="([\d.]+)" y="{NARROW.first_line}" text-anchor="(\w+)">(\w+ [\d.]+)<', narrow)
        ends = [_span(float(at), anchor, label) for at, anchor, label in marks]
        assert len(ends) > 1
        assert all(one[1] <= two[0] for one, two in pairwise(ends)), (days, marks)


def test_on_a_phone_no_name_of_a_class_covers_another() -> None:
    labels = ["1", "2", "3–4", "5–8", "9–16", "17–32", "33–64", "65–128", "129–256"]
    narrow = bars("sizes", "Waits.", labels, [1.0] * 9, [2.0] * 9).partition("narrow-picture")[2]
    marks = re.findall(r'x="([\d.]+)" y="(\d+)" text-anchor="middle">([^<]+)<', narrow)
    assert [label for _, _, label in marks] == labels
    for line in {y for _, y, _ in marks}:
        ends = [_span(float(at), "middle", label) for at, y, label in marks if y == line]
        assert all(one[1] <= two[0] for one, two in pairwise(ends))
        assert ends[-1][1] <= NARROW.width


@pytest.mark.parametrize("seconds", [1, 50, 3000, 7200, 40 * 3600, 3 * DAY_SECONDS, 260 * DAY_SECONDS])
def test_no_label_of_an_axis_is_cut_off(seconds: float) -> None:
    for drawn in bars("sizes", "Waits.", ["1"], [seconds], [seconds]).split("<svg ")[1:]:
        marks = re.findall(r'x="([\d.]+)" y="[\d.]+" text-anchor="end">([^<]+)<', drawn)
        assert len(marks) == 5
        assert all(_span(float(at), "end", label)[0] >= 0 for at, label in marks), marks


def _span(at: float, anchor: str, label: str) -> tuple[float, float]:
    """Return about where a label of 12-pixel letters begins and ends."""
    wide = 6.6 * len(label)
    begin = {"start": at, "middle": at - wide / 2, "end": at - wide}[anchor]
    return begin, begin + wide
