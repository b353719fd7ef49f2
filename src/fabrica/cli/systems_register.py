"""`fabrica systems add`, `version`, `show` and their neighbours: what the register keeps of a version."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from fabrica.cli.inputs import DAY, FILE, FiniteRange
from fabrica.cli.output import console, json_option, print_json, say
from fabrica.wire.systems import Relation

if TYPE_CHECKING:
    from fabrica.wire.systems import Version


@click.command("add")
@click.argument("name")
@click.option("--kind", type=click.Choice(["system", "model"]), required=True, help="AI system, or model.")
@click.option("--purpose", default="", help="Its intended purpose, in your words.")
@click.option("--provider", metavar="NAME", help="Default: the project's organisation.")
@click.option("--deployer", metavar="NAME", help="Who uses it under their authority.")
@click.option("--version", "label", metavar="LABEL", help="Also add a first draft version.")
@click.option("--project", metavar="PROJECT", help="Default: your only project.")
@json_option
def add(
    name: str,
    kind: str,
    purpose: str,
    provider: str | None,
    deployer: str | None,
    label: str | None,
    project: str | None,
    as_json: bool,
) -> None:
    """Register an AI system or a general-purpose AI model called NAME.

    \b
    Example:
        fabrica systems add "Euro char" --kind model --version 1.0
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import people, systems
    from fabrica.sdk.typed import typed
    from fabrica.wire.systems import NewSystem, NewVersion

    told = {"kind": kind, "name": name, "purpose": purpose, "provider": provider, "deployer": deployer}
    first = typed(NewVersion, label=label) if label else None
    with connect() as client:
        of = people.find_project(client, project) if project else None
        found = systems.register(client, typed(NewSystem, **told, project=of))
        if first:
            systems.add_version(client, found.id, first)
            found = systems.find(client, found.id)
    if as_json:
        print_json(found)
    else:
        say(f"Registered {found.name}: {found.id}{f', version {label}: {found.versions[0].id}' if label else ''}.")


@click.command("amend")
@click.argument("system")
@click.option("--name", help="What it is called from now on.")
@click.option("--purpose", help="Its intended purpose, in your words.")
@click.option("--provider", metavar="NAME", help="Who places it on the market.")
@click.option("--deployer", metavar="NAME", help="Who uses it under their authority; empty: none is known.")
@json_option
def amend(
    system: str, name: str | None, purpose: str | None, provider: str | None, deployer: str | None, as_json: bool
) -> None:
    """Put right what the register says of SYSTEM, an id or a name. Issued documents stay as they are.

    \b
    Example:
        fabrica systems amend "Help desk" --deployer "City of Bruges"
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import systems
    from fabrica.sdk.typed import typed
    from fabrica.wire.systems import SystemChange

    told = typed(SystemChange, name=name, purpose=purpose, provider=provider, deployer=deployer)
    with connect() as client:
        found = systems.amend(client, systems.find(client, system).id, told)
    print_json(found) if as_json else say(f"Put right: {found.name}, {found.id}.")


@click.command("version")
@click.argument("system")
@click.argument("label")
@click.option("--changes", default="", help="What differs from the version before.")
@json_option
def add_version(system: str, label: str, changes: str, as_json: bool) -> None:
    """Add a draft version LABEL to SYSTEM, an id or a name.

    \b
    Example:
        fabrica systems version "Euro char" 1.1 --changes "Trained on Czech as well."
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import systems
    from fabrica.sdk.typed import typed
    from fabrica.wire.systems import NewVersion

    new = typed(NewVersion, label=label, changes=changes)
    with connect() as client:
        found = systems.add_version(client, systems.find(client, system).id, new)
    print_json(found) if as_json else say(f"Added {found.system_name} {found.label}, a draft: {found.id}.")


@click.command("show")
@click.argument("version")
@json_option
def show(version: str, as_json: bool) -> None:
    """Show a VERSION: state, days, what it was made from, runs and datasets.

    \b
    Example:
        fabrica systems show "Euro char:1.0"
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import systems

    with connect() as client:
        found = systems.find_version(client, version)
    if as_json:
        print_json(found)
    else:
        _show(found)


def _show(found: "Version") -> None:
    from rich.markup import escape

    out = console()
    out.print(
        f"[bold]{escape(found.system_name)} {escape(found.label)}[/bold], {found.kind}, {found.state} ({found.id})"
    )
    for words, day in (("On the market", found.market_on), ("In service", found.service_on)):
        if day:
            out.print(f"{words} since {day}")
    if found.withdrawn_on:
        out.print(f"Withdrawn from {found.withdrawn_on}: {escape(found.withdrawn_because)}")
    if found.modification:
        out.print(f"Against the version before: {escape(found.modification.words)}")
    for line in found.lineage:
        parent = line.outside.name if line.outside else line.parent_name or str(line.parent)
        out.print(f"{line.relation.replace('_', ' ').capitalize()} {escape(parent)}")
    for run in found.runs:
        record = "sealed record" if run.record_sha256 else "no record yet"
        out.print(f"Run {run.run} ({escape(run.name)}): {run.purpose}, {run.state}, {record}")
    for one in found.datasets:
        terms = escape(one.licence or "no licence told")
        out.print(f"Dataset {escape(one.name)}: {terms}, SHA-256 {one.sha256[:12]}…, {len(one.runs)} runs")
    for metric in found.evaluations:
        data = f" on {metric.data}" if metric.data else ""
        out.print(escape(f"Measured {metric.metric}: {metric.value} {metric.unit or ''}".rstrip() + data))
    out.print(f"Class: {_class_words(found.tiers)}")
    for words in found.differences:
        out.print(f"The law's data changed: {escape(words)}")


def _class_words(tiers: tuple[str, ...] | None) -> str:
    from fabrica.aiact.in_words import tiers_together

    if tiers is None:
        return "no facts are told yet; 'fabrica systems facts' takes them"
    return tiers_together(tiers) or "none is shown yet"


@click.command("made-from")
@click.argument("version")
@click.option("--relation", type=click.Choice(get_args(Relation)), required=True, help="How it was made from it.")
@click.option("--parent", metavar="VERSION", help="A version in the register.")
@click.option("--name", metavar="NAME", help="A model from outside, by name.")
@click.option("--source", metavar="TEXT", help="Of a model from outside: where it was taken from.")
@click.option("--flop", type=FiniteRange(min=0), help="Of a model from outside: its training compute.")
@click.option("--evidence", metavar="TEXT", help="Where that compute stands written.")
@click.option("--licence", metavar="TEXT", help="Of a model from outside.")
@click.option("--systemic/--not-systemic", default=None, help="Of a model from outside: with systemic risk.")
@json_option
def made_from(
    version: str,
    relation: str,
    parent: str | None,
    name: str | None,
    source: str | None,
    flop: float | None,
    evidence: str | None,
    licence: str | None,
    systemic: bool | None,
    as_json: bool,
) -> None:
    """Say what a draft VERSION was made from: a version in the register, or a model from outside.

    \b
    Examples:
        fabrica systems made-from "Euro char:1.1" --relation finetuned_from --parent "Euro char:1.0"
        fabrica systems made-from Summary --relation finetuned_from --name "Open base" --source https://… --flop 3e22 \\
            --evidence "model card"
    """
    from pydantic import ValidationError

    from fabrica.cli.connection import connect
    from fabrica.sdk import systems
    from fabrica.wire.systems import NewLineage

    outside = {
        "name": name,
        "source": source,
        "flop": flop,
        "evidence": evidence,
        "licence": licence,
        "systemic": systemic,
    }
    with connect() as client:
        of = systems.find_version(client, parent).id if parent else None
        told = {"relation": relation, "parent": of, "outside": outside if name or source else None}
        try:
            new = NewLineage.model_validate(told)
        except ValidationError as error:
            raise click.UsageError(f"Name --parent, or --name with --source: {error.errors()[0]['msg']}.") from None
        found = systems.state_lineage(client, systems.find_version(client, version).id, new)
    print_json(found) if as_json else _show(found)


@click.command("link")
@click.argument("version")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@json_option
def link(version: str, runs: tuple[str, ...], as_json: bool) -> None:
    """Say that each RUN belongs to a VERSION; what it was for says how its compute counts.

    \b
    Example:
        fabrica systems link "Euro char:1.0" last
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import runs as sdk_runs
    from fabrica.sdk import systems

    with connect() as client:
        found = systems.find_version(client, version)
        for run in runs:
            found = systems.link_run(client, found.id, sdk_runs.find(client, run))
    print_json(found) if as_json else _show(found)


@click.command("unlink")
@click.argument("version")
@click.argument("run")
@json_option
def unlink(version: str, run: str, as_json: bool) -> None:
    """Take a RUN away from a draft VERSION again.

    \b
    Example:
        fabrica systems unlink "Euro char:1.0" run_01jd…
    """
    from fabrica.cli.connection import connect
    from fabrica.sdk import runs as sdk_runs
    from fabrica.sdk import systems

    with connect() as client:
        found = systems.find_version(client, version)
        systems.unlink_run(client, found.id, sdk_runs.find(client, run))
        found = systems.find_version(client, found.id)
    print_json(found) if as_json else _show(found)


@click.command("facts")
@click.argument("version")
@click.option("--answers", "answers_file", metavar="FILE", type=FILE, help="Keep the facts of this file. YAML.")
@click.option("--as-of", metavar="DATE", type=DAY, help="The day to ask for; else the file's as_of, or today.")
@json_option
def facts(version: str, answers_file: Path | None, as_of: date | None, as_json: bool) -> None:
    """Keep the facts of a VERSION as 'fabrica aiact intake' saves them, and show what the Act makes of them.

    A day in the file, as_of, is the day that is shown; it is no fact of the version, so it is not kept.

    \b
    Example:
        fabrica systems facts "Euro char:1.0" --answers answers.yaml
    """
    from fabrica.aiact.intake.sitting import begin
    from fabrica.cli.aiact_files import day_of, read_answers
    from fabrica.cli.connection import connect
    from fabrica.sdk import systems
    from fabrica.sdk.typed import typed
    from fabrica.wire.systems import NewFacts

    answers = begin({"answers": read_answers(answers_file)}).answers if answers_file else {}
    day = as_of or (day_of(answers) if "as_of" in answers else None)
    with connect() as client:
        found = systems.find_version(client, version)
        if answers_file is not None:
            told = {key: value for key, value in answers.items() if key != "as_of"}
            systems.tell_facts(client, found.id, typed(NewFacts, answers=told))
        if "as_of" in answers:
            say(f"Shown as of {day}. The file's as_of, {answers['as_of']}, is no fact of the version and is not kept.")
        result = systems.classification(client, found.id, day)
    if as_json:
        print_json(result)
    else:
        from fabrica.cli.aiact_page import page

        page(result, ())


@click.command("compute")
@click.argument("version")
@click.option("--sources", "sources_file", metavar="FILE", type=FILE, help="Enter this compute from outside. YAML.")
@json_option
def compute(version: str, sources_file: Path | None, as_json: bool) -> None:
    """Show the compute and energy account of a VERSION over everything it was made from.

    \b
    Example:
        fabrica systems compute "Euro char:1.0"
    """
    from fabrica.cli.aiact_compute import show_accounts
    from fabrica.cli.aiact_files import read_sources
    from fabrica.cli.connection import connect
    from fabrica.sdk import systems

    with connect() as client:
        found = systems.find_version(client, version)
        if sources_file is not None:
            systems.tell_sources(client, found.id, read_sources(sources_file))
        account = systems.account(client, found.id)
    if as_json:
        print_json(account)
    else:
        show_accounts(account.compute, account.energy)
