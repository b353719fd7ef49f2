"""Questions to the AI Act desk on the wire: ranked passages with citations, imported texts, and problems."""

from datetime import date
from typing import Literal

from pydantic import Field

from fabrica.wire.aiact import Confidence, LawVersion, UnsettledQuestion
from fabrica.wire.bodies import Body
from fabrica.wire.problems import FabricaError

PassageKind = Literal["law", "trap", "open_question", "official"]


class Passage(Body):
    """A piece of a source. `law`: the project's paraphrase; `official`: from a text that the user imported."""

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
