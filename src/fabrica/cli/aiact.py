"""Commands of the AI Act desk: they need no server."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from fabrica.cli.aiact_compute import compute
from fabrica.cli.aiact_documents import fill_documents, new_key, show_difference, show_template, verify_document
from fabrica.cli.aiact_files import LARGEST_FILE_BYTES, read_yaml
from fabrica.cli.output import json_option, print_json

__all__ = ["LARGEST_FILE_BYTES", "aiact"]


@click.group("aiact")
def aiact() -> None:
    """Ask what the AI Act makes of a system or model.

    \b
    Example:
        fabrica aiact classify --answers answers.yaml
    """


for command in (compute, fill_documents, show_template, new_key, verify_document, show_difference):
    aiact.add_command(command)


@aiact.command("classify")
@click.option(
    "--answers",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Facts of the vocabulary, as YAML or JSON.",
)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day to ask for; else the file's as_of, or today.")
@json_option
def classify_answers(file: Path, as_of: datetime | None, as_json: bool) -> None:
    """Classify a system or model: tiers, roles, duties with dates, reasons, and the questions still open.

    \b
    Example:
        fabrica aiact classify --answers answers.yaml --as-of 2027-12-02
    """
    from fabrica.aiact.changes import what_would_change
    from fabrica.aiact.classify import classify

    answers = read_answers(file)
    day = as_of.date() if as_of else _day_of(answers)
    found = classify(answers, day)
    changes = what_would_change(answers, day)
    if as_json:
        print_json(found.model_dump(mode="json") | {"would_change": [one.model_dump(mode="json") for one in changes]})
    else:
        from fabrica.cli.aiact_page import page

        page(found, changes)


def read_answers(file: Path) -> dict[str, Any]:
    """Return the facts in a file: its `answers` block, or all of it.

    Raises:
        AnswersUnreadable: too large, not YAML or JSON, or not keys with values.
    """
    from fabrica.wire.aiact import AnswersUnreadable

    content = read_yaml(file, AnswersUnreadable, remedy="Give the answers alone.")
    inner = content.get("answers", content) if isinstance(content, dict) else content
    if not isinstance(inner, dict) or not all(isinstance(key, str) for key in inner):
        raise AnswersUnreadable(
            f"{file.name} holds no answers.", remedy="Write one fact a line, such as artefact: system."
        )
    return inner


def _day_of(answers: dict[str, Any]) -> date:
    given = answers.get("as_of")
    if isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError:
            pass  # told as a named problem when the facts are checked
    return given if type(given) is date else datetime.now(UTC).date()
