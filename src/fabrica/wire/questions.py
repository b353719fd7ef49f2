"""Questions to the AI Act desk on the wire: ranked passages with citations, imported texts, and problems."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from fabrica.values.ids import ProjectId, QuestionId
from fabrica.wire.aiact import Confidence, LawVersion, UnsettledQuestion
from fabrica.wire.bodies import Body, Instant, Request
from fabrica.wire.problems import FabricaError

PassageKind = Literal["law", "trap", "open_question", "official", "published"]


class Passage(Body):
    """A piece of a source.

    `law`: the project's paraphrase; `official`: from a text that the user imported; `published`: an adviser's answer.
    """

    id: str
    kind: PassageKind
    title: str
    text: str
    wrong: str | None = Field(default=None, description="of a trap: the wrong answer that is often given")
    citation: str
    confidence: Confidence | None = Field(description="null: the data does not tell")
    source: str


class RankedPassage(Passage):
    """A passage that speaks to a question. `coverage`: the weight of the question's words that it holds, 0 to 1."""

    coverage: float


class FoundAnswer(Body):
    """What the sources hold on a question, best first. Nothing is composed: each passage stands as it is."""

    question: str
    found: bool = Field(description="no: the sources hold no answer, and a person should be asked")
    words: str
    passages: tuple[RankedPassage, ...]
    searched: int = Field(description="passages that were searched")
    imported: tuple[str, ...] = Field(description="titles of imported texts that were searched")
    unsettled: tuple[UnsettledQuestion, ...] = Field(description="what the law leaves open and these passages touch")
    law: LawVersion


class Section(Body):
    """A recital, article or annex of an imported text; `passages` by number of paragraph where it has one."""

    label: str
    title: str
    passages: tuple[tuple[str, str], ...]


class OfficialText(Body):
    """A text that a person downloaded and imported. It is kept as plain text, with the hash of the file."""

    title: str
    file: str
    sha256: str
    imported_on: date
    complete: bool = Field(description="no: the file ends in the middle, or articles are missing")
    lacks: tuple[str, ...]
    sections: tuple[Section, ...]


LONGEST_QUESTION = 1_000
LONGEST_REPLY = 10_000
QuestionText = Annotated[str, Field(min_length=1, max_length=LONGEST_QUESTION)]


class QuestionState(StrEnum):
    """Where a question to an adviser is. Whether it is late is the age of its day, and no state."""

    ASKED = "asked"  # waits in the queue
    TAKEN = "taken"  # an adviser works on it
    ANSWERED = "answered"  # the one who asked has a reply with citations
    PUBLISHED = "published"  # everybody who asks finds the reply
    WITHDRAWN = "withdrawn"  # taken back by who asked it, or by an adviser after it was published


class NewQuestion(Request):
    """A question that a person passes on to an adviser. Nothing of it is published unless they allow it."""

    project: ProjectId | None = Field(default=None, description="null: the caller's only project")
    text: QuestionText
    context: str = Field(default="", max_length=5_000, description="what only the adviser reads")
    due_on: date | None = Field(default=None, description="null: ten working days from now")
    may_publish: bool = Field(default=False, description="the question, in general words, and the reply")


class Reply(Request):
    """An adviser's reply. Each citation is the id of a passage, or an article as the law's data cites it."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_REPLY)]
    citations: tuple[Annotated[str, Field(min_length=1, max_length=300)], ...] = Field(default=(), max_length=20)


class Publication(Request):
    """The question in general words: nothing in it or in the reply tells who asked."""

    question: QuestionText


class PublishingConsent(Request):
    """Whether who asked allows that the reply is published."""

    allowed: bool


class QuestionMove(Request):
    """Why a question goes back or is withdrawn."""

    reason: str = Field(min_length=1, max_length=500)


class Citation(Body):
    """A passage that a reply rests on, as it stood when the reply was written."""

    passage: str
    citation: str
    title: str
    text: str
    confidence: Confidence | None


class Question(Body):
    """A question to an adviser with its reply, for who asked, their project, and advisers."""

    id: QuestionId
    project: ProjectId
    text: str
    context: str
    state: QuestionState
    asked_by: str
    asked_at: Instant
    due_on: date
    late: bool = Field(description="due, and not answered")
    may_publish: bool
    adviser: str | None
    reply: str | None
    citations: tuple[Citation, ...]
    answered_at: Instant | None
    law: str | None = Field(description="version of the law's data that the reply rests on")
    law_changed: bool = Field(description="the data is another now, so the reply may not hold any more")
    published_question: str | None
    published_at: Instant | None
    reason: str = Field(description="why it went back or was withdrawn")


class QuestionList(Body):
    questions: tuple[Question, ...]
    next_cursor: str | None = None


class PublishedAnswer(Body):
    """A reply that everybody may find. Who asked is not told."""

    id: QuestionId
    question: str
    reply: str
    citations: tuple[Citation, ...]
    published_on: date
    law: str
    law_changed: bool


class TextRefused(FabricaError):
    """A file that is no text of the law the desk can read."""

    code = "aiact.text_refused"
    status = 422
    title = "This file cannot be imported"


class QuestionRefused(FabricaError):
    """A question without a word to look for, or too long."""

    code = "aiact.question_refused"
    status = 422
    title = "This is no question to look up"


class ReplyUncited(FabricaError):
    """A reply without a citation is an opinion."""

    code = "aiact.reply_uncited"
    status = 422
    title = "The reply cites nothing"


class CitationUnknown(FabricaError):
    code = "aiact.citation_unknown"
    status = 422
    title = "The sources hold no such passage"


class QuestionStateWrong(FabricaError):
    code = "aiact.question_state_wrong"
    status = 409
    title = "The question is in a state that does not allow this"


class QuestionTaken(FabricaError):
    code = "aiact.question_taken"
    status = 409
    title = "Another adviser has this question"


class PublishingNotAllowed(FabricaError):
    """Who asked did not allow it."""

    code = "aiact.publishing_not_allowed"
    status = 409
    title = "This question may not be published"


class DueDateWrong(FabricaError):
    code = "aiact.due_date_wrong"
    status = 422
    title = "A reply cannot be due on this day"
