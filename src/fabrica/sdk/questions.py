"""Questions: look one up, pass it on to an adviser, answer and publish."""

from fabrica.sdk.client import Client
from fabrica.sdk.typed import typed
from fabrica.values.ids import QuestionId
from fabrica.wire.bodies import Request
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


def find(client: Client, question: str, *, most: int = 5) -> FoundAnswer:
    """Return what the law's data and the published answers of advisers hold on a question, best first.

    Raises:
        QuestionRefused: too long, or without a word to look for.
    """
    return client.get("/answers", FoundAnswer, question=question, most=most)


def ask(client: Client, told: NewQuestion, *, idempotency_key: str | None = None) -> Question:
    """Pass a question on to an adviser.

    Raises:
        NotFound: no such project, or the caller may not see it.
        DueDateWrong: a reply cannot be due on the wished day.
    """
    return Question.model_validate(client.post("/questions", told, idempotency_key=idempotency_key))


def questions(
    client: Client, *, state: QuestionState | None = None, cursor: str | None = None, limit: int = 50
) -> QuestionList:
    """Return the questions that the caller may see: what waits first, the soonest due before."""
    return client.get("/questions", QuestionList, state=state, cursor=cursor, limit=limit)


def question(client: Client, question: QuestionId) -> Question:
    """Return one question with its reply.

    Raises:
        NotFound: there is none, or the caller may not see it.
    """
    return client.get(f"/questions/{question}", Question)


def take(client: Client, question: QuestionId) -> Question:
    """Take a question out of the queue.

    Raises:
        NotAllowed: the caller is no adviser.
        QuestionStateWrong: it does not wait.
    """
    return _move(client, question, "take")


def give_back(client: Client, question: QuestionId, reason: str) -> Question:
    """Put a question back into the queue.

    Raises:
        NotAllowed: the caller is no adviser.
        QuestionTaken: another adviser has it.
        QuestionStateWrong: nobody has it.
    """
    return _move(client, question, "give-back", typed(QuestionMove, reason=reason))


def answer(client: Client, question: QuestionId, reply: Reply) -> Question:
    """Answer a question with citations.

    Raises:
        NotAllowed: the caller is no adviser.
        QuestionTaken: another adviser has it.
        ReplyUncited: the reply cites nothing.
        CitationUnknown: the sources hold no such passage.
    """
    return _move(client, question, "reply", reply)


def ask_again(client: Client, question: QuestionId, reason: str) -> Question:
    """Say why a reply does not answer the question.

    Raises:
        NotAllowed: the caller did not ask it.
        QuestionStateWrong: it is not answered, or published.
    """
    return _move(client, question, "ask-again", typed(QuestionMove, reason=reason))


def allow_publishing(client: Client, question: QuestionId, allowed: bool) -> Question:
    """Allow that the reply is published, or forbid it again; raises as `ask_again`."""
    return _move(client, question, "publishing", PublishingConsent(allowed=allowed))


def publish(client: Client, question: QuestionId, wording: str) -> Question:
    """Publish a reply under the question in general words.

    Raises:
        NotAllowed: the caller is no adviser.
        PublishingNotAllowed: who asked did not allow it.
        QuestionStateWrong: it is not answered.
    """
    return _move(client, question, "publication", typed(Publication, question=wording))


def withdraw(client: Client, question: QuestionId, reason: str) -> Question:
    """Take a question back, or a published answer out of what is found.

    Raises:
        NotAllowed: the caller neither asked it nor is an adviser.
        QuestionStateWrong: it is withdrawn already.
    """
    return _move(client, question, "withdrawal", typed(QuestionMove, reason=reason))


def _move(client: Client, question: QuestionId, verb: str, body: Request | None = None) -> Question:
    return Question.model_validate(client.post(f"/questions/{question}/{verb}", body))
