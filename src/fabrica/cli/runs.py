"""Commands of runs: run, runs, logs, why, cancel, declare-lost."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fabrica.cli.inputs import ANY_FOLDER
from fabrica.cli.output import json_option, print_json, say
from fabrica.cli.sites import site_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabrica.sdk.client import Client
    from fabrica.values.ids import RunId
    from fabrica.wire.runs import Run


@click.command("run")
@click.argument("folder", type=ANY_FOLDER)
@click.option("--project", metavar="PROJECT", help="Project that pays. Default: your only one.")
@click.option("--purpose", metavar="TAG", help="Purpose in the AI Act's sense, e.g. finetuning. Default: exploratory.")
@click.option("--time-limit", metavar="TIME", help="For example '30 min'; replaces the one in fabrica.toml.")
@click.option("--version", metavar="VERSION", help="Model version it belongs to, as 'fabrica systems' names it.")
@site_option
@click.option("--after", multiple=True, metavar="RUN", help="Wait until this run has succeeded; may be given again.")
@click.option("--dry-run", is_flag=True, help="Show where it would go and what it would reserve. Nothing is spent.")
@click.option("--detach", is_flag=True, help="Submit and return at once.")
@click.option("--accept-simulated", is_flag=True, help="A simulated site may take it; nothing real is computed.")
@json_option
def submit(
    folder: Path,
    project: str | None,
    purpose: str | None,
    time_limit: str | None,
    version: str | None,
    sites: tuple[str, ...],
    after: tuple[str, ...],
    dry_run: bool,
    detach: bool,
    accept_simulated: bool,
    as_json: bool,
) -> None:
    """Run the project in FOLDER, which holds a fabrica.toml, on the best site, and show what came of it.

    \b
    Examples:
        fabrica run examples/ride-demand
        fabrica run examples/ride-demand --dry-run
        fabrica run examples/ride-demand --site lumi-aif
    """
    from fabrica.cli import show
    from fabrica.cli.connection import connect
    from fabrica.cli.systems_ahead import look_ahead, warn
    from fabrica.sdk import people, runs, systems
    from fabrica.sdk.manifest import read_manifest
    from fabrica.sdk.sites import named

    overrides = _overrides(purpose, time_limit, accept_simulated)
    manifest = read_manifest(folder, **overrides)
    with connect() as client:
        chosen = people.find_project(client, project) if project else None
        spec = manifest.spec("0" * 64, chosen)
        manifest = manifest.at(named(client, sites)) if sites else manifest
        manifest = manifest.behind(tuple(runs.find(client, one) for one in after))
        seconds = spec.resources.reserved_milliseconds // 1000
        of = systems.find_version(client, version).id if version else None
        ahead = look_ahead(client, chosen, spec.resources.resource_class, seconds, spec.purpose)
        warn(ahead, of)
        if dry_run:
            planned = runs.plan(client, manifest, project=chosen)
            if as_json:
                print_json({**planned.model_dump(mode="json"), "compute": ahead})
            else:
                show.dry_run(planned)
            sys.exit(0 if planned.placement.chosen and planned.enough else 1)
        if not purpose and manifest.fields.get("purpose") is None:
            say("Purpose: exploratory (say another with --purpose; the AI Act's compute account counts by purpose).")
        run = runs.submit(client, manifest, project=chosen)
        if of is not None:
            systems.link_run(client, of, run.id)
        if not as_json:
            say(f"Submitted {run.id} ({run.name}).")
        if detach:
            print_json(run) if as_json else click.echo(run.id)
            return
        ended = _follow(client, run.id, quiet=as_json)
        _tell_end(client, ended, as_json)
    sys.exit(0 if ended.state == "succeeded" and not show.refused_metrics(ended) else 1)


def _overrides(purpose: str | None, time_limit: str | None, accept_simulated: bool) -> dict[str, Any]:
    from fabrica.values.time import parse_duration_seconds

    overrides: dict[str, Any] = {}
    if purpose:
        overrides["purpose"] = purpose
    if accept_simulated:
        overrides["accept_simulated"] = True
    if time_limit:
        try:
            overrides["time_limit_seconds"] = parse_duration_seconds(time_limit)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--time-limit") from None
    return overrides


def _follow(client: "Client", run: "RunId", *, quiet: bool) -> "Run":
    """Show placement, states and log until the run has ended; return it. Ctrl-C leaves the run going and says so."""
    from fabrica.cli import show
    from fabrica.sdk import runs
    from fabrica.values.states import RunState
    from fabrica.wire.runs import LogSlice

    placed, shown = False, _log_writer()
    try:
        for seen in runs.follow(client, run):
            if quiet:
                continue
            if isinstance(seen, LogSlice):
                shown(seen.text)
                continue
            if not placed and seen.state not in (RunState.SUBMITTED,):
                found = runs.run(client, run)
                if found.placement is not None:
                    placed = found.placement.chosen is not None
                    show.placement(found.placement, aside=True)
            say(f"[{seen.state}] {seen.words}".rstrip())
    except KeyboardInterrupt:
        say(f"\nThe run goes on. Follow it with 'fabrica logs {run} -f', end it with 'fabrica cancel {run}'.")
        sys.exit(130)
    return runs.run(client, run)


def _log_writer() -> "Callable[[str], None]":
    """Return what writes pieces of a log: to a terminal text and its colours only, into a file as they came."""
    from fabrica.values.terminal import Cleaner

    cleaner = Cleaner(colours=True) if sys.stdout.isatty() else None

    def write(text: str) -> None:
        sys.stdout.write(cleaner.feed(text) if cleaner else text)
        sys.stdout.flush()

    return write


def _tell_end(client: "Client", run: "Run", as_json: bool) -> None:
    from fabrica.cli import show
    from fabrica.cli.records import fetch
    from fabrica.sdk import access
    from fabrica.wire.runs import RecordNotReady

    try:
        record = str(fetch(client, run))
    except RecordNotReady:
        record = None
    statement = access.statement(client, run.project)
    if as_json:
        print_json(show.as_object(run, record, statement))
    else:
        show.end(run, record, statement)


@click.group("runs", invoke_without_command=True)
@click.option("--state", metavar="STATE", help="Only runs in this state, e.g. running.")
@click.option("--limit", default=20, show_default=True, help="How many to show.")
@json_option
@click.pass_context
def runs(context: click.Context, state: str | None, limit: int, as_json: bool) -> None:
    """List your runs, the newest first; as an operator, give up on one whose site is lost.

    \b
    Examples:
        fabrica runs --state running
        fabrica runs declare-lost run_01jd… --dry-run
    """
    if context.invoked_subcommand is None:
        list_runs(state, limit, as_json)


def list_runs(state: str | None, limit: int, as_json: bool) -> None:
    """Show the newest runs."""
    from fabrica.cli import show
    from fabrica.cli.connection import connect
    from fabrica.sdk import runs
    from fabrica.values.states import RunState

    if state is not None and state not in list(RunState):
        raise click.BadParameter(f"'{state}' is no state; states: {', '.join(RunState)}", param_hint="--state")
    with connect() as client:
        found = runs.runs(client, state=RunState(state) if state else None, limit=limit)
    print_json(found) if as_json else show.run_list(found)


@runs.command("declare-lost")
@click.argument("run")
@click.option("--dry-run", is_flag=True, help="Only tell what it would do.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def declare_lost(run: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Give up on a run's attempt at a site that will not come back. For operators; it cannot be taken back.

    \b
    Example:
        fabrica runs declare-lost run_01jd… --dry-run
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import runs

    if as_json and not (dry_run or yes):
        raise click.UsageError("With --json nothing is asked: add --dry-run, or --yes.")
    with connect() as client:
        loss = runs.loss(client, runs.find(client, run))
        if not as_json:
            for consequence in loss.consequences:
                say(f"- {consequence}")
        if dry_run:
            if as_json:
                print_json(loss)
            return
        if not yes:
            click.confirm(f"Declare the attempt at {loss.site} lost?", abort=True, err=True)
        found = runs.declare_lost(client, loss.run, loss.attempt)
    if as_json:
        print_json(found)
    else:
        say(f"The attempt is declared lost. {found.id} is {found.state.replace('_', ' ')}.")


@click.command("logs")
@click.argument("run")
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended.")
@json_option
def logs(run: str, follow: bool, as_json: bool) -> None:
    """Show a run's log.

    \b
    Example:
        fabrica logs run_01jd… -f
    """
    from fabrica.cli import show
    from fabrica.cli.connection import connect
    from fabrica.sdk import runs

    with connect() as client:
        wanted = runs.find(client, run)
        if follow and not as_json:
            _follow(client, wanted, quiet=False)
            return
        piece = runs.log(client, wanted)
        if as_json:
            print_json(piece)
            return
        shown = _log_writer()
        while piece.text:
            shown(piece.text)
            piece = runs.log(client, wanted, piece.next_offset)
        show.silences([runs.run(client, wanted)])


@click.command("why")
@click.argument("run")
@click.option("--everyone", is_flag=True, help="Also of those who cannot take it: each condition, met or not.")
@json_option
def why(run: str, everyone: bool, as_json: bool) -> None:
    """Say why a run is where it is: each condition and input of the sites that can take it, what refuses the others,
    and what would have changed the choice. With --json, everything of everyone.

    \b
    Examples:
        fabrica why last
        fabrica why run_01jd… --everyone
    """
    from fabrica.cli import show
    from fabrica.cli.connection import connect
    from fabrica.sdk import runs

    with connect() as client:
        wanted = runs.find(client, run)
        decisions = runs.placements(client, wanted)
        found = runs.run(client, wanted)
    if as_json:
        told = {"run": wanted, "state": found.state, "words": found.words, "silence": found.silence}
        print_json({**told, "placements": decisions})
        return
    click.echo(f"{wanted}: {found.state.replace('_', ' ')}. {found.words}".rstrip())
    show.silences([found])
    for decision in decisions[:1]:
        show.placement(decision, "everyone" if everyone else "whom it may go to")
    if not decisions:
        click.echo("No placement was decided yet.")


@click.command("cancel")
@click.argument("run")
@json_option
def cancel(run: str, as_json: bool) -> None:
    """End a run. What it has used so far is charged; the rest of its reservation comes back.

    \b
    Example:
        fabrica cancel run_01jd…
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import runs

    with connect() as client:
        found = runs.cancel(client, runs.find(client, run))
    if as_json:
        print_json(found)
    else:
        done = found.state == "cancelled"
        say(
            f"{found.id} is cancelled."
            if done
            else f"{found.id}: its site is told to end it; 'fabrica runs' shows when."
        )
