"""Rank the candidates of one run and say why: the kernel decides, the other modules tell."""

from fabrica.placement import columns as c
from fabrica.placement.encode import Encoded, encode
from fabrica.placement.filters import reasons
from fabrica.placement.flip import smallest_change
from fabrica.placement.kernel import Answer, answer_lists, choose
from fabrica.placement.nearest import nearest
from fabrica.placement.snapshot import Snapshot, place
from fabrica.placement.terms import TERM_CODES, terms
from fabrica.values.ids import RunId, SiteId
from fabrica.values.time import from_rfc3339
from fabrica.wire.placement import Candidate, Flip, Placement, Term


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
    refused = [row for row, bits in enumerate(answer.refused) if bits]
    listed = []
    for rank_here, row in enumerate(order + refused, start=1):
        able = answer.refused[row] == 0
        candidate = snapshot.candidates[row]
        listed.append(
            Candidate.trusted(
                site=SiteId(candidate.site),
                site_name=candidate.site_name,
                partition=candidate.partition,
                country=candidate.country,
                simulated=candidate.simulated,
                able=able,
                reasons=told[row],
                terms=_terms(snapshot, answer, row) if able else (),
                score=answer.scores[row] if able else None,
                rank=rank_here if able else None,
            )
        )
    return tuple(listed)


def _terms(snapshot: Snapshot, answer: Answer, row: int) -> tuple[Term, ...]:
    figures, values, missing = answer.figures[row], answer.values[row], answer.missing[row]
    return terms(snapshot.needs, snapshot.candidates[row], snapshot.policy, figures, values, missing)


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
