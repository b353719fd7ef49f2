"""`fabrica aiact classify`: what the Act makes of facts, on a day."""

from datetime import date
from pathlib import Path

import click

from fabrica.cli.aiact_files import day_of, read_answers
from fabrica.cli.inputs import DAY, FILE
from fabrica.cli.output import json_option, print_json


@click.command("classify")
@click.option(
    "--answers",
    "file",
    type=FILE,
    required=True,
    help="Facts of the vocabulary, as YAML or JSON.",
)
@click.option("--as-of", type=DAY, help="The day to ask for; else the file's as_of, or today.")
@json_option
def classify_answers(file: Path, as_of: date | None, as_json: bool) -> None:
    """Classify a system or model: tiers, roles, duties with dates, reasons, and the questions still open.

    \b
    Example:
        fabrica aiact classify --answers answers.yaml --as-of 2027-12-02
    """
    from fabrica.aiact.changes import what_would_change
    from fabrica.aiact.classify import classify

    answers = read_answers(file)
    day = as_of or day_of(answers)
    found = classify(answers, day)
    changes = what_would_change(answers, day)
    if as_json:
        print_json(found.model_dump(mode="json") | {"would_change": [one.model_dump(mode="json") for one in changes]})
    else:
        from fabrica.cli.aiact_page import page

        page(found, changes)
