"""Commands of the AI Act desk: they need no server."""

import click

from fabrica.cli.lazy import LazyGroup

_COMMANDS = {
    "intake": "aiact_intake:intake",
    "classify": "aiact_classify:classify_answers",
    "compare": "aiact_intake:compare",
    "calendar": "aiact_calendar:calendar",
    "ask": "aiact_questions:ask",
    "import": "aiact_questions:import_text",
    "compute": "aiact_compute:compute",
    "fill": "aiact_documents:fill_documents",
    "template": "aiact_documents:show_template",
    "key": "aiact_documents:new_key",
    "verify": "aiact_documents:verify_document",
    "difference": "aiact_documents:show_difference",
}


@click.group("aiact", cls=LazyGroup, places=_COMMANDS)
def aiact() -> None:
    """Ask what the AI Act makes of a system or model.

    \b
    Example:
        fabrica aiact classify --answers answers.yaml
    """
