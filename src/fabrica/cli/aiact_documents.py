"""`fabrica aiact fill` and its neighbours: documents from records and answers; keys, checks and differences."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from fabrica.cli.aiact_files import read_records, read_sources, read_yaml
from fabrica.cli.inputs import ANY_FOLDER, FILE, FILE_OR_FOLDER, FOLDER
from fabrica.cli.output import console, json_option, print_json, print_table, say
from fabrica.wire.documents import Format, Recipient

if TYPE_CHECKING:
    from fabrica.aiact.documents.evidence import Gathered
    from fabrica.wire.accounts import ComputeAccount
    from fabrica.wire.documents import Answers, Document, ItemChange


@click.command("fill")
@click.option(
    "--template",
    "names",
    metavar="ID|all",
    required=True,
    multiple=True,
    help="'fabrica aiact template' lists them; may be repeated.",
)
@click.option("--record", "records", metavar="DIR", type=FOLDER, multiple=True, help="A run's record; may be repeated.")
@click.option("--answers", "answers_file", metavar="FILE", type=FILE, help="What a person types and confirms. YAML.")
@click.option("--sources", "sources_file", metavar="FILE", type=FILE, help="Compute from outside. YAML.")
@click.option("--classify", "facts_file", metavar="FILE", type=FILE, help="Facts for 'fabrica aiact classify'. YAML.")
@click.option(
    "--evaluation",
    "logs",
    metavar="LOG",
    type=FILE_OR_FOLDER,
    multiple=True,
    help="A log of Inspect AI or run of MLflow, as for 'fabrica evaluations read'; may be repeated.",
)
@click.option(
    "--version", metavar="VERSION", help="Fill from what the server holds of it, as 'fabrica systems' names it."
)
@click.option(
    "--out",
    "store",
    metavar="DIR",
    required=True,
    type=ANY_FOLDER,
    help="Folder of all documents: drafts, and versions once issued.",
)
@click.option(
    "--recipient",
    type=click.Choice(get_args(Recipient)),
    default="provider",
    show_default=True,
    help="Who is sent it: each sees only what is theirs.",
)
@click.option("--format", "formats", metavar="LIST", default="html,json", show_default=True, help="html,pdf,docx,json")
@click.option("--final", is_flag=True, help="Issue the next version: complete, signed, never changed again.")
@click.option("--key", "key_file", metavar="FILE", type=click.Path(path_type=Path), help="Signs a version.")
@json_option
def fill_documents(
    names: tuple[str, ...],
    records: tuple[Path, ...],
    answers_file: Path | None,
    sources_file: Path | None,
    facts_file: Path | None,
    logs: tuple[Path, ...],
    version: str | None,
    store: Path,
    recipient: Recipient,
    formats: str,
    final: bool,
    key_file: Path | None,
    as_json: bool,
) -> None:
    """Fill documents of the AI Act and say how far each is filled: from run records and a person's answers, or from
    everything that the server holds of a version.

    \b
    Examples:
        fabrica aiact fill --template mdf --record ~/.fabrica/records/run_01jd… --answers answers.yaml --out documents
        fabrica aiact fill --template all --version "Euro char:1.0" --out documents
    """
    from fabrica.aiact.compute import require_explanation
    from fabrica.aiact.documents import issue
    from fabrica.aiact.documents.fill import fill
    from fabrica.aiact.documents.writers import write_draft, written

    if version is not None:
        if records or answers_file or sources_file or facts_file or logs or final:
            raise click.UsageError("--version fills from the server alone; 'fabrica systems issue' issues there.")
        filled = _filled_there(version, _templates(names, recipient), recipient)
        _tell([(one, write_draft(one, _formats(formats), store)) for one in filled], as_json=as_json)
        return
    if final and key_file is None:
        raise click.UsageError("--final signs the version: name a key with --key; 'fabrica aiact key FILE' makes one.")
    wanted = _formats(formats)
    compute, gathered, answers = _project(records, sources_file, answers_file, store)
    for words in dict.fromkeys(gathered.absent.values()):
        say(f"Not known: {words}.")
    gathered = _with_evaluations(_with_classification(gathered, facts_file), logs)
    now = datetime.now(UTC)
    documents = []
    for template in _templates(names, recipient):
        number = len(issue.versions(store, template, recipient)) + 1 if final else None
        documents.append(fill(template, gathered, answers, now=now, recipient=recipient, version=number))
    places = []
    if key_file is not None and final:
        key = issue.read_key(key_file)
        require_explanation(compute)
        documents = [issue.finished(document, store) for document in documents]  # all, or none is issued
        places = [issue.issue(document, written(document, wanted), store, key) for document in documents]
    else:
        for document in documents:
            places.append(write_draft(document, wanted, store))
            if len(documents) > 1:
                say(f"Wrote {document.title}")
    _tell(list(zip(documents, places, strict=True)), as_json=as_json)


def _filled_there(version: str, names: Sequence[str], recipient: Recipient) -> "Sequence[Document]":
    """Return drafts that the server fills."""
    from fabrica.cli.connection import connect
    from fabrica.sdk import issues, systems

    with connect() as client:
        of = systems.find_version(client, version).id
        return [issues.document(client, of, name, recipient) for name in names]


def _tell(done: "Sequence[tuple[Document, Path]]", *, as_json: bool) -> None:
    if as_json:
        print_json({"documents": [_told(document, place) for document, place in done], "total": _total(done)})
    else:
        _show(done)


def _formats(text: str) -> tuple[Format, ...]:
    given = [one.strip() for one in text.split(",") if one.strip()]
    wrong = [one for one in given if one not in get_args(Format)]
    if wrong or not given:
        raise click.UsageError(f"--format takes {', '.join(get_args(Format))}, parted by commas, not {text!r}.")
    return tuple(given)  # type: ignore[arg-type]  # each was looked up


def _templates(names: Sequence[str], recipient: Recipient) -> Sequence[str]:
    """Return the named documents, each once, or all that go to the recipient."""
    from fabrica.aiact.documents.layout import layouts

    if "all" not in names:
        return tuple(dict.fromkeys(names))
    return [key for key, one in layouts().items() if recipient == "provider" or recipient in one.recipients]


def _project(
    records: Sequence[Path], sources_file: Path | None, answers_file: Path | None, store: Path
) -> "tuple[ComputeAccount, Gathered, Answers | None]":
    """Return the compute account, the evidence and the answers that the files hold."""
    import hashlib

    from fabrica.aiact.compute import account
    from fabrica.aiact.documents.answers import evidence_of, parse_answers
    from fabrica.aiact.documents.evidence import gather
    from fabrica.aiact.documents.issue import issued_evidence
    from fabrica.aiact.energy import energy_account
    from fabrica.wire.documents import DocumentAnswersWrong, Evidence

    runs, sources = read_records(records), read_sources(sources_file)
    compute = account(runs, sources)
    gathered = gather(runs, compute, energy_account(runs, compute, sources.sites), sources)
    answers, typed = None, tuple[Evidence, ...]()
    if answers_file is not None:
        answers = parse_answers(read_yaml(answers_file, DocumentAnswersWrong, remedy="Give the answers alone."))
        digest = hashlib.sha256(answers_file.read_bytes()).hexdigest()
        typed = evidence_of(answers, source=answers_file.name, sha256=digest)
    held = (*gathered.evidence, *typed, *issued_evidence(store))
    return compute, gathered._replace(evidence=held), answers


def _with_classification(gathered: "Gathered", facts_file: Path | None) -> "Gathered":
    """Return the evidence with what the desk makes of the facts in a file."""
    if facts_file is None:
        return gathered
    import hashlib

    from fabrica.aiact.classify import classify
    from fabrica.aiact.documents.classification import classification_evidence
    from fabrica.cli.aiact_files import day_of, read_answers

    facts = read_answers(facts_file)
    found = classify(facts, day_of(facts))
    digest = hashlib.sha256(facts_file.read_bytes()).hexdigest()
    held = classification_evidence(found, source=facts_file.name, sha256=digest)
    return gathered._replace(evidence=(*gathered.evidence, held))


def _with_evaluations(gathered: "Gathered", logs: Sequence[Path]) -> "Gathered":
    """Return the evidence with what the logs of evaluations say."""
    from fabrica.aiact.evaluations.evidence import evaluation_evidence
    from fabrica.aiact.evaluations.reading import open_log, read_evaluation

    found = []
    for place in logs:
        with open_log(place) as log:
            found.append(evaluation_evidence(read_evaluation(log, place.name), held_by="run"))
    return gathered._replace(evidence=(*gathered.evidence, *found))


def _told(document: "Document", place: Path) -> dict[str, Any]:
    items = [item for section in document.sections for item in section.items]
    return {
        "template": document.template,
        "title": document.title,
        "recipient": document.recipient,
        "status": document.status,
        "version": document.version,
        "folder": str(place),
        "files": sorted(one.name for one in place.iterdir()),
        "fill": document.rate,
        "items": [{"id": one.id, "state": one.state, "lacks": one.lacks} for one in items],
    }


def _total(done: "Sequence[tuple[Document, Path]]") -> dict[str, int]:
    names = ("items", "automatic", "confirmed", "typed", "to_confirm", "to_type", "missing", "part")
    return {name: sum(getattr(document.rate, name) for document, _ in done) for name in names}


def _show(done: "Sequence[tuple[Document, Path]]") -> None:
    counted = ("items", "automatic", "confirmed", "typed", "to confirm", "to type", "missing")
    rows = []
    for document, _ in done:
        counts = (str(getattr(document.rate, name.replace(" ", "_"))) for name in counted)
        rows.append((document.title, *counts, f"{document.rate.automatic_share:.0%}"))
    print_table(("document",), rows, figures=(*counted, "automatic share"))
    for document, place in done:
        version = "draft" if document.version is None else f"version {document.version}"
        click.echo(f"{document.template}, {version}: {place}")


@click.command("template")
@click.argument("name", metavar="[ID]", required=False)
@json_option
def show_template(name: str | None, as_json: bool) -> None:
    """List the documents, or the items of one with what each needs and the fields of that evidence.

    \b
    Example:
        fabrica aiact template mdf
    """
    from fabrica.aiact.documents.about import about_template, about_templates

    found = about_templates() if name is None else about_template(name)
    if as_json:
        print_json(found)
        return
    rows = ([", ".join(one) if isinstance(one, list) else str(one) for one in row.values()] for row in found)
    print_table(tuple(found[0]), rows)


@click.command("key")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def new_key(file: Path, as_json: bool) -> None:
    """Make an Ed25519 key for signing documents, readable by you alone; print its public half.

    \b
    Example:
        fabrica aiact key signing.pem
    """
    from fabrica.aiact.documents.issue import make_key

    public_key = make_key(file)
    if as_json:
        print_json({"file": str(file), "public_key": public_key})
    else:
        click.echo(public_key)


@click.command("verify")
@click.argument("folder", metavar="VERSION", type=FOLDER)
@click.option("--public-key", metavar="BASE64", help="The key that must have signed it.")
@json_option
def verify_document(folder: Path, public_key: str | None, as_json: bool) -> None:
    """Check an issued version, offline: every file, the signature, the chain to the version before.

    \b
    Example:
        fabrica aiact verify documents/issued/mdf/ai_office/version-0001
    """
    from fabrica.aiact.documents.issue import verify

    manifest = verify(folder, public_key=public_key)
    if as_json:
        print_json(manifest)
        return
    click.echo(f"{manifest.template}, version {manifest.version}: every file is as it was signed.")
    if public_key is None:
        click.echo(f"Compare the key with the one you know: {manifest.public_key}")


@click.command("difference")
@click.argument("before", type=FOLDER)
@click.argument("after", type=FOLDER)
@json_option
def show_difference(before: Path, after: Path, as_json: bool) -> None:
    """Show which items two versions, or a version and a draft, say differently.

    \b
    Example:
        fabrica aiact difference documents/issued/mdf/provider/version-0001 documents/drafts/mdf/provider
    """
    from fabrica.aiact.documents.issue import difference, read_document

    show_changes(difference(read_document(before), read_document(after)), as_json=as_json)


def show_changes(found: "Sequence[ItemChange]", *, as_json: bool) -> None:
    """Show which items two documents say differently."""
    from rich.markup import escape

    from fabrica.aiact.documents.text import clean

    if as_json:
        print_json({"changes": found})
        return
    for one in found:
        console().print(f"[bold]{escape(one.item)}[/bold] {escape(one.asks)}: {one.what}")
        console().print(
            f"  - {escape(clean(one.before or 'not there'))}\n  + {escape(clean(one.after or 'not there'))}"
        )
    if not found:
        click.echo("They say the same.")
