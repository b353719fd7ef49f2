"""Commands of sites: list them, add one, invite its agent, drain one, resume it, withdraw its agent."""

import click

from fabrica.cli.inputs import COUNTRY
from fabrica.cli.output import json_option, print_json, say

site_option = click.option(
    "--site",
    "sites",
    multiple=True,
    metavar="NAME",
    help="Only at this site, as 'fabrica sites' names it; may be given again.",
)


@click.group("sites", invoke_without_command=True)
@json_option
@click.pass_context
def sites(context: click.Context, as_json: bool) -> None:
    """List the sites of the network, and which of them take runs now. The office adds, invites and drains them.

    \b
    Examples:
        fabrica sites
        fabrica sites drain own-site --reason "Cooling is repaired until Friday."
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
    print_json({"sites": found}) if as_json else show.site_list(found)


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


@sites.command("add")
@click.argument("site")
@click.option("--name", required=True, help="What people call it.")
@click.option("--country", metavar="CODE", type=COUNTRY, default="", help="Where it stands (ISO code).")
@json_option
def add(site: str, name: str, country: str, as_json: bool) -> None:
    """Add a site that is in no list yet. For operators.

    \b
    Example:
        fabrica sites add own-site --name "Our own site" --country FI
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import sites
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import SiteId

    with connect() as client:
        found = sites.add(client, parsed(SiteId, site), name, country)
    if as_json:
        print_json(found)
    else:
        say(f"{found.id} is a site of this network. Invite its agent with 'fabrica sites invite {found.id}'.")


@sites.command("invite")
@click.argument("site")
@click.option("--name", default="agent", show_default=True, help="What the agent is called in lists.")
@click.option("--hours", default=48, show_default=True, help="How long the code works.")
@click.option("--replace", is_flag=True, help="Withdraw the agent that speaks for the site now, once the code is used.")
@json_option
def invite(site: str, name: str, hours: int, replace: bool, as_json: bool) -> None:
    """Draw a code with which a site's agent is enrolled, once. For operators.

    \b
    Example:
        fabrica sites invite meluxina
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import sites
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import SiteId

    with connect() as client:
        invitation = sites.invite(client, parsed(SiteId, site), name, hours=hours, replace=replace)
        server = client.server
    if as_json:
        print_json(invitation)
        return
    click.echo(invitation.code)
    say(f"This code is shown only now, and works once, until {invitation.expires_at:%d %b %Y %H:%M} UTC. At {site}:")
    say(f"    fabrica agent enrol --server {server} --config agent.toml --server-key {invitation.server_key}")


@sites.command("withdraw")
@click.argument("site")
@json_option
def withdraw(site: str, as_json: bool) -> None:
    """Take the word of a site's agent away; its tokens end at once, and what it runs goes on. For operators.

    \b
    Example:
        fabrica sites withdraw meluxina
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import sites
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import SiteId

    with connect() as client:
        agent = sites.site(client, parsed(SiteId, site)).agent
        if agent is not None:
            sites.withdraw(client, agent.site, agent.id)
    if as_json:
        print_json({"withdrawn": agent})
    else:
        say(f"The agent of {site} is withdrawn. What it runs goes on." if agent else f"No agent speaks for {site}.")
