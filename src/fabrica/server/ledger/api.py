"""REST endpoints of the ledger: corrections. Balances and statements are asked through a project, in `access`."""

from ninja import Router

from fabrica.server.core import idempotency
from fabrica.server.core.requests import Asked
from fabrica.server.ledger import corrections, queries
from fabrica.values.ids import CorrectionId
from fabrica.wire.ledger import Correction, CorrectionDecision, CorrectionState, NewCorrection

router = Router(tags=["ledger"])


@router.get("/corrections", response=list[Correction])
def listed(request: Asked, state: CorrectionState | None = None) -> list[Correction]:
    """The newest corrections. Operators and auditors only."""
    return list(queries.corrections(request.auth, state))


@router.post("/corrections", response={201: Correction})
def propose(request: Asked, body: NewCorrection) -> Correction:
    """Propose to right a wrong grant or charge; nothing is posted before another operator approves. Operators only."""

    def act() -> str:
        return corrections.propose(
            request.auth, transfer=body.transfer, right_milliseconds=body.right_milliseconds, reason=body.reason
        )

    return queries.correction(CorrectionId(idempotency.once(request, act)))


@router.post("/corrections/{correction}/approve", response=Correction)
def approve(request: Asked, correction: CorrectionId, body: CorrectionDecision) -> Correction:
    """Approve what another operator proposed, and post it. Operators only."""
    corrections.approve(request.auth, correction=correction, words=body.words)
    return queries.correction(correction)


@router.post("/corrections/{correction}/refuse", response=Correction)
def refuse(request: Asked, correction: CorrectionId, body: CorrectionDecision) -> Correction:
    """Refuse a proposed correction, or take back one's own. Operators only."""
    corrections.refuse(request.auth, correction=correction, words=body.words)
    return queries.correction(correction)
