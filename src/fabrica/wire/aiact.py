"""The AI Act desk on the wire: a classification with its duties, reasons and open questions; and its problems."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from fabrica.wire.bodies import Body
from fabrica.wire.problems import FabricaError

Confidence = Literal["text", "guidance", "draft", "secondary", "open"]
Standing = Literal["final", "unless_shown_otherwise"]


class DueObligation(Body):
    """A duty of the asking actor. Days are those of the law's data."""

    id: str
    title: str
    article: str
    applies_from: date = Field(description="the day from which it has effect for this system or model")
    formal_date: date | None = Field(description="the day it applies by the letter, where that is another")
    former_date: date | None = Field(description="the day before the law was amended, where that was another")
    in_force: bool = Field(description="it has effect on the day that was asked")
    penalty: str = Field(description="key of `penalties`")
    standing: Standing
    note: str | None = None
    source: str


class Fine(Body):
    """The most a breach may cost, under the rule for the actor's size; null where its size was not told."""

    id: str
    article: str
    max_eur: int | None = None
    max_turnover_percent: float | None = None
    rule: str | None = Field(description="which of the two is the limit: higher of, lower of; or where it is set")
    applies_from: date | None = None


class FiredRule(Body):
    """A rule that fired: what it gave, on which facts and authority, and whether an unknown exception may undo it."""

    rule: str
    gives: tuple[str, ...]
    citation: str
    confidence: Confidence
    facts: dict[str, Any]
    standing: Standing
    words: str | None = None


class OpenFact(Body):
    """A question whose answer can still change the result."""

    fact: str
    question: str
    values: tuple[str, ...] = ()
    may_change: tuple[str, ...] = Field(description="tiers and roles that hang on it; else duties, or their days")


class UnsettledQuestion(Body):
    """What the law itself leaves open and this result touches."""

    id: str
    question: str
    status: str


class Change(Body):
    """What the result would be if one fact were another."""

    fact: str
    was: Any
    would_be: Any
    gains: tuple[str, ...]
    loses: tuple[str, ...]


class LawVersion(Body):
    """Which data decided, when it was checked, and what to do with the answer."""

    data: str
    checked_on: date
    instruments: tuple[str, ...] = Field(description="legal acts in force on the day that was asked")
    notice: str


class Classification(Body):
    """What the Act makes of a system or model and its actor on one day.

    Null in `ai_system` or `in_scope`: a fact is missing. A tier or role that is told may still hang on an exception
    that nobody has told; `standing` says so, and `open_questions` names the fact.
    """

    as_of: date
    ai_system: bool | None
    in_scope: bool | None
    roles: tuple[str, ...]
    tiers: tuple[str, ...]
    possible_tiers: tuple[str, ...] = Field(description="not shown, and not ruled out: an open question decides")
    standing: dict[str, Standing] = Field(description="of each tier and role")
    basis: tuple[str, ...]
    obligations: tuple[DueObligation, ...]
    dates: dict[str, date | None] = Field(
        description="of each duty, of `high_risk` (null: the duties rest until the design changes) and of `gp-53`"
    )
    penalties: tuple[Fine, ...]
    confidence: Confidence | None = Field(description="of the weakest rule that decided; null: nothing is decided yet")
    open_questions: tuple[OpenFact, ...]
    unsettled: tuple[UnsettledQuestion, ...]
    trace: tuple[FiredRule, ...]
    law: LawVersion


class UnknownFact(FabricaError):
    """A key that the vocabulary does not have."""

    code = "aiact.unknown_fact"
    status = 422
    title = "This fact is not known"


class FactMalformed(FabricaError):
    code = "aiact.fact_malformed"
    status = 422
    title = "A fact has a value it cannot have"


class FactsContradict(FabricaError):
    """Two facts that cannot both be true."""

    code = "aiact.facts_contradict"
    status = 422
    title = "Two facts contradict each other"


class DateBeforeAct(FabricaError):
    code = "aiact.date_before_act"
    status = 422
    title = "On this day the Act was not in force"


class AnswersUnreadable(FabricaError):
    code = "aiact.answers_unreadable"
    status = 422
    title = "The answers cannot be read"
