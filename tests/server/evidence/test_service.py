"""Facts are sealed in order, once, into a chain that cannot fork or change unseen."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from fabrica.server.core import clock
from fabrica.server.core.actors import SYSTEM
from fabrica.server.core.append_only import AppendOnly
from fabrica.server.core.models import Fact
from fabrica.server.evidence import queries, reconcilers, rules, service
from fabrica.server.evidence.models import EvidenceRecord
from fabrica.wire.evidence import GENESIS
from fabrica.wire.problems import NotAllowed
from tests.builders import make_operator

pytestmark = pytest.mark.django_db


def make_facts(count: int, subject: str = "run_1") -> list[Fact]:
    return [
        Fact.objects.create(
            kind="test.happened",
            subject=subject,
            body={"number": number, "share": 0.1},
            actor="somebody",
            at=clock.now(),
        )
        for number in range(count)
    ]


def test_only_the_service_seals() -> None:
    with pytest.raises(NotAllowed):
        service.seal_next(make_operator())


def test_facts_are_sealed_once_in_their_order() -> None:
    facts = make_facts(3)
    assert service.seal_next(SYSTEM, limit=2) == 2
    assert service.seal_next(SYSTEM) == 1
    assert service.seal_next(SYSTEM) == 0
    records = queries.of_subject("run_1")
    assert [record.content["fact"] for record in records] == [fact.id for fact in facts]
    assert [record.sequence for record in records] == [1, 2, 3]
    assert records[0].previous == GENESIS
    report = queries.check_chain()
    assert (report.sound, report.records) == (True, 3)


def test_an_empty_chain_is_sound() -> None:
    assert queries.check_chain().sound


def test_a_fact_that_was_committed_late_is_sealed_after_those_that_came_first() -> None:
    first, late, last = make_facts(3)
    with Unguarded():
        Fact.objects.filter(pk=late.pk).delete()
        service.seal_next(SYSTEM)
        late.save(force_insert=True)
    assert service.seal_next(SYSTEM) == 1
    order = [record.content["fact"] for record in queries.of_subject("run_1")]
    assert order == [first.id, last.id, late.id]
    assert queries.check_chain().sound


class Unguarded:
    """Take the guard off the facts, as an intruder with the database's own password could."""

    def __init__(self, table: str = "core_fact") -> None:
        self.guard, self.editor = AppendOnly(table), connection.schema_editor(atomic=False)
        self.editor.deferred_sql = []

    def __enter__(self) -> None:
        self.guard.database_backwards("", self.editor, None, None)

    def __exit__(self, *_: object) -> None:
        self.guard.database_forwards("", self.editor, None, None)


@pytest.mark.parametrize(
    "change",
    [
        {"content": {"number": 99}},
        {"hash": "f" * 64},
        {"previous": "f" * 64},
        {"subject": "run_2"},
        {"fact_kind": "test.other"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_record_is_found(change: dict[str, object]) -> None:
    make_facts(4)
    service.seal_next(SYSTEM)
    with Unguarded("evidence_evidencerecord"):
        EvidenceRecord.objects.filter(sequence=3).update(**change)
    report = queries.check_chain()
    assert (report.sound, report.first_broken) == (False, 3)


def test_a_missing_record_is_found() -> None:
    make_facts(4)
    service.seal_next(SYSTEM)
    with Unguarded("evidence_evidencerecord"):
        EvidenceRecord.objects.filter(sequence=2).delete()
    assert queries.check_chain().first_broken == 3


def test_the_database_refuses_to_change_a_record() -> None:
    make_facts(1)
    service.seal_next(SYSTEM)
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
        EvidenceRecord.objects.update(subject="other")


def test_two_sealers_do_not_fork_the_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one read the chain before the first one wrote: its rows are refused, and it tries again later."""
    make_facts(2)
    service.seal_next(SYSTEM)
    make_facts(2)
    first = EvidenceRecord.objects.bulk_create
    seal: list[bool] = []

    def late(rows: list[EvidenceRecord]) -> None:
        if not seal:
            seal.append(True)
            service.seal_next(SYSTEM)
        first(rows)

    monkeypatch.setattr(EvidenceRecord.objects, "bulk_create", late)
    with pytest.raises(IntegrityError), transaction.atomic():
        service.seal_next(SYSTEM)
    monkeypatch.undo()
    assert service.seal_next(SYSTEM) == 2
    report = queries.check_chain()
    assert (report.sound, report.records) == (True, 4)


def test_the_reconciler_leaves_the_chain_to_the_other_sealer(monkeypatch: pytest.MonkeyPatch) -> None:
    def beaten(*_: object) -> int:
        raise IntegrityError

    monkeypatch.setattr(service, "seal_next", beaten)
    assert reconcilers.seal_facts() == 0


def test_sealing_looks_back_a_bounded_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LOOK_BACK", 2)
    make_facts(10)
    assert service.seal_next(SYSTEM) == 10
    make_facts(1)
    assert service.seal_next(SYSTEM) == 1
    assert queries.check_chain().records == 11


def test_a_chain_that_starts_elsewhere_is_not_sound() -> None:
    make_facts(2)
    service.seal_next(SYSTEM)
    assert not rules.check(queries.of_subject("run_1")[1:]).sound
