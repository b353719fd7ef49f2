"""Commands of people."""

from pathlib import Path

import click

from fabrica.cli.output import console, json_option, print_json, say


@click.command("projects")
@json_option
def list_projects(as_json: bool) -> None:
    """List your projects.

    \b
    Example:
        fabrica projects
    """
    from rich.table import Table

    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        me = people.me(client)
    if as_json:
        print_json({"projects": me.projects})
        return
    table = Table("project", "name", "organisation", "your role", box=None)
    for project in me.projects:
        table.add_row(project.id, project.name, project.organisation_name, project.role or "")
    console().print(table)


@click.group("token")
def token() -> None:
    """List, make or withdraw your own access tokens.

    \b
    Examples:
        fabrica token new laptop --file ~/.fabrica-token
        fabrica token list
    """


@token.command("list")
@json_option
def list_tokens(as_json: bool) -> None:
    """List your access tokens, without the tokens themselves.

    \b
    Example:
        fabrica token list
    """
    from rich.table import Table

    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        tokens = people.tokens(client)
    if as_json:
        print_json({"tokens": tokens})
        return
    table = Table("number", "name", "made", "works until", box=None)
    for one in tokens:
        until = "withdrawn" if one.withdrawn_at else f"{one.expires_at:%Y-%m-%d}"
        table.add_row(str(one.id), one.name, f"{one.created_at:%Y-%m-%d}", until)
    console().print(table)


@token.command("new")
@click.argument("name")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long it works.")
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where it is written.")
@json_option
def new_token(name: str, days: int, file: Path, as_json: bool) -> None:
    """Make an access token called NAME and write it to a file of mode 600; it is shown nowhere.

    \b
    Example:
        fabrica token new laptop --file ~/.fabrica-token
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people
    from fabrica.values.files import write_private

    with connect() as client:
        made = people.make_token(client, name, days=days)
    write_private(file, made.token)
    if as_json:
        print_json({"file": str(file), "expires_at": made.expires_at.isoformat()})
    else:
        say(f"The token is in {file}. It works until {made.expires_at:%Y-%m-%d}.")


@token.command("withdraw")
@click.argument("number", type=int)
@json_option
def withdraw_token(number: int, as_json: bool) -> None:
    """End an access token now, by its number in 'fabrica token list'.

    \b
    Example:
        fabrica token withdraw 7
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        people.withdraw_token(client, number)
    if as_json:
        print_json({"withdrawn": number})
    else:
        say(f"Token {number} is withdrawn.")
