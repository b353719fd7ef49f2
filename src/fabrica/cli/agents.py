"""Commands at a site: enrol its agent, check its settings, run it, keep it."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import ANY_FILE, COUNTRY
from fabrica.cli.output import json_option, print_json, say

if TYPE_CHECKING:
    from threading import Event

    from fabrica.agent.limits import Look
    from fabrica.agent.loop import Agent
    from fabrica.agent.settings import AgentSettings
    from fabrica.agent.transport import HttpTransport

_MARKS = {"ok": "ok", "warn": "warn", "fix": "FIX"}
_settings_argument = click.argument("settings", type=ANY_FILE)


@click.group()
def agent() -> None:
    """Enrol, check and run a site's agent. It only dials out.

    \b
    Examples:
        fabrica agent enrol --server https://fabrica.example.eu --config /srv/fabrica/agent.toml
        fabrica agent check /srv/fabrica/agent.toml
        fabrica agent run /srv/fabrica/agent.toml
    """


@agent.command("run")
@_settings_argument
@click.option("--once", is_flag=True, help="One round, then stop: for cron where daemons are forbidden.")
def run_agent(settings: Path, once: bool) -> None:
    """Run a site's agent with its agent.toml.

    \b
    Example:
        fabrica agent run /srv/fabrica/agent.toml
    """
    import logging

    from fabrica.agent.settings import read_settings
    from fabrica.values.signals import stop_on_signals
    from fabrica.wire.agents import AgentRunning

    _take_variables(settings)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        started = open_agent(read_settings(settings.absolute()))
    except AgentRunning as running:
        if not once:
            raise
        say(f"{running.detail} This round is left to it.")
        return
    _look_at_limits_beside(started)
    if once:
        started.run_once()
        started.close()
    else:
        started.run(stop_on_signals())


def _take_variables(settings: Path) -> None:
    """Set what `agent.env` beside the settings sets, for cron and a terminal as for a service; a shell's own stand."""
    import os

    from fabrica.agent.settings import variables_beside

    for name, value in variables_beside(settings.absolute()).items():
        os.environ.setdefault(name, value)


def open_agent(settings: "AgentSettings") -> "Agent":
    """Return an agent that stands ready over its folder and its engine."""
    from fabrica.agent.attachments import Attachments
    from fabrica.agent.folders import SiteFolder
    from fabrica.agent.loop import Agent
    from fabrica.agent.transport import HttpTransport
    from fabrica.engines.registry import open_engine
    from fabrica.wire.agents import AgentSettingsRefused

    try:
        engine = open_engine(settings.engine, SiteFolder(settings.folder).engine, **settings.engine_settings)
    except (ValueError, TypeError) as trouble:
        raise AgentSettingsRefused(
            f"The engine {settings.engine} does not open: {trouble}.", remedy="Run 'fabrica agent check'."
        ) from trouble
    opened = Agent(settings, HttpTransport(settings.server, settings.key_file), engine)
    apart = HttpTransport(settings.server, settings.key_file)  # its connections are held while somebody is attached
    opened.beside.append(Attachments(opened.journal, opened.site, apart).keep_attached)
    return opened


def _look_at_limits_beside(started: "Agent") -> None:
    """Let a running agent look at the second wall every so often, where its settings say so."""
    from fabrica.agent import limits
    from fabrica.engines.registry import open_wall

    settings, every = started.settings, started.settings.limits_seconds
    if every is None:
        return
    wall = open_wall(settings.engine, started.site.engine, **settings.engine_settings)
    if wall is None or not wall.accounts:
        return
    told, transport = limits.ToldStarts(started.site.outside), _transport(settings)

    def look_at_limits(stop: "Event") -> None:
        limits.keep_looking(wall, transport, told, stop, every)

    started.beside.append(look_at_limits)


def _transport(settings: "AgentSettings") -> "HttpTransport":
    from fabrica.agent.transport import HttpTransport

    return HttpTransport(settings.server, settings.key_file)


@agent.command("limits")
@_settings_argument
@click.option("--apply", "mends", is_flag=True, help="Set the limits that are not as they should be.")
@json_option
def limits_command(settings: Path, mends: bool, as_json: bool) -> None:
    """Compare allocations with the limits of the scheduler's accounts, and tell who went round Fabrica.

    A dry run: it sets nothing without --apply. Ends with status 1 if a limit is not as it should be.

    \b
    Examples:
        fabrica agent limits /srv/fabrica/agent.toml
        fabrica agent limits /srv/fabrica/agent.toml --apply
    """
    from fabrica.agent import limits
    from fabrica.agent.folders import SiteFolder
    from fabrica.agent.settings import read_settings
    from fabrica.engines.registry import open_wall
    from fabrica.wire.limits import LimitsUnsupported

    _take_variables(settings)
    read = read_settings(settings.absolute())
    site = SiteFolder(read.folder)
    wall = open_wall(read.engine, site.engine, **read.engine_settings)
    if wall is None or not wall.accounts:
        raise LimitsUnsupported(
            "No project has an account of its own in this site's scheduler, so nothing is mirrored.",
            remedy="Name them in [engine_settings.project_accounts]; only the engine slurm has such accounts.",
        )
    site.prepare()
    seen = limits.look(wall, _transport(read), limits.ToldStarts(site.outside), mends=mends)
    if as_json:
        print_json(
            {
                "cluster": seen.report.cluster,
                "accounts": seen.report.accounts,
                "drifts": seen.report.drifts,
                "mended": seen.mended,
                "notes": seen.report.notes,
                "outside": asdict(seen.imported),
            }
        )
    else:
        _show_limits(seen)
    if seen.report.drifts:
        raise SystemExit(1)


def _show_limits(seen: "Look") -> None:
    for drift in seen.mended:
        click.echo(f"set   {drift.slurm_account} {drift.resource} to {drift.wanted_minutes} minutes")
    for drift in seen.report.drifts:
        stands = "none" if drift.stands_minutes is None else f"{drift.stands_minutes} minutes"
        click.echo(f"DRIFT {drift.slurm_account} {drift.resource}: {stands}, should be {drift.wanted_minutes} minutes")
        click.echo(f"{'':6}{drift.words}")
    for note in (*seen.report.notes, *seen.imported.refused):
        click.echo(f"note  {note}")
    say(f"{seen.imported.counted} starts outside Fabrica were told, {seen.imported.own} were the network's own.")
    if seen.report.drifts:
        say("Set them with --apply.")
    else:
        say(f"The limits of {seen.report.accounts} accounts of {seen.report.cluster} are as allocations say.")


@agent.command("enrol")
@click.option("--server", required=True, metavar="URL", help="Address of the server, https://…")
@click.option(
    "--code",
    help="What the network's office gave you. Asked for when absent, so that no shell keeps it.",
)
@click.option(
    "--config",
    "settings",
    required=True,
    type=ANY_FILE,
    help="The agent.toml; written when it is not there.",
)
@click.option(
    "--engine",
    type=click.Choice(["slurm", "local"]),
    help="What runs the work. Default: slurm where sbatch is found, else local.",
)
@click.option("--person", metavar="EMAIL", help="Whose agent it is, when only this person's runs come here.")
@click.option("--country", metavar="CODE", type=COUNTRY, help="Where the site stands (ISO code).")
@click.option("--server-key", metavar="THUMBPRINT", help="The server's key as the office told it; another is refused.")
@json_option
def enrol(
    server: str,
    code: str | None,
    settings: Path,
    engine: str | None,
    person: str | None,
    country: str | None,
    server_key: str | None,
    as_json: bool,
) -> None:
    """Enrol this site's agent with a code: a key pair is made here, and its private half stays here.

    \b
    Example:
        fabrica agent enrol --server https://fabrica.example.eu --config /srv/fabrica/agent.toml
    """
    import shutil

    from fabrica.agent import enrolment

    _take_variables(settings)
    code = code or click.prompt("Code", err=True)
    engine = engine or ("slurm" if shutil.which("sbatch") else "local")
    done = enrolment.enrol(server, code, settings, engine=engine, person=person, country=country, server_key=server_key)
    if as_json:
        print_json(
            {
                "agent": done.identity.agent,
                "site": done.identity.site,
                "key_file": str(done.key_file),
                "settings": str(done.settings_file),
                "server_key": done.server_key,
            }
        )
        return
    say(f"This agent speaks for {done.identity.site} as {done.identity.agent}. Its key is in {done.key_file}.")
    say(f"The server's key is {done.server_key}; the office sees the same beside the code.")
    say(f"{'Wrote' if done.settings_written else 'Kept'} {done.settings_file}.")
    say(f"→ Go on with 'fabrica agent check {done.settings_file}'.")


@agent.command("check")
@_settings_argument
@json_option
def check(settings: Path, as_json: bool) -> None:
    """Try everything the agent needs, starting nothing, and say what to mend. Ends with status 1 if something is.

    \b
    Example:
        fabrica agent check /srv/fabrica/agent.toml
    """
    from fabrica.agent.check import check as findings

    _take_variables(settings)
    found = []
    for finding in findings(settings.absolute()):  # told one by one: a way that is cut takes a while to fail
        found.append(finding)
        if not as_json:
            click.echo(f"{_MARKS[finding.verdict]:5} {finding.subject:11} {finding.words}")
            if finding.remedy:
                click.echo(f"{'':18}→ {finding.remedy}")
    count = sum(finding.verdict == "fix" for finding in found)
    if as_json:
        print_json({"ready": not count, "findings": [asdict(finding) for finding in found]})
    elif count:
        say(f"{count} to mend before the agent can run.")
    else:
        say(f"All is ready. Start it: fabrica agent run {settings}")
    if count:
        raise SystemExit(1)


@agent.command("unit")
@click.option("--system", "level", flag_value="system", default="system", help="For /etc/systemd/system. The default.")
@click.option("--user", "level", flag_value="user", help="For ~/.config/systemd/user, where one is no administrator.")
@_settings_argument
def unit(level: str, settings: Path) -> None:
    """Print a systemd unit that keeps the agent running. Stopping it leaves runs alone.

    \b
    Example:
        fabrica agent unit --system /srv/fabrica/agent.toml > /etc/systemd/system/fabrica-agent.service
    """
    from fabrica.agent.settings import read_settings
    from fabrica.agent.units import system_unit, user_unit

    read = read_settings(settings.absolute())
    write = user_unit if level == "user" else system_unit
    click.echo(write(settings.absolute(), read), nl=False)


@agent.command("rotate-key")
@_settings_argument
@json_option
def rotate_key(settings: Path, as_json: bool) -> None:
    """Make a new key pair for the agent; the old key and its tokens end at once. A running agent goes on with the new.

    \b
    Example:
        fabrica agent rotate-key /srv/fabrica/agent.toml
    """
    from fabrica.agent import enrolment
    from fabrica.agent.settings import read_settings
    from fabrica.wire.signatures import thumbprint

    _take_variables(settings)
    identity = enrolment.rotate_key(read_settings(settings.absolute()))
    key = thumbprint(identity.public_key)
    if as_json:
        print_json({"agent": identity.agent, "key": key})
    else:
        say(f"The agent {identity.agent} has a new key: {key}.")
