"""A question goes to an adviser and comes back with citations; what is published tells nothing of who asked."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from fabrica.server.aiact import question_queries as queries
from fabrica.server.aiact import question_rules as rules
from fabrica.server.aiact import question_service as service
from fabrica.server.aiact.question_models import Question
from fabrica.server.core import clock
from fabrica.server.core.actors import NOBODY, Actor, NetworkRole
from fabrica.server.core.models import Fact
from fabrica.values.ids import ProjectId, QuestionId
from fabrica.wire.problems import NotAllowed, NotFound
from fabrica.wire.questions import (
    CitationUnknown,
    NewQuestion,
    PublishingNotAllowed,
    QuestionState,
    QuestionStateWrong,
    QuestionTaken,
    Reply,
    ReplyUncited,
)
from tests.builders import make_member, make_operator, make_project, make_user

pytestmark = pytest.mark.django_db
REPLY = Reply(text="A zeppelin dispatcher says that it is one.", citations=("Art. 4(1)",))
WORDING = "Must a zeppelin dispatcher say what it is?"


def _adviser(name: str = "Adviser") -> Actor:
    return make_user(name, network_role=NetworkRole.ADVISER)


def _ask(asker: Actor, project: ProjectId, **told: object) -> QuestionId:
    new = NewQuestion.model_validate({"text": "Must our secret zeppelin say what it is?"} | told)
    return service.ask(asker, project=project, told=new)


@pytest.fixture
def asker() -> Actor:
    return make_user("Anna Asker")


@pytest.fixture
def project(asker: Actor) -> ProjectId:
    return make_project(asker)


def _answered(asker: Actor, project: ProjectId, adviser: Actor, **told: object) -> QuestionId:
    question = _ask(asker, project, **told)
    service.take(adviser, question=question)
    service.answer(adviser, question=question, reply=REPLY)
    return question


def test_a_question_is_asked_taken_answered_published_and_then_found(asker: Actor, project: ProjectId) -> None:
    adviser = _adviser()
    question = _answered(asker, project, adviser, may_publish=True, context="Do not tell our rival.")
    assert not queries.find("zeppelin dispatcher").found
    service.publish(adviser, question=question, wording=WORDING)
    first = queries.find("zeppelin dispatcher").passages[0]
    assert (first.kind, first.title, first.text) == ("published", WORDING, REPLY.text)
    told = str(queries.published()[0].model_dump())
    assert not any(word in told for word in ("Anna", "rival", "secret", project))
    facts = Fact.objects.filter(kind="aiact.question_moved", subject=question).order_by("pk")
    assert [(one.body["state"], one.body["tell"]) for one in facts] == [
        ("asked", None),
        ("taken", asker.user),
        ("answered", asker.user),
        ("published", asker.user),
    ], "each move is a stored fact that says who is to know"


def test_signs_that_hide_something_are_taken_out(asker: Actor, project: ProjectId) -> None:
    question = queries.question(asker, _ask(asker, project, text="Is it\u202e so?", context="\x1b]0;title\x07"))
    assert not set("\u202e\x1b\x07") & set(question.text + question.context)


def test_members_of_the_project_ask_and_nobody_else(project: ProjectId) -> None:
    for other in (NOBODY, make_user(), make_operator(), _adviser()):
        with pytest.raises(NotAllowed):
            _ask(other, project)
    assert _ask(make_member(project, "reader"), project)


def test_only_advisers_take_answer_and_publish(asker: Actor, project: ProjectId) -> None:
    question = _ask(asker, project, may_publish=True)
    for other in (asker, make_user(), make_user(network_role=NetworkRole.AUDITOR), NOBODY):
        with pytest.raises(NotAllowed):
            service.take(other, question=question)
        with pytest.raises(NotAllowed):
            service.give_back(other, question=question, reason="x")
        with pytest.raises(NotAllowed):
            service.answer(other, question=question, reply=REPLY)
        with pytest.raises(NotAllowed):
            service.publish(other, question=question, wording=WORDING)
    service.take(make_operator(), question=question)


def test_only_who_asked_asks_again_allows_or_takes_back(asker: Actor, project: ProjectId) -> None:
    question = _answered(asker, project, _adviser())
    for other in (make_member(project, "lead"), make_operator(), make_user()):
        with pytest.raises(NotAllowed):
            service.ask_again(other, question=question, reason="x")
        with pytest.raises(NotAllowed):
            service.allow_publishing(other, question=question, allowed=True)
    with pytest.raises(NotAllowed):
        service.withdraw(make_member(project), question=question, reason="x")
    service.ask_again(asker, question=question, reason="It does not say by when.")
    found = queries.question(asker, question)
    assert (found.state, found.adviser, found.reason) == (QuestionState.ASKED, None, "It does not say by when.")


def test_a_reply_without_citation_or_with_an_unknown_one_changes_nothing(asker: Actor, project: ProjectId) -> None:
    adviser = _adviser()
    question = _ask(asker, project)
    service.take(adviser, question=question)
    with pytest.raises(ReplyUncited):
        service.answer(adviser, question=question, reply=Reply(text="Believe me."))
    with pytest.raises(CitationUnknown):
        service.answer(adviser, question=question, reply=Reply(text="Believe me.", citations=("Art. 999",)))
    found = queries.question(asker, question)
    assert (found.state, found.reply) == (QuestionState.TAKEN, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.filter(pk=question).update(state="answered", reply="Believe me.")


def test_two_advisers_do_not_answer_the_same_question(asker: Actor, project: ProjectId) -> None:
    first, second = _adviser("One"), _adviser("Two")
    question = _ask(asker, project)
    service.take(first, question=question)
    with pytest.raises(QuestionStateWrong):
        service.take(second, question=question)
    with pytest.raises(QuestionTaken):
        service.answer(second, question=question, reply=REPLY)
    with pytest.raises(QuestionTaken):
        service.give_back(second, question=question, reason="x")
    service.give_back(first, question=question, reason="Not my field.")
    service.take(second, question=question)
    service.answer(second, question=question, reply=REPLY)


def test_the_office_gives_back_what_an_absent_adviser_holds(asker: Actor, project: ProjectId) -> None:
    question = _ask(asker, project)
    service.take(_adviser(), question=question)
    service.give_back(make_operator(), question=question, reason="On leave.")
    assert queries.question(asker, question).state is QuestionState.ASKED


def test_nothing_is_published_that_was_not_allowed(asker: Actor, project: ProjectId) -> None:
    adviser = _adviser()
    question = _answered(asker, project, adviser)
    with pytest.raises(PublishingNotAllowed):
        service.publish(adviser, question=question, wording=WORDING)
    service.allow_publishing(asker, question=question, allowed=True)
    service.publish(adviser, question=question, wording=WORDING)
    with pytest.raises(QuestionStateWrong):
        service.allow_publishing(asker, question=question, allowed=False)


def test_a_published_answer_is_found_no_more_when_who_asked_or_an_adviser_withdraws_it(
    asker: Actor, project: ProjectId
) -> None:
    for by in (asker, _adviser("Another")):
        adviser = _adviser()
        question = _answered(asker, project, adviser, may_publish=True)
        service.publish(adviser, question=question, wording=WORDING)
        service.withdraw(by, question=question, reason="The law changed.")
        assert not queries.find("zeppelin dispatcher").found
        assert not queries.published()


def test_an_adviser_does_not_withdraw_what_is_not_published(asker: Actor, project: ProjectId) -> None:
    question = _ask(asker, project)
    with pytest.raises(QuestionStateWrong):
        service.withdraw(_adviser(), question=question, reason="x")
    service.withdraw(asker, question=question, reason="Found it myself.")


def test_advisers_see_all_members_what_their_project_asked_and_strangers_nothing(
    asker: Actor, project: ProjectId
) -> None:
    question = _ask(asker, project)
    for reader in (asker, make_member(project, "reader"), _adviser(), make_operator()):
        assert queries.question(reader, question).id == question
        assert [one.id for one in queries.questions(reader).questions] == [question]
    for stranger in (make_user(), NOBODY):
        with pytest.raises(NotFound):
            queries.question(stranger, question)
        assert queries.questions(stranger).questions == ()


def test_the_queue_shows_what_waits_first_and_the_soonest_due_before(asker: Actor, project: ProjectId) -> None:
    adviser, today = _adviser(), clock.now().date()
    done = _answered(asker, project, adviser)
    later, sooner = (_ask(asker, project, due_on=today + timedelta(days=days)) for days in (30, 3))
    assert [one.id for one in queries.questions(adviser).questions] == [sooner, later, done]
    page = queries.questions(adviser, limit=2)
    assert [one.id for one in page.questions] == [sooner, later]
    assert page.next_cursor is not None
    rest = queries.questions(adviser, after=int(page.next_cursor), limit=2)
    assert ([one.id for one in rest.questions], rest.next_cursor) == ([done], None)


def test_a_reply_under_other_data_of_the_law_is_marked(
    asker: Actor, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = _answered(asker, project, _adviser())
    assert not queries.question(asker, question).law_changed
    monkeypatch.setattr(rules, "law_now", lambda: "data of tomorrow")
    assert queries.question(asker, question).law_changed


def test_a_question_is_late_from_the_day_after_it_is_due(
    asker: Actor, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = clock.now()
    question = _ask(asker, project, due_on=date(today.year, today.month, today.day))
    assert not queries.question(asker, question).late
    monkeypatch.setattr(clock, "now", lambda: today + timedelta(days=1))
    assert queries.question(asker, question).late
