"""Commands of projects, and of the organisations they belong to."""

from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import COUNTRY
from fabrica.cli.output import json_option, print_json, print_table, say

if TYPE_CHECKING:
    from fabrica.wire.people import ProjectRole

_ROLES = ("lead", "member", "reader")


@click.group("projects", invoke_without_command=True)
@json_option
@click.pass_context
def projects(context: click.Context, as_json: bool) -> None:
    """List your projects; give people roles in them. The network's office opens them.

    \b
    Examples:
        fabrica projects
        fabrica projects open "Ride forecasts" --organisation "Example Factory" --lead ada@factory.example
        fabrica projects give-role "Ride forecasts" grace@factory.example member
    """
    if context.invoked_subcommand is None:
        list_projects(as_json)


def list_projects(as_json: bool) -> None:
    """Show the caller's projects."""
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        me = people.me(client)
    if as_json:
        print_json({"projects": me.projects})
        return
    rows = ((one.id, one.name, one.organisation_name, one.role or "") for one in me.projects)
    print_table(("project", "name", "organisation", "your role"), rows)


@projects.command("open")
@click.argument("name")
@click.option("--organisation", metavar="ORGANISATION", required=True, help="Whose it is: an id, or a name.")
@click.option("--lead", metavar="EMAIL", required=True, help="Who leads it, and gives others roles in it.")
@json_option
def open_project(name: str, organisation: str, lead: str, as_json: bool) -> None:
    """Open a project called NAME. For operators.

    \b
    Example:
        fabrica projects open "Ride forecasts" --organisation "Example Factory" --lead ada@factory.example
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        found = people.open_project(client, name, people.find_organisation(client, organisation), lead)
    if as_json:
        print_json(found)
    else:
        say(f"Opened {found.id}. Give it device time with 'fabrica grant {found.id} …'.")


@projects.command("give-role")
@click.argument("project")
@click.argument("email")
@click.argument("role", type=click.Choice(_ROLES))
@json_option
def give_role(project: str, email: str, role: "ProjectRole", as_json: bool) -> None:
    """Give the person with the address EMAIL a ROLE in a PROJECT that you lead, in place of the one they had.

    A lead gives roles, a member submits runs, a reader looks.

    \b
    Example:
        fabrica projects give-role "Ride forecasts" grace@factory.example member
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        of = people.find_project(client, project)
        people.give_role(client, of, email, role)
    if as_json:
        print_json({"project": of, "email": email, "role": role})
    else:
        say(f"{email} is {role} of {project}.")


@click.group("organisations", invoke_without_command=True)
@json_option
@click.pass_context
def organisations(context: click.Context, as_json: bool) -> None:
    """List the organisations of the network, or add one. For the network's office.

    \b
    Examples:
        fabrica organisations
        fabrica organisations add "Example Factory" --country FI
    """
    if context.invoked_subcommand is None:
        list_organisations(as_json)


def list_organisations(as_json: bool) -> None:
    """Show the organisations."""
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        found = people.organisations(client)
    if as_json:
        print_json({"organisations": found})
        return
    rows = ((one.id, one.name, one.country or "") for one in found)
    print_table(("organisation", "name", "country"), rows)


@organisations.command("add")
@click.argument("name")
@click.option("--country", metavar="CODE", type=COUNTRY, default="", help="Where it is registered (ISO code).")
@json_option
def add_organisation(name: str, country: str, as_json: bool) -> None:
    """Add the organisation called NAME. For operators.

    \b
    Example:
        fabrica organisations add "Example Factory" --country FI
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        found = people.add_organisation(client, name, country)
    if as_json:
        print_json({"organisation": found})
    else:
        say(f"Added {found}. Open a project of it with 'fabrica projects open'.")
