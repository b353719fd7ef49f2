"""`fabrica systems`: the register of AI systems and general-purpose AI models."""

import click

from fabrica.cli.lazy import LazyGroup
from fabrica.cli.output import json_option, print_json, print_table, print_text

_COMMANDS = {
    "add": "systems_register:add",
    "amend": "systems_register:amend",
    "version": "systems_register:add_version",
    "show": "systems_register:show",
    "made-from": "systems_register:made_from",
    "link": "systems_register:link",
    "unlink": "systems_register:unlink",
    "facts": "systems_register:facts",
    "compute": "systems_register:compute",
    "release": "systems_release:release",
    "withdraw": "systems_release:withdraw",
    "answer": "systems_documents:answer",
    "evidence": "systems_evidence:evidence",
    "documents": "systems_documents:documents",
    "issue": "systems_documents:issue",
    "fetch": "systems_documents:fetch",
    "changes": "systems_documents:changes",
    "key": "systems_documents:key",
    "views": "systems_documents:views",
}


@click.group("systems", cls=LazyGroup, places=_COMMANDS, invoke_without_command=True)
@click.option("--project", metavar="PROJECT", help="Only of this project.")
@json_option
@click.pass_context
def systems(context: click.Context, project: str | None, as_json: bool) -> None:
    """List your AI systems and models; register them, and keep what the AI Act asks for.

    A VERSION is an id, NAME:LABEL, or a name alone for its newest version.

    \b
    Examples:
        fabrica systems
        fabrica systems add "Euro char" --kind model
        fabrica systems show "Euro char:1.0"
    """
    if context.invoked_subcommand is None:
        list_systems(project, as_json)


def list_systems(project: str | None, as_json: bool) -> None:
    """Show the systems, each with its newest version."""
    from fabrica.cli.connection import connect
    from fabrica.sdk import people
    from fabrica.sdk import systems as sdk

    with connect() as client:
        found = sdk.systems(client, people.find_project(client, project) if project else None)
    if as_json:
        print_json({"systems": found})
        return
    if not found:
        print_text("No system is registered yet: 'fabrica systems add NAME --kind model'.")
        return
    rows = []
    for one in found:
        newest = one.versions[0] if one.versions else None
        label, state = (newest.label, newest.state.value) if newest else ("none yet", "")
        rows.append((one.name, one.kind, label, state, one.provider.name, one.id))
    print_table(("system", "kind", "newest version", "state", "provider", "id"), rows)
