"""`fabrica systems answer`, `documents`, `issue` and their neighbours: documents that the server fills and keeps."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from fabrica.cli.inputs import ANY_FOLDER, FILE
from fabrica.cli.output import console, json_option, print_json, print_table, say
from fabrica.wire.documents import Recipient

if TYPE_CHECKING:
    from fabrica.sdk.client import Client
    from fabrica.values.ids import VersionId
    from fabrica.wire.documents import Answers


@click.command("answer")
@click.argument("version")
@click.option("--answers", "answers_file", metavar="FILE", type=FILE, required=True, help="As for 'aiact fill'. YAML.")
@json_option
def answer(version: str, answers_file: Path, as_json: bool) -> None:
    """Say what only a person can say of a VERSION: evidence, texts, consents. It is kept as said by you, now.

    What the file confirms is what the server shows at this moment; later evidence voids it.

    \b
    Example:
        fabrica systems answer "Euro char:1.0" --answers examples/aiact/answers.yaml
    """
    from fabrica.aiact.documents.answers import parse_answers
    from fabrica.cli.aiact_files import read_yaml
    from fabrica.cli.connection import connect
    from fabrica.sdk import systems
    from fabrica.wire.documents import DocumentAnswersWrong

    told = parse_answers(read_yaml(answers_file, DocumentAnswersWrong, remedy="Give the answers alone."))
    with connect() as client:
        found = systems.find_version(client, version)
        counts = _said(client, found.id, told)
    if as_json:
        print_json({"version": found.id, **counts})
    else:
        say(f"Kept for {found.system_name} {found.label}: {', '.join(f'{n} {what}' for what, n in counts.items())}.")


def _said(client: "Client", version: "VersionId", told: "Answers") -> dict[str, int]:
    """Say everything but consents first, since consents hold for what is then shown; return how many of each."""
    from fabrica.sdk import systems
    from fabrica.sdk.typed import typed
    from fabrica.wire.systems import NewAnswers

    function = told.person.function
    first: dict[str, dict[str, Any]] = {
        "evidence": told.evidence,
        "items": {item: one.text for item, one in told.items.items()},
        "not_applicable": {item: one.reason for item, one in told.not_applicable.items()},
    }
    systems.say(client, version, typed(NewAnswers, function=function, **first))
    confirm = _shown(client, version, list(told.confirm))
    if confirm:
        systems.say(client, version, typed(NewAnswers, function=function, confirm=confirm))
    counts = {name.replace("_", " "): len(one) for name, one in first.items()}
    return counts | {"confirmed": len(confirm), "not confirmed": len(told.confirm) - len(confirm)}


def _shown(client: "Client", version: "VersionId", items: list[str]) -> dict[str, tuple[str, ...]]:
    """Return the evidence that each of these items shows, where it waits for a person to confirm it."""
    from fabrica.aiact import library
    from fabrica.sdk import issues

    found: dict[str, tuple[str, ...]] = {}
    for name, template in library.document_templates().items():
        wanted = {one.id for one in template.items} & set(items)
        if wanted:
            draft = issues.document(client, version, name)
            found |= {
                one.id: one.evidence
                for section in draft.sections
                for one in section.items
                if one.id in wanted and one.state in ("to_confirm", "confirmed") and one.evidence
            }
    for item in items:
        if item not in found:
            say(f"{item} shows nothing to confirm, so it stays as it is.")
    return found


@click.command("documents")
@click.argument("version")
@json_option
def documents(version: str, as_json: bool) -> None:
    """Show how far each document of a VERSION is filled, what is open, and what was issued.

    \b
    Example:
        fabrica systems documents "Euro char:1.0"
    """
    from rich.markup import escape

    from fabrica.cli.connection import connect
    from fabrica.sdk import issues, systems

    with connect() as client:
        found = systems.find_version(client, version)
        lines, issued = issues.documents(client, found.id), issues.issues(client, found.id)
    if as_json:
        print_json({"version": found.id, "documents": lines, "issues": issued})
        return
    rows = []
    for line in lines:
        rate = line.rate
        counts = (rate.items, rate.automatic + rate.confirmed + rate.typed, rate.automatic, rate.to_confirm)
        rows.append((line.title, *map(str, (*counts, rate.to_type, rate.missing, len(line.open_items)))))
    figures = ("items", "complete", "automatic", "to confirm", "to type", "missing", "open")
    print_table(("document",), rows, figures=figures)
    for one in issued:
        told = f"{one.state}{f': {one.words}' if one.words else ''}, keep until {one.keep_until or 'unknown'}"
        console().print(escape(f"{one.template} for {one.recipient}, number {one.number}, {told} ({one.id})"))


@click.command("issue")
@click.argument("version")
@click.argument("template")
@click.option(
    "--recipient",
    type=click.Choice(get_args(Recipient)),
    default="provider",
    show_default=True,
    help="Who is sent it: each sees only what is theirs.",
)
@click.option("--function", required=True, help="What you are who sign, such as 'Head of Models'.")
@click.option(
    "--format",
    "formats",
    metavar="LIST",
    default="html,pdf,docx,json",
    show_default=True,
    help="What it is written as.",
)
@click.option("--out", metavar="DIR", type=ANY_FOLDER, help="Also download it, with its manifest and signature.")
@json_option
def issue(
    version: str, template: str, recipient: str, function: str, formats: str, out: Path | None, as_json: bool
) -> None:
    """Issue a complete document of a VERSION: signed, chained, kept, never changed. Whoever leads the project does.

    \b
    Example:
        fabrica systems issue "Euro char:1.0" mdf --recipient ai_office --function "Head of Models" --out documents
    """
    from pydantic import ValidationError

    from fabrica.cli.connection import connect
    from fabrica.sdk import issues, systems
    from fabrica.wire.issues import NewIssue
    from fabrica.wire.systems import OrderState

    told = {"template": template, "recipient": recipient, "function": function, "formats": formats.split(",")}
    try:
        new = NewIssue.model_validate(told)
    except ValidationError as error:
        raise click.UsageError(f"{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}.") from None
    with connect() as client:
        of = systems.find_version(client, version)
        say(f"Writing and signing {template} of {of.system_name} {of.label} …")
        found = issues.issue(client, of.id, new)
        place = issues.fetch(client, found.id, out) if out and found.state is OrderState.ISSUED else None
    if as_json:
        print_json({**found.model_dump(mode="json"), "folder": str(place) if place else None})
    elif found.state is OrderState.ISSUED:
        say(f"Issued {template} for {recipient}, number {found.number}; keep it until {found.keep_until}.")
        click.echo(place or found.id)
    elif found.state is OrderState.ORDERED:
        say("The server has not written it yet. Look again with 'fabrica systems documents'.")
    else:
        say(f"It is not issued: {found.words}")
    raise SystemExit(0 if found.state is OrderState.ISSUED else 1)


@click.command("fetch")
@click.argument("document")
@click.option("--out", metavar="DIR", type=ANY_FOLDER, required=True, help="Where its folder is made.")
@json_option
def fetch(document: str, out: Path, as_json: bool) -> None:
    """Download an issued DOCUMENT with its manifest and signature; 'fabrica aiact verify' checks it, offline.

    \b
    Example:
        fabrica systems fetch doc_01jd… --out documents
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import issues
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import DocumentId

    with connect() as client:
        place = issues.fetch(client, parsed(DocumentId, document), out)
    print_json({"folder": str(place)}) if as_json else click.echo(place)


@click.command("changes")
@click.argument("before")
@click.argument("after")
@json_option
def changes(before: str, after: str, as_json: bool) -> None:
    """Show what two issued documents say differently, item by item.

    \b
    Example:
        fabrica systems changes doc_01jd… doc_01je…
    """
    from fabrica.cli.aiact_documents import show_changes
    from fabrica.cli.connection import connect
    from fabrica.sdk import issues
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import DocumentId

    with connect() as client:
        found = issues.changes(client, parsed(DocumentId, before), parsed(DocumentId, after))
    show_changes(found, as_json=as_json)


@click.command("key")
@json_option
def key(as_json: bool) -> None:
    """Print the public half of the key that signs the server's documents, to compare with that of a manifest.

    \b
    Example:
        fabrica aiact verify documents/mdf/ai_office/version-0001 --public-key "$(fabrica systems key)"
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import issues

    with connect() as client:
        found = issues.signing_key(client)
    print_json({"public_key": found}) if as_json else click.echo(found)


@click.command("views")
@click.argument("version")
@click.option("--show", "show_to", metavar="EMAIL", help="Let this person read what is issued for the recipient.")
@click.option("--hide", "hide_from", metavar="NAME", help="Take the view away from this person again.")
@click.option("--recipient", type=click.Choice(get_args(Recipient)), help="Whose view.")
@json_option
def views(version: str, show_to: str | None, hide_from: str | None, recipient: Any, as_json: bool) -> None:
    """Show who, without being a member, may read what is issued of a VERSION; whoever leads the project changes it.

    \b
    Example:
        fabrica systems views "Euro char:1.0" --show dana@downstream.example --recipient downstream
    """
    from rich.markup import escape

    from fabrica.cli.connection import connect
    from fabrica.sdk import issues, systems

    if (show_to or hide_from) and not recipient:
        raise click.UsageError("Say with --recipient whose view it is.")
    with connect() as client:
        found = systems.find_version(client, version).id
        if show_to:
            issues.show_view(client, found, show_to, recipient)
        for one in issues.views(client, found) if hide_from else ():
            if one.name == hide_from and one.recipient == recipient:
                issues.hide_view(client, found, one)
        granted = issues.views(client, found)
    if as_json:
        print_json({"views": granted})
        return
    for one in granted:
        console().print(escape(f"{one.name} reads what goes to: {one.recipient}, since {one.granted_at.date()}"))
    if not granted:
        say("Nobody outside the project reads anything of it.")
