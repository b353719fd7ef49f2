"""One sitting of an intake: answer, take back, and keep it in a file that `classify` reads as well."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from fabrica.aiact.facts import as_given, checked
from fabrica.aiact.intake.wording import Checklist, checklists
from fabrica.wire.aiact import AnswersUnreadable, FactMalformed
from fabrica.wire.intake import Sitting, Step


def begin(content: Mapping[str, Any]) -> Sitting:
    """Return the sitting that a file holds: a saved one, or plain facts to go on from.

    Raises:
        AnswersUnreadable: it is neither.
        UnknownFact, FactMalformed, FactsContradict: a fact is not right.
    """
    try:
        saved = Sitting.model_validate(content if isinstance(content.get("answers"), dict) else {"answers": content})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise AnswersUnreadable(
            f"The saved intake is not right at {place}: {first['msg']}.", remedy="Correct it there, or begin anew."
        ) from None
    return saved.model_copy(update={"answers": _checked(saved.answers)})


def as_saved(sitting: Sitting) -> dict[str, Any]:
    """Return what a file keeps of a sitting; its `answers` are facts as `classify` reads them."""
    return sitting.model_dump(mode="json")


def answer(sitting: Sitting, question: str, value: Any) -> Sitting:
    """Return the sitting with one more answer; `value` null says "I do not know", and no fact is made of it.

    The answer to a checklist is the list of its facts that are true; every other of its facts that has no value yet
    is thereby denied.

    Raises:
        UnknownFact: there is no such question.
        FactMalformed: not a value this question can have.
        FactsContradict: it cannot be true together with an earlier answer.
    """
    checklist = checklists().get(question)
    if value is None:
        facts: dict[str, Any] = {}
        checked({} if checklist else {question: None})
    else:
        facts = {question: value} if checklist is None else _ticked(sitting, question, checklist, value)
    answers = {key: one for key, one in sitting.answers.items() if value is not None or key != question}
    unknown = tuple(one for one in sitting.unknown if one != question)
    before = {key: sitting.answers.get(key) for key in facts or ([] if checklist else [question])}
    step = Step(question=question, before=before, unknown_before=sitting.unknown)
    return Sitting(
        answers=_checked(answers | facts),
        unknown=unknown if value is not None else (*unknown, question),
        steps=(*sitting.steps, step),
    )


def _ticked(sitting: Sitting, name: str, checklist: Checklist, value: Any) -> dict[str, Any]:
    if not isinstance(value, list | tuple) or not all(one in checklist.facts for one in value):
        raise FactMalformed(
            f"{name} cannot be {value!r:.60}.",
            remedy=f"Name those that are true as a list; it may hold {', '.join(checklist.facts)}.",
            fact=name,
            allowed=list(checklist.facts),
        )
    found = {}
    for fact, line in checklist.facts.items():
        meant = line.ticked if fact in value else line.otherwise
        if meant is not None and sitting.answers.get(fact) is None and fact not in sitting.unknown:
            found[fact] = meant
    return found


def undo(sitting: Sitting) -> Sitting:
    """Return the sitting without its last answer; the same one where nothing was answered."""
    if not sitting.steps:
        return sitting
    *steps, last = sitting.steps
    restored = {**sitting.answers, **last.before}
    answers = {key: value for key, value in restored.items() if value is not None}
    return Sitting(answers=_checked(answers), unknown=last.unknown_before, steps=tuple(steps))


def _checked(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers as they are written in a file."""
    told = checked(answers).told
    return {key: as_given(value) for key, value in told.items()}
