"""How far a part is, is told as how far the whole is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.progress import of_part, to_nobody


@given(first=st.floats(0, 1), last=st.floats(0, 1), share=st.floats(0, 1))
def test_a_part_is_told_within_its_bounds(first: float, last: float, share: float) -> None:
    first, last = sorted((first, last))
    told: list[float] = []
    of_part(lambda share, words: told.append(share), first, last)(share, "it runs")
    assert first <= told[0] <= last or told[0] == pytest.approx(last)


def test_a_part_is_named_where_it_has_a_name() -> None:
    told: list[str] = []
    tell = of_part(lambda share, words: told.append(words), 0.0, 1.0)
    tell(0.5, "it runs")
    of_part(tell, 0.0, 0.5, "the first")(0.5, "it runs")
    to_nobody(0.5, "it runs")
    assert told == ["it runs", "the first: it runs"]
