"""Stops cost what Young and Daly say, and options help where they should."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.training.goodput import OPTIONS, Stops, best_interval_seconds, daly_share, goodput, spare_nodes

HOUR = 3600.0
# Device count, mean hours between stops, and for (blocked, restart) seconds the useful share, worked out elsewhere.
KNOWN = [
    (1_024, 49.5, {(60, 900): 0.969, (10, 300): 0.988, (2, 60): 0.995}),
    (16_384, 3.1, {(60, 900): 0.830, (10, 300): 0.933, (2, 60): 0.976}),
    (100_000, 0.51, {(60, 900): 0.467, (10, 300): 0.763, (2, 60): 0.923}),
]


@pytest.mark.parametrize(("devices", "mean_hours", "shares"), KNOWN)
def test_useful_shares_agree_with_those_worked_out_elsewhere(
    devices: int, mean_hours: float, shares: dict[tuple[int, int], float]
) -> None:
    assert goodput(devices, Stops()).mean_seconds_between_stops == pytest.approx(mean_hours * HOUR, rel=0.01)
    mean = goodput(devices, Stops()).mean_seconds_between_stops
    for (blocked, restart), share in shares.items():
        interval = best_interval_seconds(mean, blocked)
        assert daly_share(mean, interval, blocked, restart) == pytest.approx(share, abs=0.004)


@given(st.floats(60, 1e7), st.floats(0.01, 600))
def test_no_other_interval_wastes_less(mean: float, blocked: float) -> None:
    best = best_interval_seconds(mean, blocked)
    here = daly_share(mean, best, blocked, 60)
    assert 0 < best < mean
    for factor in (0.8, 0.95, 1.05, 1.25):
        assert daly_share(mean, best * factor, blocked, 60) <= here * (1 + 1e-9)


@given(st.integers(8, 1_000_000), st.integers(8, 4096))
def test_a_share_is_a_share(devices: int, replica: int) -> None:
    for option in OPTIONS.values():
        found = goodput(devices, option, replica)
        assert 0 <= found.useful_share < 1
        assert found.devices_held >= devices


def test_waiting_for_repairs_costs_most() -> None:
    waits = Stops(spares=False)
    assert goodput(16_384, waits).useful_share < 0.5 * goodput(16_384, Stops()).useful_share
    assert goodput(16_384, waits).devices_held == 16_384


def test_copies_in_memory_help_a_large_pool() -> None:
    stored, in_memory, elastic, bare = (
        goodput(100_000, OPTIONS[name], 64).useful_share for name in ("storage", "memory", "elastic", "bare")
    )
    assert bare < 0.01
    assert in_memory > stored + 0.1
    assert elastic > stored + 0.1


@given(st.floats(0, 2000))
def test_spares_are_those_in_repair_and_about_two_deviations_more(down: float) -> None:
    assert down <= spare_nodes(down) + 0.024
    assert abs(spare_nodes(down) - (down + 2 * down**0.5)) < 2


def test_a_small_pool_holds_no_spare_node_and_waits_for_its_rare_repairs() -> None:
    small = goodput(8, Stops())
    assert small.devices_held == 8
    assert small.useful_share == goodput(8, Stops(spares=False)).useful_share
    assert goodput(64, Stops()).devices_held == 72
