"""Rows that verbs leave are stored together, in their order, and only when what made them true is stored."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.core.facts import FactBody, announce
from fabrica.server.core.kept import kept_together
from fabrica.server.core.models import AuditLine, Fact
from fabrica.server.core.verbs import verb
from fabrica.values.ids import RunId
from fabrica.wire.problems import FabricaError, NotAllowed

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought(FactBody):
    kind: ClassVar[str] = "test.thought"
    subject_field: ClassVar[str] = "run"
    run: RunId
    words: str


@verb(may=lambda by, **_: by.system)
def think(by: Actor, *, words: str, fail: bool = False) -> None:
    announce(Thought(run=RunId.new(), words=words))
    if fail:
        raise FabricaError("No thought came.")


@verb(may=lambda by, **_: by.system)
def think_around(by: Actor, *, fails: bool) -> None:
    announce(Thought(run=RunId.new(), words="before"))
    try:
        think(SYSTEM, words="inside", fail=fails)
    except FabricaError:
        announce(Thought(run=RunId.new(), words="instead"))
    announce(Thought(run=RunId.new(), words="after"))


def words() -> list[str]:
    return [fact.body["words"] for fact in Fact.objects.order_by("sequence")]


def test_facts_keep_their_order_across_verbs_inside_verbs() -> None:
    think_around(SYSTEM, fails=False)
    assert words() == ["before", "inside", "after"]
    assert AuditLine.objects.count() == 2


def test_a_verb_that_fails_inside_another_leaves_nothing_of_its_own() -> None:
    think_around(SYSTEM, fails=True)
    assert words() == ["before", "instead", "after"]
    assert [line.verb.rpartition(".")[2] for line in AuditLine.objects.all()] == ["think_around"]


def test_a_refusal_inside_stays_in_the_audit_when_what_surrounds_it_goes_on() -> None:
    with kept_together(), pytest.raises(NotAllowed):
        think(Actor("somebody"), words="never")
    assert AuditLine.objects.get().outcome == "refused"


def test_a_block_that_fails_leaves_nothing_of_the_verbs_that_went_well() -> None:
    def both() -> None:
        with kept_together():
            think(SYSTEM, words="first")
            think(SYSTEM, words="second", fail=True)

    with pytest.raises(FabricaError):
        both()
    assert not Fact.objects.exists()
    assert not AuditLine.objects.exists()


def test_many_verbs_together_store_their_facts_and_audit_lines_in_one_write_each() -> None:
    with CaptureQueriesContext(connection) as seen, kept_together():
        for number in range(20):
            think(SYSTEM, words=str(number))
    writes = [query["sql"] for query in seen if query["sql"].startswith("INSERT")]
    assert len(writes) == 2
    assert words() == [str(number) for number in range(20)]
