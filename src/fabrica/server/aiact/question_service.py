"""The verbs of questions to advisers."""

from typing import Any

from fabrica.aiact.documents.text import clean
from fabrica.aiact.questions.citing import cited
from fabrica.server.aiact import permissions
from fabrica.server.aiact import question_facts as facts
from fabrica.server.aiact import question_rules as rules
from fabrica.server.aiact.notice_service import notify
from fabrica.server.aiact.question_models import Question
from fabrica.server.aiact.question_queries import official_texts
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.facts import announce
from fabrica.server.core.verbs import verb
from fabrica.values.ids import ProjectId, QuestionId, UserId
from fabrica.wire.problems import NotFound
from fabrica.wire.questions import NewQuestion, QuestionState, Reply


@verb(may=permissions.asks)
def ask(by: Actor, *, project: ProjectId, told: NewQuestion) -> QuestionId:
    """Pass a question on to the advisers; it waits in their queue.

    Raises:
        DueDateWrong: a reply cannot be due on the wished day.
    """
    assert by.user is not None
    now = clock.now()
    row = Question.objects.create(
        project_id=project,
        text=clean(told.text),
        context=clean(told.context),
        state=QuestionState.ASKED,
        asked_by=by.user,
        asked_at=now,
        due_on=rules.due_on(now.date(), told.due_on),
        may_publish=told.may_publish,
    )
    _announce_move(row, tell=None)
    return row.pk


@verb(may=permissions.advises)
def take(by: Actor, *, question: QuestionId) -> None:
    """Take a question out of the queue, to answer it.

    Raises:
        NotFound: there is no such question.
        QuestionStateWrong: it does not wait: another took it, or it was withdrawn.
    """
    row = _locked(question)
    _move(row, QuestionState.TAKEN, tell=row.asked_by, adviser=by.user, reason="")


@verb(may=permissions.advises)
def give_back(by: Actor, *, question: QuestionId, reason: str) -> None:
    """Put a question back into the queue, for a reason that the next adviser reads. The office may do it for others.

    Raises:
        NotFound: there is no such question.
        QuestionStateWrong: nobody has it.
        QuestionTaken: another adviser has it.
    """
    row = _locked(question)
    rules.check_is(QuestionState(row.state), QuestionState.TAKEN)
    if not by.is_operator:
        rules.check_own(row.adviser, by.user)
    _move(row, QuestionState.ASKED, tell=None, adviser=None, reason=clean(reason))


@verb(may=permissions.advises)
def answer(by: Actor, *, question: QuestionId, reply: Reply) -> None:
    """Answer a question with a reply that cites what it rests on, under the law's data of now.

    Raises:
        NotFound: there is no such question.
        QuestionTaken: another adviser has it.
        QuestionStateWrong: nobody has it.
        ReplyUncited: the reply cites nothing.
        CitationUnknown: the sources hold no such passage.
    """
    row = _locked(question)
    rules.check_move(QuestionState(row.state), QuestionState.ANSWERED)
    rules.check_own(row.adviser, by.user)
    citations = [one.model_dump(mode="json") for one in cited(reply.citations, official_texts())]
    told = {"reply": clean(reply.text), "citations": citations, "answered_at": clock.now(), "law": rules.law_now()}
    _move(row, QuestionState.ANSWERED, tell=row.asked_by, reason="", **told)
    notify(
        row.asked_by,
        key=f"answered {row.pk} {row.answered_at:%Y%m%d%H%M%S}",
        subject="An adviser answered your question on the AI Act",
        words="An adviser of the AI Act desk answered your question. Read the reply, with what it rests on, here:",
        page="aiact:question",
        question=row.pk,
    )


@verb(may=permissions.asked)
def ask_again(by: Actor, *, question: QuestionId, reason: str) -> None:
    """Say that a reply does not answer the question; it waits again, and what was replied is replaced.

    Raises:
        QuestionStateWrong: it is not answered, or published already.
    """
    row = _locked(question)
    rules.check_is(QuestionState(row.state), QuestionState.ANSWERED)
    _move(row, QuestionState.ASKED, tell=None, adviser=None, reason=clean(reason))


@verb(may=permissions.asked)
def allow_publishing(by: Actor, *, question: QuestionId, allowed: bool) -> None:
    """Allow that the reply is published, or forbid it again; what is published is withdrawn instead.

    Raises:
        QuestionStateWrong: it is published.
    """
    row = _locked(question)
    rules.check_unpublished(QuestionState(row.state))
    if row.may_publish != allowed:
        Question.objects.filter(pk=question).update(may_publish=allowed)


@verb(may=permissions.advises)
def publish(by: Actor, *, question: QuestionId, wording: str) -> None:
    """Publish a reply under the question in general words: everybody who asks finds it.

    Raises:
        NotFound: there is no such question.
        QuestionStateWrong: it is not answered.
        QuestionTaken: another adviser answered it.
        PublishingNotAllowed: who asked did not allow it.
    """
    row = _locked(question)
    rules.check_move(QuestionState(row.state), QuestionState.PUBLISHED)
    if not by.is_operator:
        rules.check_own(row.adviser, by.user)
    rules.check_publishing(row.may_publish)
    told = {"published_question": clean(wording), "published_at": clock.now()}
    _move(row, QuestionState.PUBLISHED, tell=row.asked_by, **told)


@verb(may=permissions.withdraws)
def withdraw(by: Actor, *, question: QuestionId, reason: str) -> None:
    """Take a question back, or a published answer out of what is found. Advisers do only the second.

    Raises:
        NotFound: there is no such question.
        QuestionStateWrong: it is withdrawn already, or an adviser would withdraw what is not published.
    """
    row = _locked(question)
    own = by.user is not None and row.asked_by == by.user
    if not own:
        rules.check_is(QuestionState(row.state), QuestionState.PUBLISHED)
    _move(row, QuestionState.WITHDRAWN, tell=row.adviser if own else row.asked_by, reason=clean(reason))


def _locked(question: QuestionId) -> Question:
    row = Question.objects.select_for_update().filter(pk=question).first()
    if row is None:
        raise NotFound(f"There is no question {question}.", remedy="List them with 'fabrica questions'.")
    return row


def _move(row: Question, state: QuestionState, *, tell: UserId | None, **told: Any) -> None:
    """Move a question; the only writer of its state.

    Raises:
        QuestionStateWrong: it does not go there from where it is.
    """
    rules.check_move(QuestionState(row.state), state)
    row.state = state
    for name, value in told.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *told])
    _announce_move(row, tell=tell)


def _announce_move(row: Question, *, tell: UserId | None) -> None:
    announce(
        facts.QuestionMoved(
            question=row.pk,
            project=row.project_id,
            state=str(row.state),
            due_on=row.due_on,
            tell=tell,
            reason=row.reason,
        )
    )
