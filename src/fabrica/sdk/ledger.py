"""The ledger's corrections: one operator proposes, another decides. Statements are in `access`."""

from fabrica.sdk.client import Client
from fabrica.sdk.typed import typed
from fabrica.values.ids import CorrectionId, TransferId
from fabrica.wire.ledger import Correction, CorrectionDecision, CorrectionState, NewCorrection


def corrections(client: Client, *, state: CorrectionState | None = None) -> tuple[Correction, ...]:
    """Return the newest corrections.

    Raises:
        NotAllowed: the caller is neither operator nor auditor.
    """
    return client.get_list("/corrections", Correction, state=state)


def propose(client: Client, transfer: TransferId, right_milliseconds: int, reason: str) -> Correction:
    """Propose what would be right in the place of a wrong grant or charge; nothing is posted yet.

    Raises:
        NotAllowed: the caller is no operator.
        TransferUnknown, CorrectionRefused, InsufficientBalance: it cannot be righted so; the words say why.
    """
    body = typed(NewCorrection, transfer=transfer, right_milliseconds=right_milliseconds, reason=reason)
    return Correction.model_validate(client.post("/corrections", body))


def approve(client: Client, correction: CorrectionId, words: str = "") -> Correction:
    """Approve what another operator proposed; it is posted.

    Raises:
        NotAllowed: the caller is no operator.
        SecondOperatorNeeded: the caller proposed it, and another operator could approve it.
        CorrectionDecided: it was decided before.
    """
    body = typed(CorrectionDecision, words=words)
    return Correction.model_validate(client.post(f"/corrections/{correction}/approve", body))


def refuse(client: Client, correction: CorrectionId, words: str) -> Correction:
    """Refuse a proposed correction, or take back one's own.

    Raises:
        NotAllowed: the caller is no operator.
        CorrectionDecided: it was decided before.
    """
    body = typed(CorrectionDecision, words=words)
    return Correction.model_validate(client.post(f"/corrections/{correction}/refuse", body))
