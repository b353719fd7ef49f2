"""`fabrica aiact intake` and `fabrica aiact compare`: questions that still matter, and two variants side by side."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fabrica.cli.aiact_files import day_of, read_answers, read_yaml, save
from fabrica.cli.inputs import ANY_FILE, DAY, FILE
from fabrica.cli.output import console, json_option, print_json, print_table

if TYPE_CHECKING:
    from fabrica.wire.intake import Comparison, Outlook, Sitting


@click.command("intake")
@click.option("--answers", "answers_file", metavar="FILE", type=FILE, help="Facts to begin with. YAML or JSON.")
@click.option(
    "--save",
    "save_file",
    metavar="FILE",
    type=ANY_FILE,
    default=Path("ai-act-answers.yaml"),
    show_default=True,
    help="Each answer is kept here at once; when it is there already, the intake goes on from it.",
)
@click.option("--describe", metavar="TEXT", help="Your own words; the facts they suggest are proposed, not taken.")
@click.option("--set", "given", metavar="QUESTION=VALUE", multiple=True, help="Answer; lists parted by commas.")
@click.option("--unknown", metavar="QUESTION", multiple=True, help='Answer "I do not know".')
@click.option("--undo", "take_back", is_flag=True, help="Take the last answer back.")
@click.option("--print", "form", type=click.Choice(["text", "html"]), help="Print answers, result and open questions.")
@click.option("--as-of", type=DAY, help="The day to ask for; else today.")
@json_option
def intake(
    answers_file: Path | None,
    save_file: Path,
    describe: str | None,
    given: tuple[str, ...],
    unknown: tuple[str, ...],
    take_back: bool,
    form: str | None,
    as_of: date | None,
    as_json: bool,
) -> None:
    """Answer only what still matters for your case, in plain words; stop, go on and take back at any time.

    \b
    Examples:
        fabrica aiact intake --save shop.yaml
        fabrica aiact intake --save shop.yaml --set artefact=system --json
    """
    from fabrica.aiact.intake.asking import outlook
    from fabrica.aiact.intake.page import as_html, as_text
    from fabrica.aiact.intake.proposals import proposals
    from fabrica.aiact.intake.sitting import undo

    sitting = _begin(answers_file, save_file)
    day = as_of or day_of(sitting.answers)
    before = sitting
    sitting = undo(sitting) if take_back else sitting
    sitting = _answered(sitting, given, unknown)
    found = outlook(sitting, day, proposals(describe) if describe else ())
    if sitting is not before or (answers_file and not save_file.exists() and not form):
        _save(sitting, save_file)
    if as_json:
        print_json(found)
    elif form is not None:
        click.echo(as_html(found) if form == "html" else as_text(found), nl=False)
    elif given or unknown or take_back:
        _next(found, save_file)
    else:
        from fabrica.cli.aiact_asking import talk

        talk(found, day, lambda sitting: _save(sitting, save_file), save_file)


def _begin(answers_file: Path | None, save_file: Path) -> "Sitting":
    """Return the saved sitting, else one that begins with the given facts."""
    from fabrica.aiact.intake.sitting import begin
    from fabrica.wire.aiact import AnswersUnreadable

    if answers_file is not None and save_file.exists():
        raise click.UsageError(f"{save_file} holds an intake already; leave --answers out, or save somewhere else.")
    if save_file.exists():
        content = read_yaml(save_file, AnswersUnreadable, remedy="Name another file with --save.")
        if not isinstance(content, dict):
            raise AnswersUnreadable(f"{save_file.name} holds no intake.", remedy="Name another file with --save.")
        return begin(content)
    return begin(read_answers(answers_file) if answers_file else {})


def _answered(sitting: "Sitting", given: tuple[str, ...], unknown: tuple[str, ...]) -> "Sitting":
    from fabrica.aiact.intake.sitting import answer

    for one in given:
        question, sign, text = one.partition("=")
        if not sign:
            raise click.UsageError(f"--set takes QUESTION=VALUE, not {one!r}.")
        sitting = answer(sitting, question, _value(question, text))
    for question in unknown:
        sitting = answer(sitting, question, None)
    return sitting


def _value(question: str, text: str) -> Any:
    """Return a typed value; what does not fit its fact is refused by name later."""
    from fabrica.aiact import library
    from fabrica.aiact.intake.wording import checklists

    fact = library.vocabulary().get(question)
    if question in checklists() or (fact and fact.type == "list"):
        return [part.strip() for part in text.split(",") if part.strip()]
    if fact and fact.type == "bool":
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)
    return text


def _save(sitting: "Sitting", file: Path) -> None:
    import yaml

    from fabrica.aiact.intake.sitting import as_saved

    text = yaml.safe_dump(as_saved(sitting), sort_keys=False, allow_unicode=True)
    save(file, text.encode())


def _next(found: "Outlook", file: Path) -> None:
    """Tell in a few lines where the intake stands."""
    from fabrica.aiact.intake.page import tiers_in_words

    click.echo(f"So far: {tiers_in_words(found.result)}. {len(found.questions)} questions left. Saved in {file}.")
    if found.questions:
        click.echo(f"Next: {found.questions[0].ask} ({found.questions[0].id})")


@click.command("compare")
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@click.option("--as-of", type=DAY, help="The day to ask for; else the first file's as_of, or today.")
@json_option
def compare(before: Path, after: Path, as_of: date | None, as_json: bool) -> None:
    """Compare two variants: what changes in roles, tiers, duties, dates and fines, and which facts make it.

    \b
    Example:
        fabrica aiact compare shop.yaml shop-with-chatbot.yaml
    """
    from fabrica.aiact.intake.comparing import compare as compared

    one, other = read_answers(before), read_answers(after)
    found = compared(one, other, as_of or day_of(one))
    if as_json:
        print_json(found)
    else:
        _show(found)


def _show(found: "Comparison") -> None:
    from rich.markup import escape

    out = console()
    out.print(f"[bold]{len(found.differences)} differences[/bold] on {found.as_of}")
    rows = [
        (f"{one.kind}: {one.title}", _cell(one.before), _cell(one.after), ", ".join(one.because))
        for one in found.differences
    ]
    if rows:
        print_table(("what", "first", "second", "because of"), rows)
    told = (f"{one.fact}: {_fact(one.before)} -> {_fact(one.after)}" for one in found.facts)
    for title, lines in (("Facts that differ", told), ("Not settled by the law itself", _unsettled(found))):
        shown = list(lines)
        if shown:
            out.print(f"\n[bold]{title}[/bold]")
        for line in shown:
            out.print(f"  - {escape(line)}")
    sure, then = [one or "nothing decided" for one in found.confidence]
    out.print(f"\nConfidence: {sure}, then {then}. Facts still open: {len(found.open_questions[0])}, then "
              f"{len(found.open_questions[1])}.")  # fmt: skip
    out.print(f"{found.law.data}, checked on {found.law.checked_on}. {found.law.notice}")


def _unsettled(found: "Comparison") -> list[str]:
    return [f"{one.question}: {one.status}" for one in found.unsettled]


def _cell(text: str | None) -> str:
    return {None: "no", "final": "yes", "unless_shown_otherwise": "yes, unless shown otherwise"}.get(text, text or "")


def _fact(value: Any) -> str:
    if value is None:
        return "not told"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value).lower()
