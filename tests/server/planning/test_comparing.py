"""Two figures are told apart only where their intervals do not overlap."""

import pytest

from fabrica.server.planning.comparing import _difference
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
