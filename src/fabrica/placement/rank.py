"""Rank the candidates of one run and say why: the kernel decides, the other modules tell."""

from fabrica.placement import columns as c
from fabrica.placement.encode import Encoded, encode
from fabrica.placement.filters import reasons, refusing
from fabrica.placement.flip import smallest_change
from fabrica.placement.kernel import Answer, answer_lists, choose
from fabrica.placement.nearest import nearest
from fabrica.placement.snapshot import CandidateState, Snapshot, place
from fabrica.placement.terms import TERM_CODES, terms
from fabrica.values.ids import RunId, SiteId
from fabrica.values.time import from_rfc3339
from fabrica.wire.placement import Candidate, Flip, Placement, Reason, Term


def rank(snapshot: Snapshot) -> Placement:
    """Choose a candidate and return the placement with every reason.

    Raises:
        SnapshotMalformed: a number of the snapshot is not finite.
    """
    encoded = encode(snapshot)
    answer = answer_lists(len(snapshot.candidates))
    chosen = choose(encoded.facts, encoded.needs, encoded.policy, answer)
    order = _order(encoded, answer)
    scores = [answer.scores[row] for row in order]
    winner = snapshot.candidates[chosen] if order else None
    return Placement(
        run=RunId(snapshot.needs.run),
        policy_version=snapshot.policy.version,
        decided_at=from_rfc3339(snapshot.decided_at),
        chosen=SiteId(winner.site) if winner else None,
        chosen_partition=winner.partition if winner else None,
        candidates=_candidates(snapshot, answer, order),
        margin=scores[1] - scores[0] if len(scores) > 1 else None,
        flip=_flip(snapshot, encoded, answer, chosen) if winner else None,
        nearest=None if winner else nearest(snapshot, answer.refused),
        snapshot_sha256=snapshot.sha256(),
    )


def refusals(snapshot: Snapshot) -> list[list[str]]:
    """Return for each candidate the codes of what refuses it, none where it is able; a fraction of the work of `rank`.

    Raises:
        SnapshotMalformed: a number of the snapshot is not finite.
    """
    encoded = encode(snapshot)
    answer = answer_lists(len(snapshot.candidates))
    choose(encoded.facts, encoded.needs, encoded.policy, answer)
    return [refusing(bits) for bits in answer.refused]


def replay(snapshot_json: bytes) -> Placement:
    """Return the placement that a kept snapshot gave, byte for byte.

    Raises:
        SnapshotMalformed: the text is no snapshot.
    """
    return rank(Snapshot.from_json(snapshot_json))


def _order(encoded: Encoded, answer: Answer) -> list[int]:
    """Return the able rows, best first, in the kernel's own order: score, then tie, then row."""
    able = [row for row, bits in enumerate(answer.refused) if bits == 0]
    return sorted(able, key=lambda row: (answer.scores[row], encoded.facts[row][c.TIE], row))


def _candidates(snapshot: Snapshot, answer: Answer, order: list[int]) -> tuple[Candidate, ...]:
    """Return every candidate with its reasons: the able best first, then the refused by site and partition."""
    told = reasons(snapshot.needs, snapshot.policy, snapshot.candidates, answer.refused)
    scored = zip(order, terms(snapshot, answer, order), strict=True)
    able = [
        _candidate(snapshot.candidates[row], told[row], its_terms, answer.scores[row], rank_here)
        for rank_here, (row, its_terms) in enumerate(scored, start=1)
    ]
    refused = [
        _candidate(snapshot.candidates[row], told[row], (), None, None)
        for row, bits in enumerate(answer.refused)
        if bits
    ]
    return tuple(able + refused)


def _candidate(
    state: CandidateState, told: tuple[Reason, ...], its_terms: tuple[Term, ...], score: float | None, rank: int | None
) -> Candidate:
    return Candidate.trusted(
        site=SiteId(state.site),
        site_name=state.site_name,
        partition=state.partition,
        country=state.country,
        simulated=state.simulated,
        devices_spare=state.devices_spare,
        able=rank is not None,
        reasons=told,
        terms=its_terms,
        score=score,
        rank=rank,
    )


def _flip(snapshot: Snapshot, encoded: Encoded, answer: Answer, chosen: int) -> Flip | None:
    change = smallest_change(snapshot, encoded, answer, chosen)
    if change is None:
        return None
    other = snapshot.candidates[change.chosen]
    return Flip(
        site=SiteId(other.site),
        partition=other.partition,
        term=TERM_CODES[change.term],
        words=f"{change.words}, {place(other)} would have been chosen.",
    )
