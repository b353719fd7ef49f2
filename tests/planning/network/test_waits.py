"""What a site tells is the quantiles of its last waits; old ones are forgotten."""

import pytest

numpy = pytest.importorskip("numpy")
pytest.importorskip("numba")

from fabrica.planning.network.arithmetic import size_class  # noqa: E402 (the module needs NumPy)
from fabrica.planning.network.codes import LOOK_BACK, POOL, WINDOW  # noqa: E402 (needs NumPy)
from fabrica.planning.network.waits import Waits, no_waits, note_wait, tell  # noqa: E402


def _one() -> Waits:
    return Waits(*(column[0] for column in no_waits(1)))


def test_sizes_double_from_class_to_class() -> None:
    assert [size_class(units) for units in (1, 2, 3, 4, 5, 8, 9, 1024)] == [0, 1, 2, 2, 3, 3, 4, 10]


def test_the_quantiles_told_are_within_a_step_of_those_of_the_last_waits() -> None:
    waits, draw = _one(), numpy.random.default_rng(1)
    seconds = draw.integers(1, 50_000, 700)
    for one in seconds:
        note_wait(waits, 4, int(one), 10)
    tell(waits, 20)
    for place, share in ((0, 0.5), (1, 0.9)):
        true = numpy.quantile(seconds[-WINDOW:], share, method="inverted_cdf")
        assert true <= waits.told[2, place] <= true * 2**0.25 * 1.001
    assert waits.told[2, 2] == waits.told[POOL, 2] == WINDOW


def test_waits_older_than_the_look_back_count_no_more() -> None:
    waits = _one()
    for at in range(40):
        note_wait(waits, 1, 3600, at)
    tell(waits, LOOK_BACK + 35)
    assert waits.told[0, 2] == 5
    assert waits.steps[0].sum() == 5
