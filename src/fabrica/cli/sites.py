"""Commands of sites."""

import click

from fabrica.cli.output import console, json_option, print_json


@click.command("sites")
@json_option
def list_sites(as_json: bool) -> None:
    """List the sites of the network, and which of them take runs now.

    \b
    Example:
        fabrica sites
    """
    from fabrica.cli import show
    from fabrica.cli.connection import connect
    from fabrica.sdk import sites

    with connect() as client:
        found = sites.sites(client)
    print_json({"sites": found}) if as_json else console().print(show.site_table(found))
