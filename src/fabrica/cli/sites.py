"""Commands of sites: list them, drain one, resume it."""

import click

from fabrica.cli.output import console, json_option, print_json, say


@click.group("sites", invoke_without_command=True)
@json_option
@click.pass_context
def sites(context: click.Context, as_json: bool) -> None:
    """List the sites of the network, and which of them take runs now; drain or resume one.

    \b
    Examples:
        fabrica sites
        fabrica sites drain leonardo --reason "Cooling is repaired until Friday."
    """
    if context.invoked_subcommand is None:
        list_sites(as_json)


def list_sites(as_json: bool) -> None:
    """Show every site of the network."""
    from fabrica.cli import show
    from fabrica.cli.connection import connect
    from fabrica.sdk import sites

    with connect() as client:
        found = sites.sites(client)
    print_json({"sites": found}) if as_json else console().print(show.site_table(found))


@sites.command("drain")
@click.argument("site")
@click.option("--reason", required=True, help="Why, in a sentence that everybody who looks at the site reads.")
@json_option
def drain(site: str, reason: str, as_json: bool) -> None:
    """Give a site no new runs; what it runs goes on. For operators.

    \b
    Example:
        fabrica sites drain own-site --reason "Cooling is repaired until Friday."
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import sites
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import SiteId

    with connect() as client:
        found = sites.drain(client, parsed(SiteId, site), reason)
    if as_json:
        print_json(found)
    else:
        say(f"{found.id} takes no new runs. What it runs goes on; resume it with 'fabrica sites resume {found.id}'.")


@sites.command("resume")
@click.argument("site")
@json_option
def resume(site: str, as_json: bool) -> None:
    """Give a drained site new runs again. For operators.

    \b
    Example:
        fabrica sites resume own-site
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import sites
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import SiteId

    with connect() as client:
        found = sites.resume(client, parsed(SiteId, site))
    if as_json:
        print_json(found)
    else:
        say(f"{found.id} takes runs again.")
