"""`fabrica plan save`, `saved`, `cancel`, `rename`, `share` and `delete`: scenarios that a server keeps and runs."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import FILE
from fabrica.cli.output import console, json_option, print_json, print_table, say
from fabrica.cli.progress import progress_told

if TYPE_CHECKING:
    from fabrica.sdk.client import Client
    from fabrica.values.ids import ScenarioId
    from fabrica.wire.scenarios import Scenario, ScenarioDetail, ScenarioKind

LIVING = ("queued", "running")
PAUSE_SECONDS = 2


@click.command("save")
@click.argument("kind", type=click.Choice(["network", "siting", "pair"]))
@click.argument(
    "files",
    metavar="FILE [SECOND]",
    nargs=-1,
    required=True,
    type=FILE,
)
@click.option("--name", help="Default: the file's.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of all that is drawn.")
@click.option("--project", metavar="PROJECT", help="Its members read it too.")
@click.option("--office", is_flag=True, help="The network's office reads it too.")
@click.option("--wait", is_flag=True, help="Wait until it has ended, and show what came out.")
@json_option
def save(
    kind: "ScenarioKind",
    files: tuple[Path, ...],
    name: str | None,
    seed: int,
    project: str | None,
    office: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Save a scenario on the server, which runs it in the background; a pair of what-ifs on the same made-up jobs.

    \b
    Examples:
        fabrica plan save siting candidates.toml --wait
        fabrica plan save pair network.toml network-with-gigafactory.toml --wait
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people, scenarios
    from fabrica.wire.scenarios import NAME_CHARACTERS_MAX, NewScenario

    text = _text_of(kind, files)
    with connect() as client:
        body = NewScenario(
            kind=kind,
            name=(name or " and ".join(file.stem for file in files))[:NAME_CHARACTERS_MAX],
            text=text,
            seed=seed,
            project=people.find_project(client, project) if project else None,
            with_office=office,
        )
        scenario = scenarios.save(client, body)
        if not wait:
            found: Scenario = scenarios.scenario(client, scenario)
        else:
            found = _ended(client, scenario)
    if as_json:
        print_json(found)
    else:
        say(f"Saved: {scenario}. Look with 'fabrica plan saved {scenario}'.")
        if wait:
            _show_one(found)  # type: ignore[arg-type]


def _text_of(kind: "ScenarioKind", files: tuple[Path, ...]) -> str:
    """Return the text of a scenario: of its file, or of the two files of a pair."""
    if len(files) == 1:
        return _text(files[0])
    if kind != "pair" or len(files) > 2:
        raise click.UsageError("Give one file; for a pair the files of its two what-ifs.")
    from fabrica.planning.answers.pair import write_pair

    return write_pair(*map(_text, files))


def _text(file: Path) -> str:
    from fabrica.wire.scenarios import TEXT_CHARACTERS_MAX, ScenarioRefused

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioRefused(f"{file} cannot be read: {error}.", remedy="Give a TOML file in UTF-8.") from None
    if len(text) > TEXT_CHARACTERS_MAX:
        raise ScenarioRefused(
            f"{file} is longer than {TEXT_CHARACTERS_MAX:,} characters.", remedy="Give the scenario alone."
        )
    return text


def _ended(client: "Client", scenario: "ScenarioId") -> "ScenarioDetail":
    """Look every few seconds until a scenario has ended, and tell how far it is."""
    from fabrica.sdk import scenarios

    with progress_told() as tell:
        while (found := scenarios.scenario(client, scenario)).state in LIVING:
            tell(found.progress or 0.0, found.progress_words or str(found.state))
            time.sleep(PAUSE_SECONDS)
    return found


def _now(one: "Scenario") -> str:
    return str(one.state) if one.progress is None or one.state not in LIVING else f"{one.state} {one.progress:.0%}"


@click.command("saved")
@click.argument("scenario", metavar="[SCENARIO]", required=False)
@json_option
def saved(scenario: str | None, as_json: bool) -> None:
    """List the saved scenarios that you may read, or show one with its result.

    \b
    Example:
        fabrica plan saved
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import scenarios

    with connect() as client:
        if scenario is None:
            found = scenarios.scenarios(client)
        else:
            one = scenarios.scenario(client, _id(scenario))
    if as_json:
        print_json({"scenarios": found} if scenario is None else one)
    elif scenario is None:
        _show_all(found)
    else:
        _show_one(one)


def _id(text: str) -> "ScenarioId":
    from fabrica.sdk.ids import parsed
    from fabrica.values.ids import ScenarioId

    return parsed(ScenarioId, text)


def _show_all(found: "tuple[Scenario, ...]") -> None:

    if not found:
        say("No scenario is saved. Save one with 'fabrica plan save siting FILE'.")
        return
    rows = ((one.id, one.kind, one.name, _now(one), "you" if one.mine else one.author_name) for one in found)
    print_table(("scenario", "kind", "name", "now", "by"), rows)


def _show_one(one: "ScenarioDetail") -> None:
    from rich.markup import escape

    out = console()
    out.print(f"{escape(one.name)}: {one.state}")
    if one.problem is not None:
        out.print(escape(f"{one.problem.get('detail', '')} {one.problem.get('remedy', '')}".strip()))
    if one.result is not None:
        out.print()
        out.print(escape(one.result.words))
        for figure in one.result.figures:
            out.print(f"{escape(figure.label)}: {escape(figure.words)}")
    out.print(f"[dim]seed {one.seed}, facts {one.data_version}, Fabrica {one.package_version}[/dim]")


@click.command("cancel")
@click.argument("scenario")
@json_option
def cancel(scenario: str, as_json: bool) -> None:
    """Cancel a scenario that waits or runs.

    \b
    Example:
        fabrica plan cancel scn_01jd…
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import scenarios

    with connect() as client:
        scenarios.cancel(client, _id(scenario))
        found = scenarios.scenario(client, _id(scenario))
    if as_json:
        print_json(found)
    else:
        say(f"{found.name} is {'being ' if found.state in LIVING else ''}cancelled.")


@click.command("rename")
@click.argument("scenario")
@click.argument("name")
@json_option
def rename(scenario: str, name: str, as_json: bool) -> None:
    """Call a scenario of yours NAME from now on.

    \b
    Example:
        fabrica plan rename scn_01jd… "Two gigafactories"
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import scenarios
    from fabrica.wire.scenarios import NAME_CHARACTERS_MAX

    if not 0 < len(name) <= NAME_CHARACTERS_MAX:
        raise click.UsageError(f"Give a name of 1 to {NAME_CHARACTERS_MAX} characters.")
    with connect() as client:
        scenarios.rename(client, _id(scenario), name)
        found = scenarios.scenario(client, _id(scenario))
    if as_json:
        print_json(found)
    else:
        say(f"It is called {found.name} now.")


@click.command("share")
@click.argument("scenario")
@click.option("--project", metavar="PROJECT", help="Its members read it.")
@click.option("--office", is_flag=True, help="The network's office reads it.")
@click.option("--private", is_flag=True, help="Nobody but you reads it, and every link leads nowhere.")
@click.option(
    "--link", "days", metavar="DAYS", type=click.IntRange(1, 90), help="Draw a link for anybody, for so long."
)
@json_option
def share(scenario: str, project: str | None, office: bool, private: bool, days: int | None, as_json: bool) -> None:
    """Say who reads a scenario beside you.

    \b
    Example:
        fabrica plan share scn_01jd… --office --link 14
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people, scenarios
    from fabrica.wire.scenarios import ScenarioSharing

    if private == bool(project or office or days):
        raise click.UsageError("Give --project, --office or --link; or --private alone.")
    wanted, link = _id(scenario), None
    with connect() as client:
        if private or project or office:
            of = people.find_project(client, project) if project else None
            readers = ScenarioSharing(project=of, with_office=office)
            scenarios.share(client, wanted, readers)
        if private:
            scenarios.withdraw_links(client, wanted)
        if days is not None:
            link = scenarios.draw_link(client, wanted, days=days)
    if as_json:
        print_json({"scenario": wanted, "link": link})
    elif link is not None:
        click.echo(link.address)
    else:
        say("Who reads it was changed.")


@click.command("delete")
@click.argument("scenario")
@click.confirmation_option(prompt="Delete the scenario with its result?")
@json_option
def delete(scenario: str, as_json: bool) -> None:
    """Delete a scenario of yours with its result.

    \b
    Example:
        fabrica plan delete scn_01jd… --yes
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import scenarios

    with connect() as client:
        scenarios.delete(client, _id(scenario))
    if as_json:
        print_json({"deleted": scenario})
    else:
        say("Deleted.")
