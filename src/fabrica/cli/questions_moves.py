"""`fabrica questions take`, `answer`, `publish` and their neighbours: each moves one question."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import FILE
from fabrica.cli.output import json_option, print_json, say

if TYPE_CHECKING:
    from fabrica.sdk.client import Client
    from fabrica.values.ids import QuestionId
    from fabrica.wire.questions import Question

_REASON = click.option("--reason", required=True, help="Why, in a sentence that the other side reads.")


def _moved(question: str, move: "Callable[[Client, QuestionId], Question]", words: str, as_json: bool) -> None:
    """Move a question at the server and tell what came of it; `words` may name its `id` and its `due_on`."""
    from fabrica.cli.connection import connect
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import QuestionId

    with connect() as client:
        done = move(client, parsed(QuestionId, question))
    print_json(done) if as_json else say(words.format(id=done.id, due_on=done.due_on))


@click.command("take")
@click.argument("question")
@json_option
def take(question: str, as_json: bool) -> None:
    """Take a QUESTION out of the queue, to answer it. For advisers.

    \b
    Example:
        fabrica questions take qst_01jd…
    """
    from fabrica.sdk import questions as sdk

    _moved(question, sdk.take, "{id} is yours; a reply is due on {due_on}.", as_json)


@click.command("give-back")
@click.argument("question")
@_REASON
@json_option
def give_back(question: str, reason: str, as_json: bool) -> None:
    """Put a QUESTION back into the queue. For the adviser who has it, and the network's office.

    \b
    Example:
        fabrica questions give-back qst_01jd… --reason "It is about machinery, which I do not know."
    """
    from fabrica.sdk import questions as sdk

    _moved(question, lambda client, one: sdk.give_back(client, one, reason), "{id} waits in the queue again.", as_json)


@click.command("answer")
@click.argument("question")
@click.option("--reply", metavar="TEXT", help="The reply.")
@click.option("--file", type=FILE, help="A file with the reply.")
@click.option(
    "--cite", "citations", metavar="PASSAGE", multiple=True, help="'Art. 50(2)', or a passage's id; repeat it."
)
@json_option
def answer(question: str, reply: str | None, file: Path | None, citations: tuple[str, ...], as_json: bool) -> None:
    """Answer a QUESTION you took. A reply without a citation is refused; 'fabrica aiact ask' shows what can be cited.

    \b
    Example:
        fabrica questions answer qst_01jd… --reply "Yes, from the first contact." --cite "Art. 50(1)"
    """
    from fabrica.sdk import questions as sdk
    from fabrica.sdk.typed import typed
    from fabrica.wire.questions import LONGEST_REPLY, Reply

    if (reply is None) == (file is None):
        raise click.UsageError("Give the reply with --reply, or in a file with --file.")
    text = reply if reply is not None else _text_of(file or Path())
    if not 0 < len(text.strip()) <= LONGEST_REPLY:
        raise click.UsageError(f"A reply has 1 to {LONGEST_REPLY:,} characters.")
    told = typed(Reply, text=text.strip(), citations=citations)
    _moved(question, lambda client, one: sdk.answer(client, one, told), "{id} is answered.", as_json)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise click.UsageError(f"{file.name} is not text in UTF-8.") from None


@click.command("publish")
@click.argument("question")
@click.option("--as", "wording", metavar="TEXT", required=True, help="The question in general words.")
@json_option
def publish(question: str, wording: str, as_json: bool) -> None:
    """Publish the reply to a QUESTION, so that everybody who asks finds it. Nothing may tell who asked.

    \b
    Example:
        fabrica questions publish qst_01jd… --as "Must a chatbot say what it is?"
    """
    from fabrica.sdk import questions as sdk

    words = "{id} is published: 'fabrica questions find' finds it."
    _moved(question, lambda client, one: sdk.publish(client, one, wording), words, as_json)


@click.command("ask-again")
@click.argument("question")
@_REASON
@json_option
def ask_again(question: str, reason: str, as_json: bool) -> None:
    """Say why the reply does not answer your QUESTION; it waits again.

    \b
    Example:
        fabrica questions ask-again qst_01jd… --reason "It does not say by when."
    """
    from fabrica.sdk import questions as sdk

    _moved(question, lambda client, one: sdk.ask_again(client, one, reason), "{id} waits in the queue again.", as_json)


@click.command("allow")
@click.argument("question")
@click.option("--publishing/--no-publishing", required=True, help="Whether the reply may be published.")
@json_option
def allow(question: str, publishing: bool, as_json: bool) -> None:
    """Allow or forbid that the reply to your QUESTION is published.

    \b
    Example:
        fabrica questions allow qst_01jd… --publishing
    """
    from fabrica.sdk import questions as sdk

    words = "The reply to {id} may be published." if publishing else "The reply to {id} is not published."
    _moved(question, lambda client, one: sdk.allow_publishing(client, one, publishing), words, as_json)


@click.command("withdraw")
@click.argument("question")
@_REASON
@json_option
def withdraw(question: str, reason: str, as_json: bool) -> None:
    """Take your QUESTION back; as an adviser, take a published answer out of what is found.

    \b
    Example:
        fabrica questions withdraw qst_01jd… --reason "The law changed."
    """
    from fabrica.sdk import questions as sdk

    _moved(question, lambda client, one: sdk.withdraw(client, one, reason), "{id} is withdrawn.", as_json)
