"""Snapshots: one canonical text, read back to the same bytes, and refused when it is not one."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from fabrica.placement.rank import rank
from fabrica.placement.snapshot import Snapshot
from fabrica.wire.placement import SnapshotMalformed
from tests.placement.builders import make_candidate, make_snapshot
from tests.placement.strategies import contested_snapshots, snapshots


@given(snapshots() | contested_snapshots())
def test_a_snapshot_read_back_is_the_same_to_the_byte(snapshot: Snapshot) -> None:
    again = Snapshot.from_json(snapshot.to_json())
    assert again == snapshot
    assert again.to_json() == snapshot.to_json()
    assert again.sha256() == snapshot.sha256()


ADDED_TO_NEEDS: dict[str, Any] = {"interactive": False, "sites": None}
ADDED_TO_CANDIDATES = {"interactive"}


@given(snapshots() | contested_snapshots())
def test_a_snapshot_that_was_kept_before_a_field_was_added_is_decided_as_it_was(snapshot: Snapshot) -> None:
    snapshot = replace(snapshot, needs=replace(snapshot.needs, **ADDED_TO_NEEDS))
    older = Snapshot.from_json(_as_kept_before(snapshot))
    before, now = rank(snapshot), rank(older)
    assert (before.chosen, before.chosen_partition) == (now.chosen, now.chosen_partition)
    assert [(one.site, one.partition, one.score) for one in before.candidates] == [
        (one.site, one.partition, one.score) for one in now.candidates
    ]


def _as_kept_before(snapshot: Snapshot) -> bytes:
    """Return the text of a snapshot as the version before these fields wrote it."""
    written = json.loads(snapshot.to_json())
    for name in ADDED_TO_NEEDS:
        del written["needs"][name]
    kept = [at for at, name in enumerate(written["columns"]) if name not in ADDED_TO_CANDIDATES]
    written["columns"] = [written["columns"][at] for at in kept]
    written["candidates"] = [[row[at] for at in kept] for row in written["candidates"]]
    return json.dumps(written).encode()


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (b'"nodes":1,', b'"nodes":"one",', "needs.nodes"),
        (b'"gpu.h100",false,5,', b'"gpu.h100",false,Infinity,', "candidates.0.agent_age_seconds"),
        (b'"partition",', b'"queue",', "candidates.0"),
        (b'"partition",', b"", "start"),
        (b'"columns":', b'"rows":', "start"),
        (b'"policy":', b'"law":', "law"),
        (b'"decided_at":"2026', b'"decided_at":"soon', "instant"),
        (b"{", b"", "start"),
    ],
)
def test_a_malformed_snapshot_is_refused_and_says_where(old: bytes, new: bytes, where: str) -> None:
    text = make_snapshot(make_candidate()).to_json()
    assert old in text
    with pytest.raises(SnapshotMalformed, match=where):
        Snapshot.from_json(text.replace(old, new, 1))


def test_a_candidate_that_stands_in_it_twice_is_refused() -> None:
    with pytest.raises(SnapshotMalformed, match="Partition gpu of site alpha is a candidate twice"):
        make_snapshot(make_candidate(), make_candidate(nodes=5))


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_is_not_finite_is_refused_before_anything_is_decided(number: float) -> None:
    odd = make_candidate("beta", wait_q50_seconds=number)
    for others in ([], [make_candidate("alpha")], [make_candidate("alpha", wait_q50_seconds=None)]):
        with pytest.raises(SnapshotMalformed, match="partition gpu of site beta is not finite"):
            rank(make_snapshot(odd, *others))


def test_the_fingerprint_changes_with_every_input() -> None:
    snapshot = make_snapshot(make_candidate())
    other = replace(snapshot, needs=replace(snapshot.needs, disk_bytes=1))
    assert snapshot.sha256() != other.sha256() == replace(other).sha256()
