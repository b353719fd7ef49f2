"""The conversation of an intake in a terminal: one question at a time, kept at once."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from fabrica.aiact import library
from fabrica.aiact.intake.asking import outlook
from fabrica.aiact.intake.page import tiers_in_words
from fabrica.aiact.intake.proposals import proposals, value_of
from fabrica.aiact.intake.sitting import answer, undo
from fabrica.cli.output import say
from fabrica.wire.aiact import FactMalformed, FactsContradict
from fabrica.wire.intake import Outlook, Proposal, Question, Sitting

Keep = Callable[[Sitting], None]
_UNKNOWN, _UNDO, _STOP = ("?", "u", "q")
_HELP = "Type a number; ? for I do not know; u to take the last answer back; q to stop. Each answer is kept at once."


def talk(found: Outlook, day: date, keep: Keep, file: Path) -> None:
    """Ask until nothing that is left matters, or the person stops; what was answered is kept either way."""
    say(_HELP)
    sitting = found.sitting
    try:
        if not sitting.steps and not sitting.answers:
            text = click.prompt("Describe it in your own words (Enter to skip)", default="", show_default=False)
            found = found.model_copy(update={"proposals": proposals(text)})
        for proposal in found.proposals:
            sitting = _offered(sitting, proposal)
            keep(sitting)
        while (found := outlook(sitting, day)).questions:
            after = _asked(sitting, found)
            if after is None:
                break
            sitting = after
            keep(sitting)
    except (click.Abort, KeyboardInterrupt, EOFError):
        click.echo(err=True)
    _end(outlook(sitting, day), file)


def _offered(sitting: Sitting, proposal: Proposal) -> Sitting:
    """Return the sitting with a proposal, if the person confirms it."""
    if proposal.fact in sitting.answers and not isinstance(sitting.answers[proposal.fact], list):
        return sitting
    named = ", ".join(proposal.because)
    if not click.confirm(f'From "{named}": {proposal.words} ({proposal.fact}). Is that right?', default=None):
        return sitting
    value: Any = value_of(proposal)
    if library.vocabulary()[proposal.fact].type == "list":
        value = [*sitting.answers.get(proposal.fact, ()), value]
    try:
        return answer(sitting, proposal.fact, value)
    except FactsContradict as problem:
        say(f"{problem.detail} {problem.remedy}")
        return sitting


def _asked(sitting: Sitting, found: Outlook) -> Sitting | None:
    """Ask the first question until it is answered; return what follows, null when the person stops."""
    question = found.questions[0]
    _show(question, found)
    while True:
        typed = click.prompt(">", prompt_suffix=" ", default="", show_default=False).strip()
        if typed.lower() == _STOP:
            return None
        if typed.lower() == _UNDO:
            return undo(sitting)
        try:
            value = None if typed == _UNKNOWN else _read(question, typed)
            return answer(sitting, question.id, value)
        except (FactMalformed, FactsContradict) as problem:
            say(f"{problem.detail} {problem.remedy or ''}")
        except ValueError as problem:
            say(str(problem))


def _show(question: Question, found: Outlook) -> None:
    click.echo(f"\n[{len(found.sitting.steps) + 1}] {question.ask}")
    click.echo(f"    Why: {question.why}\n    Example: {question.example}")
    for number, choice in enumerate(question.choices, start=1):
        click.echo(f"    {number:>2}  {choice.words}")
    if question.kind in ("list", "checklist"):
        click.echo("    Several may be true: 1,3. None of them: 0.")
    elif question.kind in ("number", "date"):
        click.echo("    A number such as 4.2e19." if question.kind == "number" else "    A day as YYYY-MM-DD.")
    click.echo(f"    So far: {tiers_in_words(found.result)}; at most {len(found.questions)} questions left.")


def _read(question: Question, typed: str) -> Any:
    """Return the value that a line means.

    Raises:
        ValueError: none of the choices; says what may be typed.
    """
    if question.kind in ("number", "date"):
        if not typed:
            raise ValueError("Type a value, or ? if you do not know.")
        return typed
    if question.kind in ("list", "checklist"):
        if typed == "0":
            return []
        return [_choice(question, one) for one in typed.replace(" ", ",").split(",") if one] or _choice(question, "")
    return _choice(question, typed)


def _choice(question: Question, typed: str) -> str | bool:
    if question.kind == "bool" and typed.lower() in ("y", "yes", "n", "no"):
        return typed.lower().startswith("y")
    if typed.isdecimal() and 1 <= int(typed) <= len(question.choices):
        return question.choices[int(typed) - 1].value
    values = {str(choice.value): choice.value for choice in question.choices}
    if typed in values:
        return values[typed]
    raise ValueError(f"Type a number from 1 to {len(question.choices)}, or ? if you do not know.")


def _end(found: Outlook, file: Path) -> None:
    left = "Nothing is left that could change the result." if found.complete else ""
    left = left or f"{len(found.questions)} questions left, {len(found.sitting.unknown)} not known."
    click.echo(f"\nResult: {tiers_in_words(found.result)}. {left}")
    click.echo(f"Kept in {file}. Next: fabrica aiact classify --answers {file}")
    click.echo(f"{found.result.law.data}, checked on {found.result.law.checked_on}. {found.result.law.notice}")
