"""Commands that start processes: the embedded network, a server, background work."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import ANY_FILE, COUNTRY
from fabrica.cli.output import json_option, print_json, print_text, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabrica.agent.settings import AgentSettings
    from fabrica.values.ids import ProjectId
    from fabrica.wire.enrolment import Enrolled


@click.command()
@click.option("--simulate", is_flag=True, help="Connect a simulated agent for every site with known capacity.")
@click.option(
    "--country", metavar="CODE", type=COUNTRY, help="Where this machine stands (ISO code), for its carbon figure."
)
@click.option("--port", type=int, help="Port on loopback. Default: the last one, else a free one.")
@click.option("--foreground", is_flag=True, help="Stay in the foreground until a signal comes.")
@json_option
def up(simulate: bool, country: str | None, port: int | None, foreground: bool, as_json: bool) -> None:
    """Start the embedded network of this machine, or say where it is.

    \b
    Examples:
        fabrica up
        fabrica up --simulate     (and watch the network place work)
    """
    from fabrica.cli import embedded

    if foreground:
        _run_embedded(simulate=simulate, country=country, port=port)
        return
    options = _as_options(simulate, country, port)
    if options and embedded.find():
        say("The embedded network is restarted with the new options; its runs go on.")
        embedded.stop()
    network = embedded.find_current() or embedded.start(options)
    if as_json:
        print_json({"url": network.url, "pid": network.pid, "home": str(network.home)})
        return
    print_text(f"The embedded network is up: {network.url}  (sign in with 'fabrica portal')")


def _as_options(simulate: bool, country: str | None, port: int | None) -> tuple[str, ...]:
    return (
        *(("--simulate",) if simulate else ()),
        *(("--country", country) if country else ()),
        *(("--port", str(port)) if port else ()),
    )


@click.command()
@json_option
def down(as_json: bool) -> None:
    """Stop the embedded network. Runs that are on this machine go on, and are known again after 'fabrica up'.

    \b
    Example:
        fabrica down
    """
    from fabrica.cli import embedded

    was_up = embedded.stop()
    if as_json:
        print_json({"stopped": was_up})
    else:
        say("The embedded network is down." if was_up else "No embedded network was up.")


@click.command()
@json_option
def portal(as_json: bool) -> None:
    """Print a link that signs you in to the portal once, within five minutes.

    \b
    Example:
        fabrica portal
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people

    with connect() as client:
        link = people.sign_in_link(client)
    if as_json:
        print_json({"link": link})
    else:
        click.echo(link)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8400, show_default=True, help="Port to listen on.")
@click.option("--threads", default=64, show_default=True, help="A long poll or a log stream holds one.")
def serve(host: str, port: int, threads: int) -> None:
    """Serve the API and the portal, for a network of your own. Put a proxy with TLS before it.

    \b
    Example:
        FABRICA_DATABASE_URL=postgresql://… FABRICA_PUBLIC_URL=https://fabrica.example.eu fabrica serve
    """
    from fabrica.server.config.processes import serve_until_signal

    serve_until_signal(host, port, threads)


@click.command()
@click.option("--once", is_flag=True, help="Move everything that can move, then stop.")
def work(once: bool) -> None:
    """Run the background loops of a server: placements, expiries, evidence.

    \b
    Example:
        fabrica work --once
    """
    from fabrica.server.config.processes import work_until_signal

    work_until_signal(once)


@click.command()
@click.option("--operator", "email", metavar="EMAIL", help="Also make this person the first operator.")
@click.option("--name", default="", help="The operator's name. Default: the address.")
@click.option("--token-file", type=ANY_FILE, help="Also write an access token of theirs here.")
@json_option
def migrate(email: str | None, name: str, token_file: Path | None, as_json: bool) -> None:
    """Bring a server's database to this version's tables, and make its first operator.

    \b
    Example:
        fabrica migrate --operator office@example.eu --token-file office.token
    """
    from fabrica.server.config.start import setup

    if token_file and not email:
        raise click.UsageError("A token is somebody's: name the operator with --operator.")
    setup()
    from fabrica.server.config.first_steps import add_operator, migrate_database

    migrate_database()
    link = add_operator(email, name or email, token_file) if email else None
    if as_json:
        print_json({"migrated": True, "sign_in_link": link, "token_file": str(token_file) if token_file else None})
    elif link:
        click.echo(f"Sign in once, within five minutes: {link}")
    else:
        say("The database is up to date.")


def _run_embedded(*, simulate: bool, country: str | None, port: int | None) -> None:
    """Run server, background loops and agents in this process until a signal comes."""
    import json
    import os
    import threading

    from fabrica.cli import embedded
    from fabrica.cli.agents import open_agent
    from fabrica.values.files import held_alone, write_private
    from fabrica.values.home import home
    from fabrica.values.signals import stop_on_signals

    code = embedded.code_digest()
    folder = home()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with held_alone(embedded.lock_file()):
        asked_port, port = port, _free_port(port, folder / "port")
        url = f"http://127.0.0.1:{port}"
        os.environ["FABRICA_PUBLIC_URL"] = url
        from fabrica.server.config import processes
        from fabrica.server.config.start import setup

        setup()
        from fabrica.server.config import embedded as rows
        from fabrica.server.config.first_steps import migrate_database
        from fabrica.server.core import reconcilers

        migrate_database()
        project = rows.first_people(folder)
        stop = stop_on_signals()
        with processes.WebServer("127.0.0.1", port, threads=128):
            agents = [open_agent(settings) for settings in _embedded_agents(folder, url, project, country, simulate)]
            threads = [threading.Thread(target=one.run, args=(stop,), name=one.settings.folder.name) for one in agents]
            for thread in threads:
                thread.start()
            try:
                threads += reconcilers.start_all(stop)
                rows.wait_for_first_word(stop)
                state = {
                    "url": url,
                    "pid": os.getpid(),
                    "started": embedded.process_started(os.getpid()),
                    "code": code,
                    "options": _as_options(simulate, country, asked_port),
                }
                write_private(embedded.state_file(), json.dumps(state))
                while not stop.wait(2) and embedded.state_file().exists():
                    pass  # whoever removes the home ends its network, too
            finally:
                stop.set()  # also when something failed: no agent goes on alone
                for thread in threads:
                    thread.join(10)
    embedded.state_file().unlink(missing_ok=True)


def _free_port(asked: int | None, memory: Path) -> int:
    """Return the asked port, else the one of the last time when it is free, else a free one; remember it."""
    import contextlib
    import socket

    last = int(memory.read_text()) if memory.exists() else 0
    for port in (asked,) if asked else (last, 0):
        with contextlib.suppress(OSError), socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(("127.0.0.1", port))
            free: int = trial.getsockname()[1]
            memory.write_text(str(free))
            return free
    raise click.ClickException(f"Port {asked} on 127.0.0.1 is taken; name another with --port.")


def _embedded_agents(
    home: Path, url: str, project: "ProjectId", country: str | None, simulate: bool
) -> "list[AgentSettings]":
    """Return the settings of this machine's agent and, when asked, of a simulated agent for each known site."""
    from fabrica.agent.settings import AgentSettings
    from fabrica.server.config import embedded as rows

    own = home / "agents" / rows.SITE / "agent.key"
    _make_key(own, lambda key: rows.enrol_this_machine(key, country))
    settings = [
        AgentSettings(
            server=url,
            key_file=own,
            folder=own.parent,
            country=country,
            file_sources=(Path("/"),),
            tick_seconds=0.1,
            usage_seconds=1,
            inventory_seconds=2,
        )
    ]
    for one in rows.simulated_sites(project) if simulate else ():
        file = home / "agents" / one.site / "agent.key"
        _make_key(file, lambda key, one=one: rows.enrol_simulated_site(key, one))  # type: ignore[misc]
        settings.append(
            AgentSettings(
                server=url,
                key_file=file,
                folder=file.parent,
                engine="simulated",
                engine_settings={"partitions": one.partitions, "country": one.country},
                country=one.country,
                workers=1,
            )
        )
    return settings


def _make_key(path: Path, enrol: "Callable[[str], Enrolled]") -> None:
    """Make the key of an agent of this process, unless it has one, and let the server know its public half."""
    from fabrica.agent.keys import Identity, KeyFile
    from fabrica.wire.signatures import new_private_key, public_key_of

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        private_key = new_private_key()
        given = enrol(public_key_of(private_key))
        identity = Identity(agent=given.agent, site=given.site, server_key=given.server_key, private_key=private_key)
        KeyFile(path).write(identity)
