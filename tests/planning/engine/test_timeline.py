"""The timeline says what a list with one number for every second says."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from fabrica.planning.engine.timeline import change, earlier, earliest, empty_timeline, forget_before

CAPACITY, END = 9, 400


@given(seed=st.integers(0, 2**32), reservations=st.integers(1, 60))
def test_reservations_are_put_where_every_second_has_room(seed: int, reservations: int) -> None:
    draw = random.Random(seed)
    timeline, seconds, now = empty_timeline(CAPACITY, reservations), [CAPACITY] * END, 0

    def first_fit(duration: int, units: int) -> int:
        return next(
            start for start in range(now, END) if all(free >= units for free in seconds[start : start + duration])
        )

    def add(start: int, end: int, units: int) -> None:
        change(timeline, start, end, units)
        seconds[start:end] = [free + units for free in seconds[start:end]]

    for _ in range(reservations):
        now = min(now + draw.choice((0, 0, 1, 3)), END // 3)
        forget_before(timeline, now)
        duration, units = draw.randint(1, 6), draw.randint(1, CAPACITY)
        start = earliest(timeline, now, duration, units)
        assert start == first_fit(duration, units)
        add(start, start + duration, -units)
        if draw.random() < 0.3:  # another place, as after an end: freed and found again
            add(start, start + duration, units)
            later = next(at for at in range(start + 5, END) if min(seconds[at : at + duration]) >= units)
            add(later, later + duration, -units)
            found = earlier(timeline, now, duration, units, later)
            add(later, later + duration, units)
            assert found == min(first_fit(duration, units), later)
            add(found, found + duration, -units)
