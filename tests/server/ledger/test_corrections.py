"""One operator proposes, another decides; nothing is posted before, and nobody approves alone who need not."""

import pytest
from django.db import IntegrityError, transaction

from fabrica.server.core.actors import SYSTEM, Actor, NetworkRole
from fabrica.server.core.models import Fact
from fabrica.server.ledger import corrections, queries, rules
from fabrica.server.ledger.models import Correction, Transfer
from fabrica.server.people import service as people
from fabrica.values.ids import AllocationId, CorrectionId, TransferId
from fabrica.wire import ledger as wire
from fabrica.wire.problems import FabricaError, NotAllowed
from tests.builders import make_operator, make_user
from tests.server.ledger.builders import make_book, make_reservation

pytestmark = pytest.mark.django_db


@pytest.fixture
def one() -> Actor:
    return make_operator()


@pytest.fixture
def two() -> Actor:
    return make_operator()


@pytest.fixture
def allocation() -> AllocationId:
    return make_book(1000)


def grant_of(allocation: AllocationId) -> TransferId:
    return Transfer.objects.get(book=allocation, kind="grant").id


def propose(by: Actor, allocation: AllocationId, right: int = 400) -> CorrectionId:
    return corrections.propose(by, transfer=grant_of(allocation), right_milliseconds=right, reason="Wrong award.")


def available(allocation: AllocationId) -> int:
    assert queries.check_books() == []
    return queries.balance(allocation).available_milliseconds


def test_nothing_is_posted_until_another_operator_approves(one: Actor, two: Actor, allocation: AllocationId) -> None:
    proposed = propose(one, allocation)
    with pytest.raises(wire.SecondOperatorNeeded):
        corrections.approve(one, correction=proposed)
    assert available(allocation) == 1000
    posted = corrections.approve(two, correction=proposed, words="Right.")
    assert available(allocation) == 400
    entry = Transfer.objects.get(id=posted)
    assert (entry.actor, entry.approver, entry.reason) == (one.key, two.key, "Wrong award.")
    told = queries.correction(proposed)
    assert (told.state, told.decided_by, told.alone, told.posted) == ("approved", two.key, False, posted)
    kinds = Fact.objects.filter(kind__startswith="ledger.correct").order_by("sequence").values_list("kind", flat=True)
    assert list(kinds) == ["ledger.correction_proposed", "ledger.corrected", "ledger.correction_decided"]


def test_the_only_operator_approves_alone_and_the_entry_says_so(one: Actor, allocation: AllocationId) -> None:
    posted = corrections.approve(one, correction=propose(one, allocation))
    rows = Transfer.objects.filter(book=allocation, kind__in=["reverse", "correct"])
    assert posted in {row.id for row in rows}
    assert all(row.reason == f"Wrong award. {rules.ALONE}" for row in rows)
    assert Correction.objects.get().alone


def test_a_deactivated_operator_is_nobody_who_could_approve(one: Actor, two: Actor, allocation: AllocationId) -> None:
    assert two.user is not None
    people.deactivate(SYSTEM, user=two.user)
    corrections.approve(one, correction=propose(one, allocation))
    assert Correction.objects.get().alone


def test_a_refused_correction_posts_nothing_and_another_may_be_proposed(
    one: Actor, two: Actor, allocation: AllocationId
) -> None:
    proposed = propose(one, allocation)
    with pytest.raises(wire.ReasonRefused):
        corrections.refuse(two, correction=proposed, words=" ")
    corrections.refuse(two, correction=proposed, words="The award is right.")
    assert available(allocation) == 1000
    for decide in (corrections.approve, corrections.refuse):
        with pytest.raises(wire.CorrectionDecided):
            decide(two, correction=proposed, words="Again.")
    corrections.refuse(one, correction=propose(one, allocation), words="A slip of mine.")
    assert [one.state for one in queries.corrections(one)] == ["refused", "refused"]


def test_a_transfer_has_one_open_proposal_and_only_a_right_one(one: Actor, allocation: AllocationId) -> None:
    propose(one, allocation)
    with pytest.raises(wire.CorrectionRefused, match="proposed already"):
        propose(one, allocation, 500)
    other = make_book(1000)
    make_reservation(other, 900)
    with pytest.raises(wire.InsufficientBalance):
        propose(one, other, 10)
    with pytest.raises(wire.TransferUnknown):
        corrections.propose(one, transfer=TransferId.new(), right_milliseconds=1, reason="Unknown.")
    assert Correction.objects.count() == 1


def test_what_the_books_do_not_allow_any_more_stays_proposed(one: Actor, two: Actor, allocation: AllocationId) -> None:
    proposed = propose(one, allocation, 400)
    make_reservation(allocation, 900)
    with pytest.raises(wire.InsufficientBalance):
        corrections.approve(two, correction=proposed)
    assert queries.correction(proposed).state == "proposed"
    assert available(allocation) == 100


def test_only_a_person_of_the_office_proposes_or_decides(one: Actor, allocation: AllocationId) -> None:
    proposed = propose(one, allocation)
    for by in (make_user(), make_user(network_role=NetworkRole.AUDITOR), SYSTEM):
        for ask in (
            lambda by: propose(by, make_book(10), 5),
            lambda by: corrections.approve(by, correction=proposed),
            lambda by: corrections.refuse(by, correction=proposed, words="No."),
        ):
            with pytest.raises(NotAllowed):
                ask(by)
    with pytest.raises(NotAllowed):
        queries.corrections(make_user())
    with pytest.raises(wire.CorrectionUnknown):
        corrections.approve(one, correction=CorrectionId.new())


def test_the_database_itself_keeps_two_people(one: Actor, allocation: AllocationId) -> None:
    proposed = propose(one, allocation)
    with pytest.raises(IntegrityError), transaction.atomic():
        Correction.objects.filter(pk=proposed).update(state="approved", decided_by=one.key)
    assert issubclass(wire.SecondOperatorNeeded, FabricaError)
