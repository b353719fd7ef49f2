"""`fabrica evaluators`, for the project that invites: codes, who was invited, their signed reports."""

from pathlib import Path

import click

from fabrica.cli.inputs import FOLDER
from fabrica.cli.lazy import LazyGroup
from fabrica.cli.output import json_option, print_json, print_table, print_text, say

_COMMANDS = {
    "invite": "evaluators:invite",
    "list": "evaluators:list_evaluators",
    "withdraw": "evaluators:withdraw",
    "check": "evaluators:check",
    "download": "evaluators:download",
    "accept": "evaluators_held:accept",
    "view": "evaluators_held:view",
    "report": "evaluators_held:report",
}


@click.group("evaluators", cls=LazyGroup, places=_COMMANDS)
def evaluators() -> None:
    """Invite an independent evaluator to one version; or be one: accept, look, and send a signed report.

    A VERSION is an id, NAME:LABEL, or a name alone for its newest version.

    \b
    Examples:
        fabrica evaluators invite "Euro char:1.0" --name "Evals Institute" --independence "Paid by the ministry."
        fabrica evaluators accept --server https://fabrica.example.eu --signatory "Eva Example"
        fabrica evaluators report report.pdf --title "Evaluation of Euro char 1.0"
    """


@click.command("invite")
@click.argument("version")
@click.option("--name", required=True, help="The body or person that evaluates.")
@click.option("--independence", required=True, help="Why they are independent; it stands in documents.")
@click.option("--contract", metavar="TEXT", help="The contract or mandate.")
@click.option("--document", "documents", metavar="ID", multiple=True, help="An issued document they may read.")
@click.option("--code-days", type=click.IntRange(1, 60), default=14, show_default=True, help="How long the code works.")
@click.option("--access-days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long they see it.")
@json_option
def invite(
    version: str,
    name: str,
    independence: str,
    contract: str | None,
    documents: tuple[str, ...],
    code_days: int,
    access_days: int,
    as_json: bool,
) -> None:
    """Draw a code for an independent evaluator of a VERSION; it is shown once. For who leads the project.

    \b
    Example:
        fabrica evaluators invite "Euro char:1.0" --name "Evals Institute" --independence "Paid by the ministry."
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import evaluators as sdk
    from fabrica.sdk import systems
    from fabrica.sdk.ids import parsed
    from fabrica.sdk.typed import typed
    from fabrica.values.ids import DocumentId
    from fabrica.wire.evaluators import NewEvaluator

    told = typed(
        NewEvaluator,
        name=name,
        independence=independence,
        contract=contract,
        documents=tuple(parsed(DocumentId, one) for one in documents),
        code_days=code_days,
        access_days=access_days,
    )
    with connect() as client:
        done = sdk.invite(client, systems.find_version(client, version).id, told)
        server = client.server
    if as_json:
        print_json(done)
        return
    click.echo(done.code)
    say(f"This code is shown only now, and works once, until {done.expires_at:%d %b %Y %H:%M} UTC. Give it to {name}:")
    say(f"    fabrica evaluators accept --server {server} --signatory NAME")


@click.command("list")
@click.argument("version")
@json_option
def list_evaluators(version: str, as_json: bool) -> None:
    """List the evaluators of a VERSION with their reports.

    \b
    Example:
        fabrica evaluators list "Euro char:1.0"
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import evaluators as sdk
    from fabrica.sdk import systems

    with connect() as client:
        found = sdk.evaluators(client, systems.find_version(client, version).id)
    if as_json:
        print_json({"evaluators": found})
        return
    if not found:
        print_text("Nobody is invited yet: 'fabrica evaluators invite VERSION'.")
        return
    rows = []
    for one in found:
        reports = "\n".join(f"{report.id} {report.title}" for report in one.reports) or "none"
        rows.append((one.id, one.name, one.state, f"{one.access_ends_at:%Y-%m-%d}", one.key or "—", reports))
    print_table(("evaluator", "name", "state", "access until", "key", "reports"), rows)


@click.command("withdraw")
@click.argument("version")
@click.argument("evaluator")
@click.option("--reason", required=True, help="Why; it is kept.")
@json_option
def withdraw(version: str, evaluator: str, reason: str, as_json: bool) -> None:
    """Let an EVALUATOR of a VERSION see nothing any more, at once; their reports stay. For who leads the project.

    \b
    Example:
        fabrica evaluators withdraw "Euro char:1.0" evr_01jd… --reason "The contract ended."
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import evaluators as sdk
    from fabrica.sdk import systems
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import EvaluatorId

    with connect() as client:
        of = systems.find_version(client, version)
        sdk.withdraw(client, of.id, parsed(EvaluatorId, evaluator), reason)
    if as_json:
        print_json({"withdrawn": evaluator})
    else:
        say(f"{evaluator} sees nothing of {of.system_name} {of.label} any more. Reports that came stay.")


@click.command("check")
@click.argument("report")
@json_option
@click.pass_context
def check(context: click.Context, report: str, as_json: bool) -> None:
    """Have a REPORT hashed and its signature checked again; ends with status 1 when it is not sound.

    \b
    Example:
        fabrica evaluators check rpt_01jd…
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import evaluators as sdk
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import ReportId

    with connect() as client:
        found = sdk.check(client, parsed(ReportId, report))
    print_json(found) if as_json else click.echo(f"{'SOUND' if found.sound else 'NOT SOUND'}: {found.words}")
    context.exit(0 if found.sound else 1)


@click.command("download")
@click.argument("report")
@click.option(
    "--out",
    metavar="DIR",
    type=FOLDER,
    default=".",
    help="Where it is saved. Default: here.",
)
@json_option
def download(report: str, out: Path, as_json: bool) -> None:
    """Download a REPORT as it was received, checked against its hash.

    \b
    Example:
        fabrica evaluators download rpt_01jd… --out reports
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import evaluators as sdk
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import ReportId

    with connect() as client:
        place = sdk.download(client, parsed(ReportId, report), out)
    print_json({"file": str(place)}) if as_json else click.echo(str(place))
