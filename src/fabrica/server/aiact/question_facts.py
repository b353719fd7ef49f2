"""What is announced of questions to advisers."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from fabrica.server.core.facts import FactBody
from fabrica.values.ids import ProjectId, QuestionId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionMoved(FactBody):
    """A question was asked, taken, given back, answered, published or withdrawn.

    `tell`: who is to know of it; None: every adviser.
    """

    kind: ClassVar[str] = "aiact.question_moved"
    subject_field: ClassVar[str] = "question"
    question: QuestionId
    project: ProjectId
    state: str
    due_on: date
    tell: UserId | None
    reason: str
