"""Commands that bring a person to an interactive run: shell, notebook, attach."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fabrica.cli.inputs import ANY_FOLDER
from fabrica.cli.output import say
from fabrica.cli.sites import site_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from fabrica.sdk.attachments import Attached
    from fabrica.sdk.client import Client
    from fabrica.sdk.manifest import Manifest
    from fabrica.values.ids import RunId
    from fabrica.wire.runs import Run

_SHELL = ("sh", "-c", "command -v bash >/dev/null && exec bash -i; exec sh -i")
_NOTEBOOK = ("jupyter", "lab")
_MANIFEST = 'name = "{kind}"\ncommand = ["true"]\n'


def _options(command: "Callable[..., None]") -> "Callable[..., None]":
    """Add what `shell` and `notebook` share."""
    for option in reversed(
        (
            click.option("--project", metavar="PROJECT", help="Project that pays. Default: your only one."),
            click.option("--resource-class", metavar="CLASS", help="Such as gpu.h100. Default: as fabrica.toml says."),
            site_option,
            click.option("--devices", type=click.IntRange(1), help="How many of them. Default: as fabrica.toml says."),
            click.option("--time-limit", metavar="TIME", default="1 h", show_default=True, help="It is ended then."),
            click.option("--idle", metavar="TIME", default="30 min", show_default=True, help="Or when unused so long."),
        )
    ):
        command = option(command)
    return command


@click.command("shell")
@click.argument("folder", required=False, type=ANY_FOLDER)
@_options
def shell(folder: Path | None, **asked: Any) -> None:
    """Work in a shell at a site, in a run of its own, with the source and environment of FOLDER when one is given.

    Ctrl-] leaves it; it goes on, and 'fabrica attach' comes back. It is charged like every run, until it ends.

    \b
    Examples:
        fabrica shell
        fabrica shell examples/ride-demand --time-limit '2 h' --site lumi-aif
    """
    _start("shell", folder, _SHELL, asked)


@click.command("notebook")
@click.argument("folder", type=ANY_FOLDER)
@_options
def notebook(folder: Path, **asked: Any) -> None:
    """Work in a Jupyter notebook at a site, with the source and environment of FOLDER, which has to hold Jupyter.

    \b
    Example:
        fabrica notebook my-project --resource-class gpu.h100
    """
    _start("notebook", folder, _NOTEBOOK, asked)


@click.command("attach")
@click.argument("run", default="last")
def attach(run: str) -> None:
    """Come back to a shell or notebook of yours, in place of wherever you were attached before.

    \b
    Example:
        fabrica attach last
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import runs

    with connect() as client:
        _use(client, runs.find(client, run))


def _start(kind: str, folder: Path | None, command: tuple[str, ...], asked: dict[str, Any]) -> None:
    from fabrica.cli.connection import connect
    from fabrica.sdk import people, runs
    from fabrica.sdk.sites import named

    with connect() as client, tempfile.TemporaryDirectory(prefix="fabrica-") as name:
        source = folder or Path(name)
        if folder is None:
            (source / "fabrica.toml").write_text(_MANIFEST.format(kind=kind))
        manifest = _manifest(kind, source, command, asked).at(named(client, asked["sites"]))
        project = people.find_project(client, asked["project"]) if asked["project"] else None
        run = runs.submit(client, manifest, project=project)
        say(f"Submitted {run.id}. It is charged from its start until you leave the {kind} for good.")
        _wait_until_it_runs(client, run.id)
        _use(client, run.id)


def _manifest(kind: str, folder: Path, command: tuple[str, ...], asked: dict[str, Any]) -> "Manifest":
    from fabrica.sdk.manifest import read_manifest

    idle = _seconds(asked["idle"], "--idle")
    manifest = read_manifest(
        folder,
        command=command,
        interactive={"kind": kind, "idle_seconds": idle},
        attempts_max=1,
        time_limit_seconds=_seconds(asked["time_limit"], "--time-limit"),
    )
    resources = manifest.fields["resources"]
    resources |= {key: asked[key] for key in ("resource_class", "devices") if asked[key] is not None}
    return manifest


def _seconds(text: str, option: str) -> int:
    from fabrica.values.time import parse_duration_seconds

    try:
        return parse_duration_seconds(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def _wait_until_it_runs(client: "Client", run: "RunId") -> None:
    """Tell where the run is until it runs; Ctrl-C gives it up, so that nothing is held for nobody."""
    from fabrica.sdk import runs
    from fabrica.sdk.runs import StateSeen
    from fabrica.values.states import RunState

    try:
        for seen in runs.follow(client, run):
            if isinstance(seen, StateSeen):
                say(f"[{seen.state}] {seen.words}".rstrip())
                if seen.state is RunState.RUNNING:
                    return
    except KeyboardInterrupt:
        runs.cancel(client, run)
        say("\nGiven up; the run is cancelled.")
        sys.exit(130)


def _use(client: "Client", run: "RunId") -> None:
    """Attach, use it, and say how it ended."""
    from fabrica.cli import attached_browser, attached_terminal
    from fabrica.sdk import attachments, runs

    found = runs.run(client, run)
    if found.state.final:
        _tell_end(client, found)
        sys.exit(1)
    attached = attachments.attach(client, run)
    use = attached_browser.use if attached.attachment.kind == "notebook" else attached_terminal.use
    if _used(use, attached):
        say(f"The {attached.attachment.kind} has ended, and its devices are free.")
        return
    say("You have left; the run goes on and is charged.")
    say(f"→ Come back with 'fabrica attach {run}', or end it with 'fabrica cancel {run}'.")


def _used(use: "Callable[[Attached], bool]", attached: "Attached") -> bool:
    """Use an attachment; return whether the run has ended."""
    from fabrica.wire.attachments import AttachmentGone
    from fabrica.wire.problems import ServerUnreachable

    try:
        return use(attached)
    except (AttachmentGone, ServerUnreachable) as trouble:
        say(str(trouble))
        return False
    finally:
        attached.detach()


def _tell_end(client: "Client", run: "Run") -> None:
    from fabrica.sdk import runs

    say(f"{run.id} is {run.state.value.replace('_', ' ')}. {run.words}".rstrip())
    for line in runs.log(client, run.id).text.splitlines()[-10:]:
        say(f"  {line}")
