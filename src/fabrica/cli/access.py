"""Commands of access and the ledger: balance, grant."""

import sys
from datetime import UTC, date, datetime, time

import click

from fabrica.cli.inputs import DAY, FiniteRange
from fabrica.cli.output import json_option, print_json, say


@click.command("balance")
@click.option("--project", metavar="PROJECT", help="Default: your only project.")
@json_option
def balance(project: str | None, as_json: bool) -> None:
    """Show what a project may still use, and its ledger statement.

    \b
    Example:
        fabrica balance --project "Ride forecasts"
    """
    from fabrica.cli import show
    from fabrica.cli.connection import connect
    from fabrica.sdk import access, people

    with connect() as client:
        wanted = people.find_project(client, project) if project else people.only_project(client).id
        allocations = access.allocations(client, wanted)
        statement = access.statement(client, wanted)
    if as_json:
        print_json({"project": wanted, "allocations": allocations, "statement": statement})
    else:
        show.balance(allocations, statement)


@click.command("grant")
@click.argument("project")
@click.argument("resource_class")
@click.argument("hours", type=FiniteRange(min=0, min_open=True, max=1e8))
@click.option("--until", metavar="DATE", type=DAY, required=True, help="Last day, e.g. 2027-06-30.")
@click.option("--site", metavar="SITE", help="Only on this site. Default: the whole network.")
@click.option("--note", default="", help="Why, for the statement.")
@click.option("--yes", is_flag=True, help="Do not ask, whatever it could cross.")
@json_option
def grant(
    project: str,
    resource_class: str,
    hours: float,
    until: date,
    site: str | None,
    note: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Grant PROJECT a number of device-HOURS of RESOURCE_CLASS. For operators.

    Time with which a model could cross a threshold of the AI Act, and time on a kind of device that nobody knows, is
    granted only after a warning.

    \b
    Example:
        fabrica grant "Ride forecasts" gpu.h100 500 --until 2027-06-30
    """
    from fabrica.cli.connection import connect
    from fabrica.cli.systems_ahead import look_ahead, warn
    from fabrica.sdk import access, people
    from fabrica.sdk.ids import parsed
    from fabrica.sdk.typed import typed
    from fabrica.values.ids import SiteId
    from fabrica.values.quantities import check_resource_class
    from fabrica.wire.access import NewAllocation

    try:
        check_resource_class(resource_class)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="RESOURCE_CLASS") from None
    with connect() as client:
        body = typed(
            NewAllocation,
            project=people.find_project(client, project),
            resource_class=resource_class,
            device_seconds=round(hours * 3600),
            site=parsed(SiteId, site) if site else None,
            ends_at=datetime.combine(until, time(23, 59, 59), UTC),
            note=note,
        )
        ahead = look_ahead(client, body.project, resource_class, body.device_seconds)
        warn(ahead)
        unsure = _tell_unknown(resource_class) or (ahead is not None and any(one.warnings for one in ahead.ahead))
        if unsure and not yes and sys.stdin.isatty():
            click.confirm("Grant it all the same?", abort=True, err=True)
        allocation = access.grant(client, body)
    if as_json:
        print_json({"allocation": allocation, "compute": ahead})
    else:
        say(f"Granted: {allocation}.")


def _tell_unknown(resource_class: str) -> bool:
    """Say of a resource class that nobody knows what may be meant; return whether it is one."""
    from fabrica.reference.accelerators import check_known_class

    try:
        check_known_class(resource_class)
    except ValueError as error:
        say(f"WARNING: {error}")
        return True
    return False
