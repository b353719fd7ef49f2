"""Decisions made again by the twin's kernel come out as they were made, and a changed one is noticed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fabrica.placement.rank import rank
from fabrica.placement.snapshot import CandidateState, Needs, Snapshot
from fabrica.planning.decisions import replay_decisions
from fabrica.values.ids import PlacementId, RunId, SiteId
from fabrica.wire.placement import KeptDecision


def kept_decision(waits: list[float | None], devices: int, run: RunId) -> KeptDecision:
    needs = Needs(
        run=run,
        resource_class="gpu.h100",
        nodes=1,
        devices_per_node=devices,
        memory_bytes_per_node=0,
        disk_bytes=0,
        time_limit_seconds=3600,
    )
    candidates = tuple(
        CandidateState(
            site=f"site-{number}",
            site_name=f"Site {number}",
            partition="gpu",
            country="FI",
            resource_class="gpu.h100",
            agent_age_seconds=1,
            devices_per_node=4,
            devices_total=64,
            wait_q50_seconds=wait,
            wait_q90_seconds=wait,
            wait_samples=100,
            allocation_free_milliseconds=10**12,
        )
        for number, wait in enumerate(waits)
    )
    snapshot = Snapshot(needs=needs, candidates=candidates, decided_at="2026-11-21T12:00:00Z")
    made = rank(snapshot)
    return KeptDecision(
        placement=PlacementId.new(),
        snapshot=snapshot.to_json().decode(),
        snapshot_sha256=made.snapshot_sha256,
        chosen=made.chosen,
        chosen_partition=made.chosen_partition,
    )


@settings(max_examples=50)
@given(
    st.lists(st.none() | st.floats(0, 1e6, allow_nan=False), max_size=6),
    st.integers(1, 8),
    st.booleans(),
)
def test_every_decision_comes_out_as_it_was_made(waits: list[float | None], devices: int, plain: bool) -> None:
    found = replay_decisions([kept_decision(waits, devices, RunId.new())], plain=plain)
    assert (found.decisions, found.different, found.equal_share) == (1, (), 1.0)
    assert found.held == (not waits or devices > 4)


def test_a_decision_that_was_changed_is_noticed() -> None:
    kept = kept_decision([None, None], 1, RunId.new())  # alike, so the draw of the run's id decides
    other = SiteId("site-1" if kept.chosen == "site-0" else "site-0")
    found = replay_decisions([kept, kept.model_copy(update={"chosen": other})])
    assert found.equal_share == 0.5
    assert (found.different[0].was, found.different[0].is_now) == (f"{other} (gpu)", f"{kept.chosen} (gpu)")


def test_nothing_to_replay_is_nothing_different() -> None:
    assert replay_decisions([]).equal_share == pytest.approx(1.0)
