"""Placement as a whole: properties that hold for every snapshot, and stories."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.placement.filters import FILTERS
from fabrica.placement.rank import rank, refusals, replay
from fabrica.placement.snapshot import Snapshot
from fabrica.wire.placement import Candidate, Placement
from tests.placement.builders import make_candidate, make_needs, make_snapshot
from tests.placement.strategies import contested_snapshots, snapshots

ANY = snapshots() | contested_snapshots()


def test_every_candidate_shows_every_reason_even_when_the_first_refuses() -> None:
    lost = make_candidate("lost", agent_age_seconds=None, nodes=0, allocation_free_milliseconds=None)
    placement = rank(make_snapshot(lost))
    (candidate,) = placement.candidates
    assert [reason.code for reason in candidate.reasons if not reason.passed] == ["no_agent", "allocation", "nodes"]
    assert len(candidate.reasons) == len(FILTERS)


def test_nobody_is_chosen_from_no_candidates() -> None:
    placement = rank(make_snapshot())
    assert (placement.chosen, placement.chosen_partition, placement.candidates) == (None, None, ())
    assert (placement.margin, placement.flip, placement.nearest) == (None, None, None)


def test_only_able_candidate_is_chosen_without_a_margin() -> None:
    placement = rank(make_snapshot(make_candidate("alpha"), make_candidate("beta", draining=True)))
    assert (placement.chosen, placement.chosen_partition) == ("alpha", "gpu")
    assert (placement.margin, placement.flip, placement.nearest) == (None, None, None)


def test_equal_candidates_are_shared_out_over_the_runs() -> None:
    equal = [make_candidate(name) for name in ("alpha", "beta", "gamma", "delta")]
    runs = [make_needs(run=f"run_01jd00000000000000000000{number:02d}") for number in range(32)]
    assert len({rank(make_snapshot(*equal, needs=needs)).chosen for needs in runs}) == 4


@given(ANY)
def test_same_snapshot_gives_the_same_bytes_when_replayed(snapshot: Snapshot) -> None:
    assert replay(snapshot.to_json()).model_dump_json() == rank(snapshot).model_dump_json()


@given(ANY)
def test_what_refuses_each_candidate_is_found_without_words_as_with_them(snapshot: Snapshot) -> None:
    told = [
        (one.site, one.partition, [reason.code for reason in one.reasons if not reason.passed])
        for one in rank(snapshot).candidates
    ]
    untold = zip(snapshot.candidates, refusals(snapshot), strict=True)
    assert sorted(told) == sorted((one.site, one.partition, codes) for one, codes in untold)


@given(ANY)
def test_a_placement_is_right_on_the_wire_though_its_parts_are_made_unchecked(snapshot: Snapshot) -> None:
    placement = rank(snapshot)
    assert Placement.model_validate_json(placement.model_dump_json()) == placement
    for candidate in placement.candidates:
        for part in (candidate, *candidate.reasons, *candidate.terms):
            assert set(vars(part)) == set(type(part).model_fields)


@given(ANY, st.randoms(use_true_random=False))
def test_order_of_the_candidates_does_not_matter(snapshot: Snapshot, order: random.Random) -> None:
    shuffled = list(snapshot.candidates)
    order.shuffle(shuffled)
    assert rank(replace(snapshot, candidates=tuple(shuffled))) == rank(snapshot)


@given(ANY)
def test_a_refused_candidate_has_a_failed_reason_and_never_wins(snapshot: Snapshot) -> None:
    placement = rank(snapshot)
    for candidate in placement.candidates:
        assert candidate.able == all(reason.passed for reason in candidate.reasons)
        assert candidate.able == (candidate.score is not None) == (candidate.rank is not None) == bool(candidate.terms)
        if not candidate.able:
            assert (candidate.site, candidate.partition) != (placement.chosen, placement.chosen_partition)


@given(ANY)
def test_the_best_ranked_candidate_is_the_chosen_one(snapshot: Snapshot) -> None:
    placement = rank(snapshot)
    able = [candidate for candidate in placement.candidates if candidate.able]
    assert [candidate.rank for candidate in able] == list(range(1, len(able) + 1))
    assert [candidate.score for candidate in able] == sorted(score(candidate) for candidate in able)
    if able:
        assert (able[0].site, able[0].partition) == (placement.chosen, placement.chosen_partition)
        assert placement.nearest is None
    else:
        assert placement.chosen is None
        assert bool(placement.nearest) == bool(snapshot.candidates)
    if len(able) > 1:
        assert placement.margin == score(able[1]) - score(able[0])


@given(ANY)
def test_a_score_is_the_weighted_sum_of_terms_in_0_to_1(snapshot: Snapshot) -> None:
    for candidate in rank(snapshot).candidates:
        assert all(0.0 <= term.value <= 1.0 for term in candidate.terms)
        if candidate.able:
            assert score(candidate) == pytest.approx(sum(term.weight * term.value for term in candidate.terms))


WORSE = {
    "wait": lambda state: replace(
        state,
        wait_q50_seconds=(state.wait_q50_seconds or 0) + 500,
        wait_q90_seconds=None if state.wait_q90_seconds is None else state.wait_q90_seconds + 500,
    ),
    "spare": lambda state: replace(state, devices_spare=state.devices_spare // 2 - 1),
    "carbon": lambda state: replace(state, gco2e_per_kwh=state.gco2e_per_kwh * 1.5 + 1),
    "power": lambda state: replace(state, device_watts=state.device_watts * 1.5 + 1),
    "speed": lambda state: replace(state, relative_speed=state.relative_speed / 2),
    "failure": lambda state: replace(state, failure_share=(1 + state.failure_share) / 2),
    "data": lambda state: replace(state, data_here_bytes=state.data_here_bytes // 2),
    "link": lambda state: replace(state, link_bytes_per_second=state.link_bytes_per_second / 2),
    "end": lambda state: replace(state, allocation_ends_in_seconds=state.allocation_ends_in_seconds * 2),
}
NEEDED = {
    "wait": "wait_q50_seconds",
    "spare": "devices_spare",
    "carbon": "gco2e_per_kwh",
    "power": "device_watts",
    "speed": "relative_speed",
    "failure": "failure_share",
    "data": "data_here_bytes",
    "link": "link_bytes_per_second",
    "end": "allocation_ends_in_seconds",
}


@given(contested_snapshots(), st.sampled_from(sorted(WORSE)))
def test_a_worse_input_of_a_candidate_never_lets_it_overtake_another(snapshot: Snapshot, what: str) -> None:
    before = rank(snapshot)
    for index, state in enumerate(snapshot.candidates):
        if getattr(state, NEEDED[what]) is None:
            continue
        states = list(snapshot.candidates)
        states[index] = WORSE[what](state)
        after = rank(replace(snapshot, candidates=tuple(states)))
        for other in snapshot.candidates:
            if other is not state:
                lead_before = score_of(before, state.site, state.partition) - score_of(
                    before, other.site, other.partition
                )
                lead_after = score_of(after, state.site, state.partition) - score_of(after, other.site, other.partition)
                assert lead_after >= lead_before - 1e-9


def score(candidate: Candidate) -> float:
    assert candidate.score is not None
    return candidate.score


def score_of(placement: Placement, site: str, partition: str) -> float:
    return next(score(one) for one in placement.candidates if (one.site, one.partition) == (site, partition))
