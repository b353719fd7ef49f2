"""The smallest change that would have chosen another candidate."""

from typing import Any

from hypothesis import given, settings

from fabrica.placement.encode import encode
from fabrica.placement.flip import Change, apply, smallest_change
from fabrica.placement.kernel import answer_lists, choose
from fabrica.placement.rank import rank
from fabrica.placement.snapshot import Policy, Snapshot, Weights
from tests.placement.builders import DAY_SECONDS, GIBIBYTE, make_candidate, make_snapshot
from tests.placement.strategies import contested_snapshots

ONLY_TIME = Policy(weights=Weights(time_to_result=1, carbon=0, balance=0, risk=0, movement=0))
ONLY_CARBON = Policy(weights=Weights(time_to_result=0, carbon=1, balance=0, risk=0, movement=0))
ONLY_BALANCE = Policy(weights=Weights(time_to_result=0, carbon=0, balance=1, risk=0, movement=0))
ONLY_RISK = Policy(weights=Weights(time_to_result=0, carbon=0, balance=0, risk=1, movement=0))
ONLY_MOVEMENT = Policy(weights=Weights(time_to_result=0, carbon=0, balance=0, risk=0, movement=1))


def test_a_shorter_wait_is_told_as_people_say_it() -> None:
    snapshot = make_snapshot(
        make_candidate("alpha", wait_q50_seconds=2400, wait_q90_seconds=5400),
        make_candidate("beta", wait_q50_seconds=7200, wait_q90_seconds=10_200),
        policy=ONLY_TIME,
    )
    placement = rank(snapshot)
    assert placement.chosen == "alpha"
    assert placement.flip is not None
    assert (placement.flip.site, placement.flip.term) == ("beta", "time_to_result")
    assert placement.flip.words == (
        "If the wait at Beta (gpu) fell from 2 h to 39 min 59 s, Beta (gpu) would have been chosen."
    )


def test_a_cleaner_grid_flips_a_choice_by_carbon() -> None:
    snapshot = make_snapshot(
        make_candidate("alpha", gco2e_per_kwh=100), make_candidate("beta", gco2e_per_kwh=120), policy=ONLY_CARBON
    )
    placement = rank(snapshot)
    assert placement.flip is not None
    assert placement.flip.words == (
        "If the grid's carbon intensity at Beta (gpu) fell from 120 to 99 g/kWh, Beta (gpu) would have been chosen."
    )


def test_an_earlier_end_flips_a_choice_by_balance() -> None:
    snapshot = make_snapshot(
        make_candidate("alpha", allocation_ends_in_seconds=10 * DAY_SECONDS),
        make_candidate("beta", allocation_ends_in_seconds=12 * DAY_SECONDS),
        policy=ONLY_BALANCE,
    )
    placement = rank(snapshot)
    assert placement.flip is not None
    assert placement.flip.words == (
        "If the allocation at Beta (gpu) ended in 9 days 23 h instead of 12 days, Beta (gpu) would have been chosen."
    )


def test_fewer_failures_or_data_in_place_flip_a_choice() -> None:
    by_risk = rank(make_snapshot(make_candidate("alpha"), make_candidate("beta", failure_share=0.03), policy=ONLY_RISK))
    assert by_risk.flip is not None
    assert "failed by the site" in by_risk.flip.words
    by_data = rank(
        make_snapshot(
            make_candidate("alpha", data_here_bytes=8 * GIBIBYTE),
            make_candidate("beta", data_here_bytes=7 * GIBIBYTE),
            policy=ONLY_MOVEMENT,
        )
    )
    assert by_data.flip is not None
    assert by_data.flip.words.startswith("If 8.0 GiB of the data instead of 7.0 GiB were at Beta (gpu)")


def test_a_weight_is_told_when_it_decides() -> None:
    snapshot = make_snapshot(
        make_candidate("alpha", wait_q50_seconds=60, wait_q90_seconds=3060, gco2e_per_kwh=700),
        make_candidate("beta", wait_q50_seconds=86_400, wait_q90_seconds=89_400, gco2e_per_kwh=30),
        policy=Policy(weights=Weights(time_to_result=0.5, carbon=0.48, balance=0, risk=0, movement=0)),
    )
    placement = rank(snapshot)
    assert placement.flip is not None
    assert placement.flip.term in ("time_to_result", "carbon")
    assert " counted 0." in placement.flip.words


def test_no_change_is_told_where_nothing_is_known() -> None:
    unknown: dict[str, Any] = {
        "wait_samples": 0,
        "gco2e_per_kwh": None,
        "failure_share": None,
        "allocation_ends_in_seconds": None,
        "data_here_bytes": None,
    }
    placement = rank(make_snapshot(make_candidate("alpha", **unknown), make_candidate("beta", **unknown)))
    assert placement.chosen is not None
    assert placement.flip is None


@settings(max_examples=300)
@given(contested_snapshots())
def test_a_flip_really_flips_when_it_is_applied(snapshot: Snapshot) -> None:
    change = find(snapshot)
    if change is None:
        return
    before, after = rank(snapshot), rank(apply(snapshot, change))
    other = snapshot.candidates[change.chosen]
    assert (after.chosen, after.chosen_partition) == (other.site, other.partition)
    assert (after.chosen, after.chosen_partition) != (before.chosen, before.chosen_partition)
    assert before.flip is not None
    assert (before.flip.site, before.flip.partition) == (other.site, other.partition)
    assert before.flip.words.startswith(change.words)


@settings(max_examples=200)
@given(contested_snapshots())
def test_a_flip_exists_whenever_a_rival_is_better_in_some_term(snapshot: Snapshot) -> None:
    placement = rank(snapshot)
    winner, *rivals = (candidate for candidate in placement.candidates if candidate.able)
    better = any(
        theirs.value < ours.value - 1e-3
        for rival in rivals
        for theirs, ours in zip(rival.terms, winner.terms, strict=True)
    )
    if better:
        assert placement.flip is not None


def find(snapshot: Snapshot) -> Change | None:
    encoded = encode(snapshot)
    answer = answer_lists(len(snapshot.candidates))
    return smallest_change(snapshot, encoded, answer, choose(*encoded, answer))
