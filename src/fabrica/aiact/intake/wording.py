"""The questions of the intake as they are worded, checked against the vocabulary of facts."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fabrica.aiact import library
from fabrica.aiact.schema import Part
from fabrica.reference.reading import ReferenceMalformed
from fabrica.wire.intake import Choice

FILE = Path(__file__).parent / "questions.yaml"


class Tick(Part):
    """One line of a checklist. `otherwise`: the value when it is not ticked; `ticked`: when it is, null to ask on."""

    tick: str
    otherwise: Any
    ticked: Any = None


class Checklist(Part):
    ask: str
    why: str
    example: str
    facts: Mapping[str, Tick]


class Wording(Part):
    ask: str
    why: str
    example: str
    choices: tuple[str, ...] = ()


class _Questions(Part):
    checklists: Mapping[str, Checklist]
    questions: Mapping[str, Wording]
    said: Mapping[str, Mapping[str, tuple[str, ...]]]


@cache
def wordings() -> Mapping[str, Wording]:
    """Return the question for each fact but the day, which is asked for apart.

    Raises:
        ReferenceMalformed: a fact has no question, or another number of choices than values; says which.
    """
    found = _read().questions
    for key, fact in library.vocabulary().items():
        if key == "as_of":
            continue
        if key not in found or len(found[key].choices) != len(fact.values):
            raise ReferenceMalformed(FILE, f"questions.{key}", "does not fit the vocabulary", "word every value once")
    return found


@cache
def checklists() -> Mapping[str, Checklist]:
    """Return the questions that ask for many facts at once."""
    return _read().checklists


@cache
def choices(fact: str) -> tuple[Choice, ...]:
    """Return the possible answers to the question for a fact, in words; none for numbers and days."""
    shape = library.vocabulary()[fact]
    if shape.type == "bool":
        return (Choice(value=True, words="Yes"), Choice(value=False, words="No"))
    words = wordings()[fact].choices
    return tuple(Choice(value=value, words=word) for value, word in zip(shape.values, words, strict=True))


@cache
def said() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return, for a fact and one of its values, words that people use for it; `true` for a fact that is yes or no."""
    return _read().said


@cache
def _read() -> _Questions:
    return library.read(_Questions, FILE)
