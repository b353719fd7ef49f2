"""`fabrica evaluations`: logs of Inspect AI and MLflow, read here, and imported as evidence of a version."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import FILE_OR_FOLDER
from fabrica.cli.output import console, json_option, print_json, print_table, print_text, say

if TYPE_CHECKING:
    from fabrica.wire.evaluations import Evaluation, ImportedEvaluation


@click.group("evaluations")
def evaluations() -> None:
    """Read logs of evaluations, and import them as evidence of a version.

    FILE is a log of Inspect AI (.eval or .json), what 'mlflow runs describe' prints, or the folder of a run in a file
    store of MLflow. A VERSION is an id, NAME:LABEL, or a name alone for its newest version.

    \b
    Examples:
        fabrica evaluations read logs/2026-11-21_capitals.eval
        fabrica evaluations import logs/2026-11-21_capitals.eval --version "Euro char:1.0"
    """


@evaluations.command("read")
@click.argument("file", type=FILE_OR_FOLDER)
@json_option
def read(file: Path, as_json: bool) -> None:
    """Show what a log says, without a server.

    \b
    Example:
        fabrica evaluations read logs/2026-11-21_capitals.eval
    """
    from fabrica.aiact.evaluations.reading import open_log, read_evaluation

    with open_log(file) as log:
        found = read_evaluation(log, file.name)
    if as_json:
        print_json(found)
    else:
        _show(found)


@evaluations.command("import")
@click.argument("file", type=FILE_OR_FOLDER)
@click.option("--version", metavar="VERSION", required=True, help="What was evaluated.")
@json_option
def import_log(file: Path, version: str, as_json: bool) -> None:
    """Import a log as evidence of a version. It is uploaded as it is, and the server reads it again.

    \b
    Example:
        fabrica evaluations import logs/2026-11-21_capitals.eval --version "Euro char:1.0"
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import evaluations as sdk
    from fabrica.sdk import systems

    with connect() as client:
        of = systems.find_version(client, version)
        done = sdk.import_log(client, of.id, file)
    if as_json:
        print_json(done)
        return
    _show(done.evaluation)
    say(f"Imported as {done.id}, evidence of {of.system_name} {of.label}.")
    if done.evaluation.model:
        say(f"The log names the model {done.evaluation.model!r}. Take it back if that is another one.")


@evaluations.command("list")
@click.argument("version")
@json_option
def list_evaluations(version: str, as_json: bool) -> None:
    """List the evaluations of a VERSION, newest first.

    \b
    Example:
        fabrica evaluations list "Euro char:1.0"
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import evaluations as sdk
    from fabrica.sdk import systems

    with connect() as client:
        found = sdk.evaluations(client, systems.find_version(client, version).id)
    if as_json:
        print_json({"evaluations": found})
        return
    if not found:
        print_text("No evaluation is imported yet: 'fabrica evaluations import FILE'.")
        return
    rows = []
    for one in found:
        told = one.evaluation
        state = f"taken back: {one.taken_back_because}" if one.taken_back_because else "evidence"
        words = (told.task or "not told", told.dataset or "not told", _tool(told), str(len(told.metrics)))
        rows.append((one.id, *words, f"{one.imported_at:%Y-%m-%d}", state))
    print_table(("evaluation", "task", "dataset", "tool", "metrics", "imported", "state"), rows)


@evaluations.command("take-back")
@click.argument("version")
@click.argument("evaluation")
@click.option("--reason", required=True, help="Why it is no evidence; it stays with the evaluation.")
@json_option
def take_back(version: str, evaluation: str, reason: str, as_json: bool) -> None:
    """Let an EVALUATION of a VERSION be evidence no more.

    \b
    Example:
        fabrica evaluations take-back "Euro char:1.0" evl_01jd… --reason "Of another model."
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import evaluations as sdk
    from fabrica.sdk import systems
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import EvaluationId

    with connect() as client:
        of = systems.find_version(client, version)
        done: ImportedEvaluation = sdk.take_back(client, of.id, parsed(EvaluationId, evaluation), reason)
    if as_json:
        print_json(done)
    else:
        say(f"{done.id} is no evidence of {of.system_name} {of.label} any more.")


def _tool(told: "Evaluation") -> str:
    return " ".join(filter(None, (told.tool, told.tool_version)))


def _show(told: "Evaluation") -> None:
    from rich.markup import escape

    lines = {
        "Task": " ".join(filter(None, (told.task, told.task_version and f"version {told.task_version}"))),
        "Dataset": told.dataset,
        "Model": told.model,
        "Tool": _tool(told),
        "Samples": None if told.samples_completed is None else f"{told.samples_completed} of {told.samples_total}",
        "Ended": f"{told.completed_at:%Y-%m-%d %H:%M} UTC" if told.completed_at else None,
        "SHA-256": told.sha256,
    }
    for name, words in lines.items():
        console().print(f"[dim]{name:8}[/dim] {escape(words) if words else 'the log does not tell'}")
    rows = []
    for one in told.metrics:
        numbers = (one.value, one.standard_error, one.samples)
        shown = ("—" if number is None else f"{number:.6g}" for number in numbers)
        rows.append((one.name, one.scorer or "—", *shown))
    print_table(("metric", "scorer"), rows, figures=("value", "standard error", "samples"))
