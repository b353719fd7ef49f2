"""Axes end at numbers that read well."""

import pytest

from fabrica.planning.pictures import DAY_SECONDS, duration_ceiling, nice_ceiling


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
