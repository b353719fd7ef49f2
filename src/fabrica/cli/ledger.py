"""Commands of the ledger: list, propose, approve and refuse corrections."""

import click

from fabrica.cli.inputs import FiniteRange
from fabrica.cli.output import json_option, print_json, print_table, say


@click.group("corrections", invoke_without_command=True)
@json_option
@click.pass_context
def corrections(context: click.Context, as_json: bool) -> None:
    """List the ledger's corrections; propose one, approve or refuse another's. For operators.

    \b
    Examples:
        fabrica corrections
        fabrica corrections propose trf_01jd… --device-seconds 12.5 --reason "Counted twice."
    """
    if context.invoked_subcommand is None:
        list_corrections(as_json)


def list_corrections(as_json: bool) -> None:
    """Show the newest corrections."""
    from fabrica.cli.connection import connect
    from fabrica.sdk import ledger
    from fabrica.values.quantities import DeviceTime

    with connect() as client:
        found = ledger.corrections(client)
    if as_json:
        print_json({"corrections": found})
        return
    rows = []
    for one in found:
        wrong, right = (DeviceTime(ms, one.resource_class) for ms in (one.wrong_milliseconds, one.right_milliseconds))
        rows.append((one.id, one.transfer, str(wrong), str(right), one.state.value, one.reason))
    print_table(("correction", "transfer", "wrong", "right", "state", "reason"), rows)


@corrections.command("propose")
@click.argument("transfer")
@click.option("--device-seconds", type=FiniteRange(min=0, max=1e12), required=True, help="What would be right.")
@click.option("--reason", required=True, help="Why; it stands in the ledger for good.")
@json_option
def propose(transfer: str, device_seconds: float, reason: str, as_json: bool) -> None:
    """Propose what would be right in the place of TRANSFER, a grant or a charge. Nothing is posted yet.

    \b
    Example:
        fabrica corrections propose trf_01jd… --device-seconds 12.5 --reason "Counted twice."
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import ledger
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import TransferId

    with connect() as client:
        found = ledger.propose(client, parsed(TransferId, transfer), round(device_seconds * 1000), reason)
    if as_json:
        print_json(found)
    else:
        say(f"Proposed: {found.id}. Another operator approves it with 'fabrica corrections approve {found.id}'.")


@corrections.command("approve")
@click.argument("correction")
@click.option("--words", default="", help="To the decision, for the record.")
@json_option
def approve(correction: str, words: str, as_json: bool) -> None:
    """Approve a CORRECTION that another operator proposed; it is posted and stands for good.

    \b
    Example:
        fabrica corrections approve cor_01jd…
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import ledger
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import CorrectionId

    with connect() as client:
        found = ledger.approve(client, parsed(CorrectionId, correction), words)
    if as_json:
        print_json(found)
    else:
        alone = " You proposed it as well; the entries say that the network had no other operator."
        say(f"Approved and posted as {found.posted}.{alone if found.alone else ''}")


@corrections.command("refuse")
@click.argument("correction")
@click.option("--words", required=True, help="Why, for whoever proposed it.")
@json_option
def refuse(correction: str, words: str, as_json: bool) -> None:
    """Refuse a proposed CORRECTION, or take back your own. Nothing is posted.

    \b
    Example:
        fabrica corrections refuse cor_01jd… --words "The site's figure is right."
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import ledger
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import CorrectionId

    with connect() as client:
        found = ledger.refuse(client, parsed(CorrectionId, correction), words)
    print_json(found) if as_json else say("Refused. Nothing was posted.")
