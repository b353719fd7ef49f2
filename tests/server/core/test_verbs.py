"""A verb asks permission, changes all or nothing, and leaves facts and one line in the audit."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from fabrica.server.core.actors import NOBODY, Actor
from fabrica.server.core.facts import FactBody, announce
from fabrica.server.core.models import AuditLine, Fact
from fabrica.server.core.verbs import current_actor, verb
from fabrica.values.ids import RunId, UserId
from fabrica.wire.problems import FabricaError, NotAllowed

pytestmark = pytest.mark.django_db
ADA = Actor("Ada Example", user=UserId.new())
RUN = RunId.new()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought(FactBody):
    kind: ClassVar[str] = "test.thought"
    subject_field: ClassVar[str] = "run"
    run: RunId


@verb(may=lambda by, **_: by.user is not None)
def think(by: Actor, *, run: RunId, fail: bool = False) -> str:
    announce(Thought(run=run))
    if fail:
        raise FabricaError("No thought came.")
    return current_actor().name


def test_an_allowed_actor_leaves_a_fact_and_one_line_in_the_audit() -> None:
    assert think(ADA, run=RUN) == "Ada Example"
    fact, line = Fact.objects.get(), AuditLine.objects.get()
    assert (fact.kind, fact.subject, fact.body, fact.actor) == ("test.thought", RUN, {"run": RUN}, ADA.user)
    assert (line.verb.rpartition(".")[2], line.outcome, line.actor) == ("think", "done", ADA.user)
    assert line.subjects == {"run": RUN}


def test_a_refused_actor_changes_nothing_and_is_in_the_audit() -> None:
    with pytest.raises(NotAllowed, match="nobody"):
        think(NOBODY, run=RUN)
    assert not Fact.objects.exists()
    assert AuditLine.objects.get().outcome == "refused"


def test_a_failing_verb_leaves_nothing() -> None:
    with pytest.raises(FabricaError):
        think(ADA, run=RUN, fail=True)
    assert not Fact.objects.exists()
    assert not AuditLine.objects.exists()


def test_what_never_changes_holds_no_name_of_a_person() -> None:
    think(ADA, run=RUN)
    assert "Ada" not in str([Fact.objects.values(), AuditLine.objects.values()])


def test_nobody_acts_after_a_verb_has_ended() -> None:
    think(ADA, run=RUN)
    assert current_actor() == NOBODY


def test_a_verb_takes_keywords_only() -> None:
    with pytest.raises(AssertionError):
        think(ADA, RUN)  # type: ignore[call-arg]
