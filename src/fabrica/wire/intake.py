"""The intake of the AI Act desk on the wire: its questions, what was answered so far, and two variants compared."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from fabrica.wire.aiact import Classification, Confidence, LawVersion, UnsettledQuestion
from fabrica.wire.bodies import Body

QuestionKind = Literal["bool", "enum", "list", "number", "date", "checklist"]


class Choice(Body):
    """One possible answer: its value, and what it says in plain words."""

    value: str | bool
    words: str


class Question(Body):
    """A question that still matters. A checklist is answered with the facts that are true, as a list of keys."""

    id: str = Field(description="the fact it asks for, or the name of a checklist")
    kind: QuestionKind
    ask: str
    why: str
    example: str
    choices: tuple[Choice, ...] = ()
    may_change: tuple[str, ...] = Field(description="tiers, roles, duties, or `fines` that hang on it")


class Step(Body):
    """One answer that was given: which question, and what it changed, so that it can be taken back."""

    question: str
    before: dict[str, Any] = Field(description="each fact it set, with the value before; null for none")
    unknown_before: tuple[str, ...] = ()


class Sitting(Body):
    """How far an intake has come. `unknown`: questions answered with "I do not know"; no fact is made of them."""

    answers: dict[str, Any] = Field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


class Proposal(Body):
    """A value that somebody's own words suggest. It counts only when a person confirms it."""

    fact: str
    value: str
    words: str
    because: tuple[str, ...] = Field(description="the words of the text that suggest it")


class Outlook(Body):
    """Where an intake stands: the next questions, most decisive first, and the result so far."""

    sitting: Sitting
    questions: tuple[Question, ...]
    complete: bool = Field(description="no further answer can change the result")
    asked: int
    proposals: tuple[Proposal, ...] = ()
    result: Classification


class Difference(Body):
    """One thing that the second variant has, lacks or dates otherwise, and the facts that make it."""

    kind: Literal["role", "tier", "obligation", "date", "fine"]
    what: str
    title: str
    before: str | None = Field(description="null: the first variant does not have it")
    after: str | None = Field(description="null: the second variant does not have it")
    because: tuple[str, ...] = Field(description="the smallest found set of facts that makes it, of those that differ")


class FactDifference(Body):
    """A fact that the variants tell differently; null where one does not tell it."""

    fact: str
    question: str
    before: Any
    after: Any


class Comparison(Body):
    """What changes from one variant to another on one day."""

    as_of: date
    facts: tuple[FactDifference, ...]
    differences: tuple[Difference, ...]
    confidence: tuple[Confidence | None, Confidence | None]
    open_questions: tuple[tuple[str, ...], tuple[str, ...]] = Field(description="facts still open in each variant")
    unsettled: tuple[UnsettledQuestion, ...]
    law: LawVersion
