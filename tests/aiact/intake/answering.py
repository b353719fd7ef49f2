"""A person who knows given facts and answers the intake's questions with them, and with nothing else."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from fabrica.aiact import library
from fabrica.aiact.intake.asking import outlook
from fabrica.aiact.intake.sitting import answer
from fabrica.aiact.intake.wording import checklists
from fabrica.wire.intake import Outlook, Question, Sitting

MORE_THAN_ENOUGH = len(library.vocabulary()) + len(checklists())


def answered(facts: Mapping[str, Any], as_of: date, *, ticks: bool = False) -> Outlook:
    """Return where an intake ends when every question is answered from the facts, in the order it is asked.

    What the facts do not tell is "I do not know"; with `ticks`, a line of a checklist that they do not tell is denied.
    """
    sitting = Sitting()
    for _ in range(MORE_THAN_ENOUGH):
        found = outlook(sitting, as_of)
        if not found.questions:
            return found
        question = found.questions[0]
        sitting = answer(sitting, question.id, _known(question, facts, ticks))
    raise AssertionError("the intake asks without an end")


def _known(question: Question, facts: Mapping[str, Any], ticks: bool) -> Any:
    if question.kind != "checklist":
        return facts.get(question.id)
    lines = checklists()[question.id].facts
    keys = [str(choice.value) for choice in question.choices]
    if not ticks and any(key not in facts for key in keys):
        return None  # a checklist tells about all of its lines; who does not know one of them is asked one by one
    told = {key: facts[key] for key in keys if key in facts}
    if any(lines[key].ticked not in (None, value) and value != lines[key].otherwise for key, value in told.items()):
        return None
    return [key for key, value in told.items() if value != lines[key].otherwise]
