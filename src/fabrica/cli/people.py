"""Commands of people: their access tokens and their e-mail; who is here, for the network's office."""

from pathlib import Path

import click

from fabrica.cli.inputs import ANY_FILE
from fabrica.cli.output import json_option, print_json, print_table, say


@click.group("token")
def token() -> None:
    """List, make or withdraw your own access tokens. The first one is made in the portal.

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
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        tokens = people.tokens(client)
    if as_json:
        print_json({"tokens": tokens})
        return
    rows = (
        (
            str(one.id),
            one.name,
            f"{one.created_at:%Y-%m-%d}",
            f"{one.last_used_on or 'no use seen'}",
            "withdrawn" if one.withdrawn_at else f"{one.expires_at:%Y-%m-%d}",
        )
        for one in tokens
    )
    print_table(("number", "name", "made", "last used", "works until"), rows)


@token.command("new")
@click.argument("name")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long it works.")
@click.option("--file", type=ANY_FILE, required=True, help="Where it is written.")
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


@click.command("mail")
@click.argument("wanted", type=click.Choice(["on", "off"]), required=False)
@json_option
def mail(wanted: str | None, as_json: bool) -> None:
    """Show whether the server writes to you of its own accord, or switch that on or off.

    \b
    Example:
        fabrica mail off
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        me = people.choose_mail(client, wanted == "on") if wanted else people.me(client)
    if as_json:
        print_json({"mail_wanted": me.mail_wanted})
    elif me.mail_wanted:
        say("The server may write to you of its own accord. Switch it off: 'fabrica mail off'.")
    else:
        say("The server writes nothing to you of its own accord. Switch it on: 'fabrica mail on'.")


@click.group("people", invoke_without_command=True)
@click.option("--search", metavar="TEXT", help="Only those whose name or address holds it.")
@json_option
@click.pass_context
def people(context: click.Context, search: str | None, as_json: bool) -> None:
    """List the people of the network; add one, deactivate one, or let them in again. For the network's office.

    \b
    Examples:
        fabrica people --search ada
        fabrica people add ada@factory.example --name "Ada Example"
        fabrica people deactivate ada@factory.example
    """
    if context.invoked_subcommand is None:
        list_people(search, as_json)


def list_people(search: str | None, as_json: bool) -> None:
    """Show the people whose name or address holds a text."""
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        found = people.people(client, search=search, limit=200)
    if as_json:
        print_json(found)
        return
    rows = (
        (one.id, one.name, one.email, one.network_role or "", "active" if one.active else "deactivated")
        for one in found.people
    )
    print_table(("person", "name", "address", "network role", "state"), rows)
    if found.next_cursor:
        say("There are more; narrow the list with --search.")


@people.command("add")
@click.argument("email")
@click.option("--name", required=True, help="What they are called.")
@json_option
def add(email: str, name: str, as_json: bool) -> None:
    """Add the person with the address EMAIL. They sign in through the organisation's identity provider, or set a
    password by mail.

    \b
    Example:
        fabrica people add ada@factory.example --name "Ada Example"
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        found = people.add(client, email, name)
    if as_json:
        print_json(found)
    else:
        say(f"{found.name} may sign in as {found.email}, and has no role in a project yet.")
        say("→ Give one with 'fabrica projects give-role', or open a project: 'fabrica projects open'.")


@people.command("deactivate")
@click.argument("person")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def deactivate(person: str, yes: bool, as_json: bool) -> None:
    """End what a PERSON, by address or id, may do here. Tokens and sessions stop at once; their runs go on.

    \b
    Example:
        fabrica people deactivate ada@factory.example
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    if as_json and not yes:
        raise click.UsageError("With --json nothing is asked: add --yes.")
    with connect() as client:
        found = people.find(client, person)
        if not yes:
            click.confirm(f"Deactivate {found.name} ({found.email})?", abort=True, err=True)
        found = people.deactivate(client, found.id)
    if as_json:
        print_json(found)
    else:
        say(f"{found.name} is deactivated: tokens and sessions ended. Their runs go on; end one with 'fabrica cancel'.")


@people.command("reactivate")
@click.argument("person")
@json_option
def reactivate(person: str, as_json: bool) -> None:
    """Let a PERSON, by address or id, in again, with the roles they had. They make new tokens.

    \b
    Example:
        fabrica people reactivate ada@factory.example
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        found = people.reactivate(client, people.find(client, person).id)
    if as_json:
        print_json(found)
    else:
        say(f"{found.name} may sign in again. Old access tokens stay withdrawn.")


@people.command("adviser")
@click.argument("person")
@click.option("--end", is_flag=True, help="They are an adviser no more.")
@json_option
def adviser(person: str, end: bool, as_json: bool) -> None:
    """Let a PERSON, by address or id, take and answer questions to the AI Act service desk.

    \b
    Example:
        fabrica people adviser ada@factory.example
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        found = people.appoint_adviser(client, people.find(client, person).id, not end)
    if as_json:
        print_json(found)
    else:
        say(f"{found.name} is {'no adviser any more' if end else 'an adviser'} of the service desk.")
