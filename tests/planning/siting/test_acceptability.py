"""Shares of ranks: complete, repeatable, fair to what is alike, and wide where nothing is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.siting.acceptability import acceptability
from fabrica.planning.siting.criteria import Measure
from tests.planning.siting.sites import measure
from tests.planning.siting.test_pareto import KEYS, sites


@given(sites, st.integers(0, 100))
def test_every_draw_gives_each_site_one_rank_and_each_rank_one_site(
    rows: dict[str, dict[str, Measure]], seed: int
) -> None:
    found = acceptability(rows, KEYS, draws=20, seed=seed)
    for shares in [one.shares for one in found.ranks.values()]:
        assert sum(shares) == pytest.approx(1)
    for rank in range(len(rows)):
        assert sum(one.shares[rank] for one in found.ranks.values()) == pytest.approx(1)
    for one in found.ranks.values():
        assert one.weights is None or sum(one.weights.values()) == pytest.approx(1)


def test_the_same_seed_gives_the_same_shares() -> None:
    rows = {"a": {"pue": measure(1.1, 1.4)}, "b": {"pue": measure(1.2)}}
    assert acceptability(rows, ["pue"], seed=7) == acceptability(rows, ["pue"], seed=7)
    assert acceptability(rows, ["pue"], seed=7) != acceptability(rows, ["pue"], seed=8)


def test_the_best_in_everything_is_always_first() -> None:
    rows = {
        "good": {"pue": measure(1.1), "land_hectares": measure(50)},
        "bad": {"pue": measure(1.2), "land_hectares": measure(40)},
    }
    assert acceptability(rows, KEYS[:2]).ranks["good"].shares == (1.0, 0.0)


def test_two_of_which_each_is_best_in_one_share_the_first_rank() -> None:
    rows = {
        "cool": {"pue": measure(1.1), "land_hectares": measure(40)},
        "wide": {"pue": measure(1.2), "land_hectares": measure(50)},
    }
    found = acceptability(rows, KEYS[:2], draws=4000)
    assert found.ranks["cool"].shares[0] == pytest.approx(0.5, abs=2 * found.half_width)
    weights = found.ranks["cool"].weights
    assert weights is not None
    assert weights["pue"] == pytest.approx(0.75, abs=0.02)  # of weights uniform on the half where it counts more


def test_a_site_of_which_nothing_is_known_may_take_any_rank() -> None:
    rows = {"good": {"pue": measure(1.1)}, "bad": {"pue": measure(1.3)}, "unknown": {}}
    shares = acceptability(rows, ["pue"]).ranks["unknown"].shares
    assert shares[1] == pytest.approx(1)  # it lies between the ends of the scale that the others make
    wider = {"good": {"pue": measure(1.1, 1.3)}, "bad": {"pue": measure(1.1, 1.3)}, "unknown": {}}
    assert all(share > 0.25 for share in acceptability(wider, ["pue"]).ranks["unknown"].shares)
