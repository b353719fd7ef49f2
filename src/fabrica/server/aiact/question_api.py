"""REST endpoints of questions: found answers, questions passed on to advisers, their replies."""

from ninja import Router

from fabrica.server.aiact import question_queries, question_service
from fabrica.server.core import idempotency
from fabrica.server.core.requests import Asked
from fabrica.server.people import queries as people
from fabrica.values.ids import QuestionId
from fabrica.wire.problems import Malformed
from fabrica.wire.questions import (
    FoundAnswer,
    NewQuestion,
    Publication,
    PublishingConsent,
    Question,
    QuestionList,
    QuestionMove,
    QuestionState,
    Reply,
)

router = Router(tags=["questions"])
_LISTED_MAX = 200
_SHOWN_MAX = 50


@router.get("/answers", response=FoundAnswer)
def find(request: Asked, question: str, most: int = 5) -> FoundAnswer:
    """What the law's data and the published answers of advisers hold on a question, best first, with citations."""
    return question_queries.find(question, most=max(1, min(most, _SHOWN_MAX)))


@router.get("/questions", response=QuestionList)
def questions(
    request: Asked, state: QuestionState | None = None, cursor: str | None = None, limit: int = 50
) -> QuestionList:
    """The questions that you may see: advisers all, others those of their projects; what waits first."""
    if cursor is not None and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 9):
        raise Malformed("The cursor is none of this list.", remedy="Take `next_cursor` of the page before.")
    limit = max(1, min(limit, _LISTED_MAX))
    return question_queries.questions(request.auth, state=state, after=int(cursor or 0), limit=limit)


@router.post("/questions", response={201: Question})
def ask(request: Asked, body: NewQuestion) -> Question:
    """Pass a question on to an adviser. Send an Idempotency-Key: the same request sent twice asks once."""
    by = request.auth
    project = people.chosen_project(by, body.project)
    question = idempotency.once(request, lambda: question_service.ask(by, project=project, told=body))
    return question_queries.question(by, QuestionId(question))


@router.get("/questions/{question}", response=Question)
def question(request: Asked, question: QuestionId) -> Question:
    """One question with its reply."""
    return question_queries.question(request.auth, question)


@router.post("/questions/{question}/take", response=Question)
def take(request: Asked, question: QuestionId) -> Question:
    """Take a question out of the queue. Advisers only."""
    question_queries.question(request.auth, question)
    question_service.take(request.auth, question=question)
    return question_queries.question(request.auth, question)


@router.post("/questions/{question}/give-back", response=Question)
def give_back(request: Asked, question: QuestionId, body: QuestionMove) -> Question:
    """Put a question back into the queue. The adviser who has it, or an operator."""
    question_queries.question(request.auth, question)
    question_service.give_back(request.auth, question=question, reason=body.reason)
    return question_queries.question(request.auth, question)


@router.post("/questions/{question}/reply", response=Question)
def answer(request: Asked, question: QuestionId, body: Reply) -> Question:
    """Answer a question with citations. The adviser who has it."""
    question_queries.question(request.auth, question)
    question_service.answer(request.auth, question=question, reply=body)
    return question_queries.question(request.auth, question)


@router.post("/questions/{question}/ask-again", response=Question)
def ask_again(request: Asked, question: QuestionId, body: QuestionMove) -> Question:
    """Say why a reply does not answer the question; it waits again. Who asked it."""
    question_queries.question(request.auth, question)
    question_service.ask_again(request.auth, question=question, reason=body.reason)
    return question_queries.question(request.auth, question)


@router.post("/questions/{question}/publishing", response=Question)
def allow_publishing(request: Asked, question: QuestionId, body: PublishingConsent) -> Question:
    """Allow or forbid that the reply is published. Who asked it."""
    question_queries.question(request.auth, question)
    question_service.allow_publishing(request.auth, question=question, allowed=body.allowed)
    return question_queries.question(request.auth, question)


@router.post("/questions/{question}/publication", response=Question)
def publish(request: Asked, question: QuestionId, body: Publication) -> Question:
    """Publish a reply under the question in general words. The adviser who answered, or an operator."""
    question_queries.question(request.auth, question)
    question_service.publish(request.auth, question=question, wording=body.question)
    return question_queries.question(request.auth, question)


@router.post("/questions/{question}/withdrawal", response=Question)
def withdraw(request: Asked, question: QuestionId, body: QuestionMove) -> Question:
    """Take a question back, or a published answer out of what is found."""
    question_queries.question(request.auth, question)
    question_service.withdraw(request.auth, question=question, reason=body.reason)
    return question_queries.question(request.auth, question)
