"""The verbs of a correction: one operator proposes it, a second one decides; only what is approved is posted."""

from typing import Any

from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.verbs import verb
from fabrica.server.ledger import facts, permissions, queries, rules, service
from fabrica.server.ledger.models import Book, Correction
from fabrica.server.people import queries as people
from fabrica.values.ids import CorrectionId, TransferId
from fabrica.values.quantities import DeviceTime
from fabrica.wire import ledger as wire
from fabrica.wire.ledger import CorrectionState


@verb(may=permissions.office)
def propose(by: Actor, *, transfer: TransferId, right_milliseconds: int, reason: str) -> CorrectionId:
    """Propose what would be right in the place of a wrong grant or charge. Nothing is posted yet.

    Raises:
        TransferUnknown: there is no such transfer.
        CorrectionRefused: not a grant or charge, corrected before, or a proposal is open.
        ReasonRefused: no reason, or a very long one.
        ReservationOpen, InsufficientBalance, AmountRefused: the books do not allow it now; the words say why.
    """
    rules.check_reason(reason)
    wrong = queries.transfer_row(transfer)
    book = Book.objects.select_for_update().get(pk=wrong.book_id)
    right = rules.counted(DeviceTime(right_milliseconds, book.resource_class))
    service.righting(book, wrong, right)
    if wrong.proposals.filter(state=CorrectionState.PROPOSED).exists():
        raise wire.CorrectionRefused(
            f"A correction of {transfer} is proposed already.",
            remedy="Decide on that one first: 'fabrica corrections'.",
        )
    row = Correction.objects.create(
        transfer=wrong,
        right_milliseconds=right.milliseconds,
        reason=reason,
        proposed_by=by.key,
        proposed_at=clock.now(),
    )
    announce(
        facts.CorrectionProposed(correction=row.pk, transfer=transfer, milliseconds=right.milliseconds, reason=reason)
    )
    return row.pk


@verb(may=permissions.office)
def approve(by: Actor, *, correction: CorrectionId, words: str = "") -> TransferId:
    """Approve what another operator proposed, and post it; return the last transfer posted.

    Where the network has no other operator, its only one approves what they proposed, and the entries say so.

    Raises:
        CorrectionUnknown, CorrectionDecided: there is none, or it was decided before.
        SecondOperatorNeeded: the actor proposed it, and somebody else could approve it.
        CorrectionRefused, ReservationOpen, InsufficientBalance: the books do not allow it now; it stays proposed.
    """
    row = _locked(correction)
    assert by.user is not None, "a person of the office"
    alone = rules.approved_alone(row.proposed_by, by.key, people.other_operators(by.user))
    posted = service.correct(
        SYSTEM,
        transfer=row.transfer.id,
        right=DeviceTime(row.right_milliseconds, row.transfer.book.resource_class),
        proposer=row.proposed_by,
        approver=by.key,
        reason=rules.posted_reason(row.reason, alone),
    )
    _decide(by, row, CorrectionState.APPROVED, words, alone=alone, posted=posted)
    return posted


@verb(may=permissions.office)
def refuse(by: Actor, *, correction: CorrectionId, words: str) -> None:
    """Refuse a proposed correction, or take back one's own. Nothing is posted.

    Raises:
        CorrectionUnknown, CorrectionDecided: there is none, or it was decided before.
        ReasonRefused: no words, or very long ones.
    """
    rules.check_reason(words)
    _decide(by, _locked(correction), CorrectionState.REFUSED, words)


def _locked(correction: CorrectionId) -> Correction:
    """Lock the book, as every verb of the ledger does first, and then the correction."""
    allocation = Correction.objects.filter(pk=correction).values_list("transfer__book_id", flat=True).first()
    if allocation is None:
        raise wire.CorrectionUnknown(
            f"There is no correction {correction}.", remedy="List them with 'fabrica corrections'."
        )
    Book.objects.select_for_update().get(pk=allocation)
    row = Correction.objects.select_related("transfer__book").get(pk=correction)
    if row.state != CorrectionState.PROPOSED:
        raise wire.CorrectionDecided(f"The correction was {row.state} before.", remedy="Propose another one if needed.")
    return row


def _decide(by: Actor, row: Correction, state: CorrectionState, words: str, **changed: Any) -> None:
    """Write what was decided: the only writer of a correction's state."""
    Correction.objects.filter(pk=row.pk).update(
        state=state, decided_by=by.key, decided_at=clock.now(), decision_words=words, **changed
    )
    announce(
        facts.CorrectionDecided(correction=row.pk, state=state, words=words, alone=bool(changed.get("alone", False)))
    )
