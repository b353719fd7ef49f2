"""A site is beaten only when it is surely worse, whatever its unknown figures turn out to be."""

from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.siting.criteria import Measure
from fabrica.planning.siting.pareto import beaten_by
from tests.planning.siting.sites import measure

KEYS = ("pue", "land_hectares", "price_eur_per_megawatt_hour")
figures = st.none() | st.tuples(st.integers(1, 9), st.integers(0, 3)).map(lambda pair: measure(pair[0], sum(pair)))
sites = st.lists(st.tuples(*[figures] * 3), min_size=1, max_size=6).map(
    lambda rows: {
        str(place): {key: one for key, one in zip(KEYS, row, strict=True) if one is not None}
        for place, row in enumerate(rows)
    }
)


def test_a_site_that_is_better_in_everything_beats() -> None:
    good = {"pue": measure(1.1), "land_hectares": measure(50)}
    bad = {"pue": measure(1.2), "land_hectares": measure(40)}
    assert beaten_by({"good": good, "bad": bad}, KEYS[:2]) == {"good": (), "bad": ("good",)}


def test_intervals_that_overlap_decide_nothing() -> None:
    one, other = {"pue": measure(1.1, 1.3)}, {"pue": measure(1.2, 1.4)}
    assert beaten_by({"one": one, "other": other}, ["pue"]) == {"one": (), "other": ()}


@given(sites)
def test_somebody_is_always_left_and_nobody_beats_whom_it_is_beaten_by(rows: dict[str, dict[str, Measure]]) -> None:
    beaten = beaten_by(rows, KEYS)
    assert any(not better for better in beaten.values())
    for one, better in beaten.items():
        assert all(one not in beaten[other] for other in better)


@given(sites, st.sampled_from(KEYS))
def test_forgetting_a_figure_never_beats_anybody_more(rows: dict[str, dict[str, Measure]], key: str) -> None:
    before = beaten_by(rows, KEYS)
    rows["0"].pop(key, None)
    after = beaten_by(rows, KEYS)
    assert all(set(after[one]) <= set(before[one]) for one in rows)
