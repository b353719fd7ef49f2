"""Two figures are told apart only where their intervals do not overlap."""

import pytest

from fabrica.server.planning.comparing import _difference, between
from fabrica.wire.scenarios import Figure


def figure(low: float | None, high: float | None) -> Figure:
    value = None if low is None or high is None else (low + high) / 2
    return Figure(key="a", label="a", low=low, value=value, high=high)


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (figure(1, 2), figure(3, 4), "higher"),
        (figure(3, 4), figure(1, 2), "lower"),
        (figure(1, 3), figure(2, 4), "not surely different"),
        (figure(1, 2), figure(1, 2), "the same"),
        (figure(1, 2), None, "in one of them only"),
        (figure(1, 2), figure(None, None), "not known"),
        (figure(None, None), figure(None, None), "not known"),
        (Figure(key="a", label="a", value=1), Figure(key="a", label="a", value=2), "higher"),
    ],
)
def test_a_difference_is_told_only_when_it_is_sure(one: Figure, other: Figure | None, words: str) -> None:
    assert _difference(one, other) == words


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (Figure(key="a", label="a", unit="s", low=0, value=60, high=7200, words="1 min"), "0 s to 2 h"),
        (Figure(key="a", label="a", low=0.5, value=0.6, high=0.72, words="60.0%"), "50.0% to 72.0%"),
        (Figure(key="a", label="a", unit="MWh", low=-3.25, value=1, high=1234.5, words="1 MWh"), "-3.25 to 1,234"),
        (Figure(key="a", label="a", low=2, value=2, high=2, words="2"), ""),
        (Figure(key="a", label="a", words="unknown"), ""),
        (None, ""),
    ],
)
def test_an_interval_is_told_in_the_words_of_its_figure(figure: Figure | None, words: str) -> None:
    assert between(figure) == words
