"""`fabrica aiact ask` and `fabrica aiact import`: passages with citations, from the data and from one's own texts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import FILE
from fabrica.cli.output import console, json_option, print_json, say
from fabrica.values.home import home

if TYPE_CHECKING:
    from fabrica.wire.questions import FoundAnswer

_CONFIDENCE = {
    "text": "from the text of the law",
    "guidance": "from adopted guidance, which binds nobody",
    "secondary": "from secondary sources",
    "draft": "from DRAFT guidance",
    "open": "CONTESTED or not settled: ask a person",
}
_KINDS = {"official": "imported by you", "published": "ANSWER OF AN ADVISER, which binds nobody"}


def _shelf() -> Path:
    return home() / "aiact" / "texts"


@click.command("ask")
@click.argument("question", nargs=-1, required=True)
@click.option("--most", type=click.IntRange(1, 50), default=5, show_default=True, help="Passages to show.")
@json_option
def ask(question: tuple[str, ...], most: int, as_json: bool) -> None:
    """Look a question up in the law's data and in texts you imported; each passage has its citation.

    No model writes an answer. When the sources hold none, it says so.

    \b
    Example:
        fabrica aiact ask "Was AI literacy abolished?"
    """
    from fabrica.aiact.questions.answering import ask as asked
    from fabrica.aiact.questions.shelf import texts

    found = asked(" ".join(question), datetime.now(UTC).date(), texts(_shelf()), most=most)
    if as_json:
        print_json(found)
    else:
        show_answer(found)
        say("Pass a question on to an adviser with 'fabrica questions ask'.")


def show_answer(found: "FoundAnswer") -> None:
    """Print what the sources hold on a question, passage by passage."""
    from rich.markup import escape
    from rich.padding import Padding

    from fabrica.aiact.in_words import cited_in_words

    out = console()
    out.print(found.words)
    for number, one in enumerate(found.passages, start=1):
        out.print(f"\n[bold]{number}. {escape(one.title)}[/bold]")
        if one.wrong:
            out.print(Padding(f"WRONG: {escape(one.wrong)}", (0, 0, 0, 3)))
            out.print(Padding(f"RIGHT: {escape(one.text)}", (0, 0, 0, 3)))
        else:
            out.print(Padding(escape(one.text), (0, 0, 0, 3)))
        place = _KINDS.get(one.kind) or _CONFIDENCE.get(one.confidence or "", "from the data")
        source = f"{escape(cited_in_words(one.citation))}; {place}; {one.coverage:.0%} of your words"
        out.print(Padding(f"[dim]{source}[/dim]", (0, 0, 0, 3)))
    for question in found.unsettled:
        out.print(escape(f"\nNot settled by the law itself: {question.question}: {question.status}"))
    texts = f" and in {', '.join(found.imported)}" if found.imported else ""
    out.print(
        escape(f"\nSearched {found.searched} passages in {found.law.data}, checked on {found.law.checked_on}{texts}.")
    )
    out.print(found.law.notice)


@click.command("import")
@click.argument("file", type=FILE)
@click.option("--title", metavar="TEXT", help="What to call it; else the name of the act, or of the file.")
@json_option
def import_text(file: Path, title: str | None, as_json: bool) -> None:
    """Import a legal text you downloaded from EUR-Lex as HTML, XML or plain text, so that 'ask' searches it too.

    It is kept as plain text in your own folder, with the hash of the file and the day. Nothing official is shipped.

    \b
    Example:
        fabrica aiact import ~/Downloads/32024R1689.html
    """
    from fabrica.aiact.questions.official import LARGEST_BYTES, read_official
    from fabrica.aiact.questions.shelf import put

    with file.open("rb") as opened:
        content = opened.read(LARGEST_BYTES + 1)
    text = read_official(content, name=file.name, imported_on=datetime.now(UTC).date(), title=title)
    kept = put(text, _shelf())
    counts = {
        kind: sum(one.label.startswith(kind) for one in text.sections) for kind in ("Recital", "Article", "Annex")
    }
    if as_json:
        told = text.model_dump(mode="json", exclude={"sections"})
        print_json(told | {"kept_in": str(kept), "sections": {kind.lower(): number for kind, number in counts.items()}})
        return
    found = ", ".join(f"{number} {kind.lower()}s" for kind, number in counts.items()).replace("annexs", "annexes")
    click.echo(f"{text.title}: {found}. sha256 {text.sha256}. Kept in {kept}.")
    if not text.complete:
        lacking = f" Missing: {', '.join(text.lacks[:10])}." if text.lacks else ""
        click.echo(f"The file is NOT COMPLETE: it ends in the middle or leaves something out.{lacking}")
