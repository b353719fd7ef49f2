"""Commands of the run record: fetch it, verify it, export it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import ANY_FOLDER, FOLDER
from fabrica.cli.output import json_option, print_json, print_text, say

if TYPE_CHECKING:
    from fabrica.sdk.client import Client
    from fabrica.wire.runs import Run


def fetch(client: "Client", run: "Run") -> Path:
    """Download a run's record under the home folder, and return where it lies.

    Raises:
        RecordNotReady: the run has not ended, or its site has sent no record.
    """
    from fabrica.sdk import runs
    from fabrica.values.home import home

    folder = home() / "records" / run.id
    folder.mkdir(parents=True, exist_ok=True)
    return runs.fetch_record(client, run, folder)


class RecordGroup(click.Group):
    """`fabrica record RUN` fetches; `fabrica record verify|export …` are the group's commands."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        if arguments and arguments[0] not in self.commands and not arguments[0].startswith("-"):
            arguments = ["fetch", *arguments]
        return super().parse_args(context, arguments)


@click.group("record", cls=RecordGroup)
def record() -> None:
    """Fetch, verify or export a run's record.

    \b
    Examples:
        fabrica record last
        fabrica record verify ~/.fabrica/records/run_01jd…
        fabrica record export ~/.fabrica/records/run_01jd… --to ro-crate --out crate
    """


@record.command("fetch")
@click.argument("run")
@click.option("--outputs", type=ANY_FOLDER, help="Also download the outputs, here.")
@json_option
def fetch_record(run: str, outputs: Path | None, as_json: bool) -> None:
    """Download the record of RUN and say where it lies. 'fabrica record RUN' is short for this.

    \b
    Example:
        fabrica record last
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import runs

    with connect() as client:
        found = runs.run(client, runs.find(client, run))
        folder = fetch(client, found)
        if outputs is not None:
            runs.fetch_files(client, found, "output", outputs)
    if as_json:
        print_json({"run": found.id, "record": str(folder), "outputs": str(outputs) if outputs else None})
    else:
        click.echo(folder)


@record.command("verify")
@click.argument("folder", type=FOLDER)
@json_option
def verify_record(folder: Path, as_json: bool) -> None:
    """Verify a record, offline: every file, every chain, the seal. Status 1 when something differs.

    \b
    Example:
        fabrica record verify ~/.fabrica/records/run_01jd…
    """
    from fabrica.record.verify import sound, verify

    findings = verify(folder)
    kept = sound(findings)
    if as_json:
        print_json({"sound": kept, "findings": findings})
    else:
        for finding in findings:
            print_text(f"- {finding.words}")
        say(f"{folder} is {'sound: every file is as it was sealed' if kept else 'NOT as it was sealed'}.")
    raise SystemExit(0 if kept else 1)


@record.command("export")
@click.argument("folder", type=FOLDER)
@click.option("--to", "form", type=click.Choice(["mlflow", "ro-crate"]), required=True, help="What it is written as.")
@click.option(
    "--out",
    "--output",
    "target",
    metavar="DIR",
    type=click.Path(path_type=Path),
    required=True,
    help="MLflow's file store, or a new folder.",
)
@click.option("--outputs", type=FOLDER, help="The run's outputs.")
@click.option("--licence", help="Under which others may use the crate. Asked for an RO-Crate.")
@json_option
def export(folder: Path, form: str, target: Path, outputs: Path | None, licence: str | None, as_json: bool) -> None:
    """Export a record as an MLflow run, or as a Workflow Run RO-Crate.

    \b
    Example:
        fabrica record export ~/.fabrica/records/run_01jd… --to ro-crate --out crate --licence CC-BY-4.0
    """
    if form == "mlflow":
        from fabrica.record.export_mlflow import export_mlflow

        written = export_mlflow(folder, target, outputs=outputs)
    else:
        if not licence:
            raise click.UsageError("An RO-Crate says how others may use it; name it with --licence.")
        from fabrica.record.export_ro_crate import export_ro_crate

        written = str(export_ro_crate(folder, target, now=datetime.now(UTC), licence=licence, outputs=outputs))
    if as_json:
        print_json({"form": form, "written": written})
    else:
        click.echo(written)
