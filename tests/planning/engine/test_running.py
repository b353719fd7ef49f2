"""The running set answers as a plain dictionary of expected ends does, over many chunks."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba")

from fabrica.planning.engine.running import (
    CHUNK,
    Running,
    expect,
    first_expected,
    nothing_running,
    take_back,
    when_free,
)

TIMES = 6 * CHUNK


def check_invariant(running: Running, model: dict[int, int]) -> None:
    chunks = [int(chunk) for chunk in running.order[: running.used[0]]]
    entries = [
        (int(running.time[chunk, entry]), int(running.units[chunk, entry]))
        for chunk in chunks
        for entry in range(running.count[chunk])
    ]
    assert entries == sorted(model.items())
    counts = [int(running.count[chunk]) for chunk in chunks]
    assert all(counts)
    assert all(one + other > CHUNK // 2 for one, other in itertools.pairwise(counts))
    for chunk in chunks:
        assert running.total[chunk] == running.units[chunk, : running.count[chunk]].sum()
    assert sorted(running.order) == list(range(len(running.order)))


@given(data=st.data(), seed=st.integers(0, 2**32))
def test_any_order_of_additions_and_removals_keeps_the_invariant(data: st.DataObject, seed: int) -> None:
    import random

    draw = random.Random(seed)
    running, model = nothing_running(TIMES), dict[int, int]()
    for share_added in data.draw(st.lists(st.sampled_from([0.1, 0.4, 0.6, 0.95]), min_size=1, max_size=6)):
        for _ in range(TIMES):
            if model and draw.random() > share_added:
                # Often from one end, so that chunks run empty there.
                time = draw.choice([min(model), max(model), draw.choice(list(model))])
                units = draw.randint(1, model[time])
                take_back(running, time, units)
                model[time] -= units
                if model[time] == 0:
                    del model[time]
            else:
                time, units = draw.randrange(TIMES), draw.randint(1, 9)
                expect(running, time, units)
                model[time] = model.get(time, 0) + units
        check_invariant(running, model)


@given(units=st.lists(st.integers(1, 9), min_size=1, max_size=3 * CHUNK), data=st.data())
def test_when_free_is_the_first_time_at_which_so_many_are_back(units: list[int], data: st.DataObject) -> None:
    running = nothing_running(len(units))
    for time, count in enumerate(units):
        expect(running, 10 * time, count)
    wanted = data.draw(st.integers(1, sum(units)))
    back = [sum(units[: time + 1]) for time in range(len(units))]
    first = next(time for time, count in enumerate(back) if count >= wanted)
    assert when_free(running, 5, wanted + 5) == (10 * first, back[first] + 5)
    assert first_expected(running) == 0
