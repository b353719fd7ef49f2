"""`fabrica evaluators accept`, `view` and `report`: what an independent evaluator does, with a key kept here."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import FILE, FOLDER
from fabrica.cli.output import console, json_option, print_json, print_table, say
from fabrica.values.home import home

if TYPE_CHECKING:
    from fabrica.sdk.evaluators import HeldAccess
    from fabrica.wire.evaluators import EvaluatorView

_AS = click.option("--as", "evaluator", metavar="EVALUATOR", help="Which of your accesses, when you hold several.")


def _folder() -> Path:
    return home() / "evaluators"


def _held(evaluator: str | None) -> "HeldAccess":
    """Return the access that is meant.

    Raises:
        click.UsageError: none is held, none of this id, or several and none is named.
    """
    from fabrica.sdk.evaluators import HeldAccess

    names = sorted(file.stem for file in _folder().glob("evr_*.json"))
    if evaluator is None and len(names) > 1:
        raise click.UsageError(f"You hold several accesses; name one with --as: {', '.join(names)}.")
    chosen = evaluator or next(iter(names), None)
    if chosen not in names:
        raise click.UsageError(f"You hold no access {chosen or 'yet'}: accept a code with 'fabrica evaluators accept'.")
    file = _folder() / f"{chosen}.json"
    if file.stat().st_mode & 0o077:
        raise click.UsageError(f"Others can read {file}, which holds your key. Protect it with 'chmod 600 {file}'.")
    return HeldAccess.model_validate_json(file.read_bytes())


@click.command("accept")
@click.option("--server", metavar="URL", help="Address of the server, https://… Default: as for other commands.")
@click.option("--code", help="What the provider gave you. Asked for when absent, so that no shell keeps it.")
@click.option("--signatory", required=True, help="The person who answers for the evaluation.")
@json_option
def accept(server: str | None, code: str | None, signatory: str, as_json: bool) -> None:
    """Accept an invitation: a key pair is made here, its private half stays here, and the code works no more.

    \b
    Example:
        fabrica evaluators accept --server https://fabrica.example.eu --signatory "Eva Example"
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import evaluators as sdk
    from fabrica.values.files import write_private
    from fabrica.wire.signatures import public_key_of, thumbprint

    code = code or click.prompt("Code", err=True)
    with sdk.as_nobody(server) if server else connect() as client:
        held = sdk.accept(client, code, signatory)
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{held.accepted.evaluator}.json"
    write_private(file, held.model_dump_json(indent=1))
    key = thumbprint(public_key_of(held.private_key))
    if as_json:
        print_json({**held.accepted.model_dump(mode="json"), "key": key, "file": str(file)})
        return
    say(f"You are {held.accepted.evaluator} until {held.accepted.access_ends_at:%Y-%m-%d}. Your key is in {file}.")
    say(f"Your key's thumbprint is {key}; tell it to the provider, who sees the same.")


@click.command("view")
@_AS
@click.option("--out", metavar="DIR", type=FOLDER, help="Save there.")
@json_option
def view(evaluator: str | None, out: Path | None, as_json: bool) -> None:
    """Show what you may see of the version; with --out save the documents you may read, checked against their hashes.

    \b
    Example:
        fabrica evaluators view --out documents
    """
    from fabrica.sdk import evaluators as sdk

    saved: list[Path] = []
    with sdk.let_in(_held(evaluator)) as client:
        found = sdk.view(client)
        for one in found.documents if out else ():
            folder = (out or Path()) / f"{one.template}-{one.number}"
            folder.mkdir(exist_ok=True)
            saved += sdk.document(client, one.id, folder)
            say(f"Saved {one.template}, version {one.number}")
    if as_json:
        print_json({**found.model_dump(mode="json"), "saved": [str(one) for one in saved]})
    else:
        _show(found)


def _show(found: "EvaluatorView") -> None:
    from rich.markup import escape

    out = console()
    out.print(f"[bold]{escape(found.system_name)} {escape(found.label)}[/bold], {found.kind}, {found.state}")
    out.print(f"Provider: {escape(found.provider)}. Purpose: {escape(found.purpose or 'not told')}")
    out.print(f"You may see this until {found.access_ends_at:%Y-%m-%d %H:%M} UTC.")
    rows = [
        (f"{document.template} {document.number}", file.name, f"{file.bytes:,}", file.sha256)
        for document in found.documents
        for file in document.files
    ]
    rows += [(f"file of {one.run}", one.path, f"{one.bytes:,}", one.sha256) for one in found.artifacts]
    rows += [("dataset", one.name, "", one.sha256) for one in found.datasets]
    print_table(("what", "name", "bytes", "SHA-256"), rows)
    for report in found.reports:
        out.print(f"Your report {report.id}: {escape(report.title)}, received {report.received_at:%Y-%m-%d %H:%M} UTC")


@click.command("report")
@click.argument("file", type=FILE)
@click.option("--title", required=True, help="What the report is called in the register and in documents.")
@_AS
@json_option
def report(file: Path, title: str, evaluator: str | None, as_json: bool) -> None:
    """Sign a report with your key and send both. It cannot be changed or taken back; send another to correct it.

    \b
    Example:
        fabrica evaluators report report.pdf --title "Evaluation of Euro char 1.0"
    """
    from fabrica.sdk import evaluators as sdk

    say(f"Signing and sending {file.name}, {file.stat().st_size:,} bytes…")
    done = sdk.send_report(_held(evaluator), file, title)
    if as_json:
        print_json(done)
    else:
        say(f"Received as {done.id}, SHA-256 {done.sha256}. The signature was checked.")
