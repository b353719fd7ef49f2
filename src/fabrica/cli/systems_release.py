"""`fabrica systems release` and `withdraw`: a version goes on the market, and comes off it."""

from datetime import date
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import DAY
from fabrica.cli.output import console, json_option, print_json, say

if TYPE_CHECKING:
    from fabrica.wire.systems import Modification


@click.command("release")
@click.argument("version")
@click.option("--market-on", metavar="DATE", type=DAY, help="Placed on the market of the Union.")
@click.option("--service-on", metavar="DATE", type=DAY, help="Put into service in the Union.")
@click.option("--replaces", metavar="VERSION", help="The released version that it takes the place of.")
@click.option("--planned/--not-planned", default=None, help="Fixed in advance, documented with the assessment.")
@click.option("--changes-purpose/--same-purpose", default=None, help="Of the assessed intended purpose.")
@click.option("--affects-compliance/--no-effect", default=None, help="On Chapter III, Section 2.")
@click.option("--reason", default="", help="Why it is released although the check of the change is open.")
@click.option("--dry-run", is_flag=True, help="Only check whether the change is substantial.")
@json_option
def release(
    version: str,
    market_on: date | None,
    service_on: date | None,
    replaces: str | None,
    planned: bool | None,
    changes_purpose: bool | None,
    affects_compliance: bool | None,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Release a draft VERSION; whoever leads the project does. The change is checked and the check is kept.

    \b
    Example:
        fabrica systems release "Euro char:1.1" --market-on 2026-11-23 --replaces "Euro char:1.0" --same-purpose
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import systems
    from fabrica.sdk.typed import typed
    from fabrica.wire.systems import ChangeAnswers, NewRelease

    told = ChangeAnswers(planned=planned, changes_purpose=changes_purpose, affects_compliance=affects_compliance)
    if not dry_run and market_on is None and service_on is None:
        raise click.UsageError("Give --market-on or --service-on, or --dry-run.")
    with connect() as client:
        found = systems.find_version(client, version)
        before = systems.find_version(client, replaces).id if replaces else None
        if dry_run:
            check = systems.modification(client, found.id, told, before)
        else:
            new = typed(
                NewRelease,
                replaces=before,
                market_on=market_on,
                service_on=service_on,
                told=told,
                reason=reason,
            )
            found = systems.release(client, found.id, new)
            check = found.modification
    if as_json:
        print_json({"modification": check} if dry_run else found)
        return
    _show(check)
    if not dry_run:
        say(f"{found.system_name} {found.label} is released.")


def _show(check: "Modification | None") -> None:
    from rich.markup import escape

    if check is None:
        console().print("It takes the place of nothing and starts from no other model, so there is nothing to check.")
        return
    console().print(escape(check.words))
    for one in check.reasons:
        console().print(f"- {escape(one.words)} ({escape(one.citation)}): {one.verdict.replace('_', ' ')}")
    for words in check.consequences:
        console().print(f"→ {escape(words)}")


@click.command("withdraw")
@click.argument("version")
@click.option("--on", metavar="DATE", type=DAY, required=True, help="From this day on.")
@click.option("--reason", required=True, help="Why; it stays in the register.")
@json_option
def withdraw(version: str, on: date, reason: str, as_json: bool) -> None:
    """Take a VERSION off the market, or drop a draft; whoever leads the project does.

    \b
    Example:
        fabrica systems withdraw "Euro char:1.0" --on 2026-12-01 --reason "Replaced."
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import systems
    from fabrica.sdk.typed import typed
    from fabrica.wire.systems import Withdrawal

    with connect() as client:
        found = systems.find_version(client, version)
        found = systems.withdraw(client, found.id, typed(Withdrawal, on=on, reason=reason))
    print_json(found) if as_json else say(f"{found.system_name} {found.label} is withdrawn from {on} on.")
