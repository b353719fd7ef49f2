"""`fabrica systems evidence`: what people entered of one kind of evidence, and rows loaded from a file."""

from datetime import date
from pathlib import Path

import click

from fabrica.cli.inputs import DAY, FILE
from fabrica.cli.output import console, json_option, print_json, say


@click.command("evidence")
@click.argument("version")
@click.argument("kind")
@click.option("--file", "file", metavar="FILE", type=FILE, help="Rows as CSV, YAML or JSON; they replace what stood.")
@click.option("--source", metavar="TEXT", help="Where it stands written. Default: the file's name.")
@click.option("--on", metavar="DATE", type=DAY, help="The day the source tells of.")
@click.option("--function", help="What you are who say it, such as 'Head of Models'.")
@json_option
def evidence(
    version: str,
    kind: str,
    file: Path | None,
    source: str | None,
    on: date | None,
    function: str | None,
    as_json: bool,
) -> None:
    """Show what people entered of a KIND of evidence of a VERSION, or enter the rows of a file.

    'fabrica aiact template' shows which kinds a document needs, and their fields.

    \b
    Examples:
        fabrica systems evidence "Euro char:1.0" data.licence
        fabrica systems evidence "Euro char:1.0" data.licence --file licences.csv --on 2026-11-20 --function "Data lead"
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import systems
    from fabrica.sdk.typed import typed
    from fabrica.wire.documents import Origin
    from fabrica.wire.systems import NewAnswers

    if file and not (on and function):
        raise click.UsageError("Say with --on which day the source tells of, and with --function what you are.")
    if not file and (on or function or source):
        raise click.UsageError("Name with --file what to enter.")
    with connect() as client:
        of = systems.find_version(client, version)
        if file and on and function:
            rows = _rows(kind, file)
            origin = typed(Origin, source=source or file.name, on=on)
            systems.say(
                client, of.id, typed(NewAnswers, function=function, evidence={kind: rows}, origins={kind: origin})
            )
            say(f"Kept {len(rows)} rows of {kind} as evidence of {of.system_name} {of.label}.")
        found = systems.entered(client, of.id, kind)
    if as_json:
        print_json({"version": of.id, "kind": kind, "entered": found[0] if found else None})
        return
    if not found or not found[0].body["rows"]:
        say(f"Nobody entered {kind} of {of.system_name} {of.label}.")
        return
    told = found[0]
    origin = told.body.get("origin")
    console().print(f"Entered by {told.said_by}, {told.function}, on {told.said_at.date()}", markup=False)
    if origin:
        console().print(f"From {origin['source']}, as of {origin['on']}", markup=False)
    for number, row in enumerate(told.body["rows"], 1):
        for name, value in row.items():
            console().print(f"{number:4}  {name}: {value}", markup=False)


def _rows(kind: str, file: Path) -> tuple[dict[str, object], ...]:
    """Return the rows of a file.

    Raises:
        DocumentAnswersWrong: the kind is not known, or the file or a row of it is not right.
    """
    from fabrica.aiact.documents.answers import check_names
    from fabrica.aiact.documents.row_files import BYTES_MAX, read_rows

    check_names(evidence=[kind], items=())
    with file.open("rb") as content:
        return read_rows(kind, content.read(BYTES_MAX + 1), file.name)
