"""`fabrica questions`: looked up with published answers, passed on to an adviser, answered and published."""

from datetime import date
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import DAY
from fabrica.cli.lazy import LazyGroup
from fabrica.cli.output import console, json_option, print_json, print_table, print_text, say

if TYPE_CHECKING:
    from fabrica.wire.questions import Question

_COMMANDS = {
    "find": "questions:find",
    "ask": "questions:ask",
    "show": "questions:show",
    "ask-again": "questions_moves:ask_again",
    "allow": "questions_moves:allow",
    "withdraw": "questions_moves:withdraw",
    "take": "questions_moves:take",
    "give-back": "questions_moves:give_back",
    "answer": "questions_moves:answer",
    "publish": "questions_moves:publish",
}


@click.group("questions", cls=LazyGroup, places=_COMMANDS, invoke_without_command=True)
@click.option("--state", metavar="STATE", help="asked, taken, answered, published or withdrawn.")
@json_option
@click.pass_context
def questions(context: click.Context, state: str | None, as_json: bool) -> None:
    """List questions to advisers: of your projects, or for advisers all; what waits first, the soonest due before.

    \b
    Examples:
        fabrica questions find "Must a chatbot say what it is?"
        fabrica questions ask "Is our chatbot for a school high-risk?" --due 2026-12-15
        fabrica questions take qst_01jd…
    """
    if context.invoked_subcommand is None:
        list_questions(state, as_json)


def list_questions(state: str | None, as_json: bool) -> None:
    """Show the questions that the caller may see, at most two hundred."""
    from fabrica.cli.connection import connect
    from fabrica.sdk import questions as sdk
    from fabrica.wire.questions import QuestionState

    if state is not None and state not in list(QuestionState):
        raise click.UsageError(f"--state is one of {', '.join(QuestionState)}, not {state!r}.")
    with connect() as client:
        found = sdk.questions(client, state=QuestionState(state) if state else None, limit=200)
    if as_json:
        print_json(found)
        return
    rows = []
    for one in found.questions:
        due = f"{one.due_on}{' LATE' if one.late else ''}"
        words = one.text if len(one.text) <= 60 else f"{one.text[:59]}…"
        rows.append((one.id, one.state, due, one.asked_by, one.adviser or "—", words))
    if rows:
        print_table(("question", "state", "due", "asked by", "adviser", "words"), rows)
    else:
        print_text("No question: ask one with 'fabrica questions ask'.")
    if found.next_cursor:
        say("There are more; narrow the list with --state.")


@click.command("find")
@click.argument("question", nargs=-1, required=True)
@click.option("--most", type=click.IntRange(1, 50), default=5, show_default=True, help="Passages to show.")
@json_option
def find(question: tuple[str, ...], most: int, as_json: bool) -> None:
    """Look a question up in the law's data and in the published answers of advisers.

    'fabrica aiact ask' needs no server, and finds no published answers.

    \b
    Example:
        fabrica questions find "Must a chatbot say what it is?"
    """
    from fabrica.cli.aiact_questions import show_answer
    from fabrica.cli.connection import connect
    from fabrica.sdk import questions as sdk

    with connect() as client:
        found = sdk.find(client, " ".join(question), most=most)
    if as_json:
        print_json(found)
        return
    show_answer(found)
    say("Ask an adviser with 'fabrica questions ask'.")


@click.command("ask")
@click.argument("question", nargs=-1, required=True)
@click.option("--project", metavar="PROJECT", help="For which project; needed when you are in several.")
@click.option("--context", default="", help="What only the adviser reads.")
@click.option("--due", type=DAY, help="Needed by this day. Default: ten working days.")
@click.option("--may-publish", is_flag=True, help="The question in general words and the reply may be published.")
@json_option
def ask(
    question: tuple[str, ...], project: str | None, context: str, due: date | None, may_publish: bool, as_json: bool
) -> None:
    """Pass a question on to an adviser. Nothing of it is published unless you allow it.

    \b
    Example:
        fabrica questions ask "Is our chatbot for a school high-risk?" --due 2026-12-15
    """
    import uuid

    from fabrica.cli.connection import connect
    from fabrica.sdk import people
    from fabrica.sdk import questions as sdk
    from fabrica.sdk.typed import typed
    from fabrica.wire.questions import LONGEST_QUESTION, NewQuestion, QuestionRefused

    text = " ".join(question)
    if not text.strip() or len(text) > LONGEST_QUESTION:
        raise QuestionRefused(f"A question has 1 to {LONGEST_QUESTION:,} characters.", remedy="Use --context for more.")
    with connect() as client:
        told = typed(
            NewQuestion,
            project=people.find_project(client, project) if project else None,
            text=text,
            context=context,
            due_on=due,
            may_publish=may_publish,
        )
        done = sdk.ask(client, told, idempotency_key=str(uuid.uuid4()))
    if as_json:
        print_json(done)
    else:
        say(f"{done.id} waits for an adviser; a reply is due on {done.due_on}: 'fabrica questions show {done.id}'.")


@click.command("show")
@click.argument("question")
@json_option
def show(question: str, as_json: bool) -> None:
    """Show one question with its reply and what the reply cites.

    \b
    Example:
        fabrica questions show qst_01jd…
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import questions as sdk
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import QuestionId

    with connect() as client:
        found = sdk.question(client, parsed(QuestionId, question))
    print_json(found) if as_json else show_question(found)


def show_question(found: "Question") -> None:
    """Print a question with its reply."""
    from rich.markup import escape
    from rich.padding import Padding

    out = console()
    out.print(f"[bold]{escape(found.text)}[/bold]")
    late = ", LATE" if found.late else ""
    adviser = f", adviser {escape(found.adviser)}" if found.adviser else ""
    out.print(
        f"[dim]{found.id}: {found.state}, due on {found.due_on}{late}, asked by {escape(found.asked_by)}{adviser}"
    )
    if found.context:
        out.print(Padding(escape(found.context), (0, 0, 0, 3)))
    if found.reason:
        out.print(f"Because: {escape(found.reason)}")
    if found.reply:
        out.print(f"\n{escape(found.reply)}")
        for one in found.citations:
            out.print(f"   [dim]{escape(one.citation)}: {escape(one.title)}[/dim]")
        changed = "; the law's data has CHANGED since" if found.law_changed else ""
        out.print(f"[dim]On {escape(found.law or '')}{changed}[/dim]")
    if found.published_question:
        out.print(f"Published as: {escape(found.published_question)}")
    elif found.reply and not found.may_publish:
        out.print("[dim]Who asked has not allowed that it is published.[/dim]")
