"""`fabrica plan network` and `fabrica plan compare`: a year of the network on paper, and what a change would do."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import ANY_FILE, FILE
from fabrica.cli.output import console, json_option, print_json, print_table, say
from fabrica.cli.progress import progress_told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fabrica.planning.compare import Comparison
    from fabrica.planning.network.figures import Figures, Line
    from fabrica.planning.network.runs import Outcome
    from fabrica.planning.scenarios.scenario import Scenario


_REPLICATIONS = click.option(
    "--replications", metavar="N", type=click.IntRange(1, 1000), help="How often, instead of what the scenario says."
)
_CORES = click.option(
    "--cores", metavar="N", type=click.IntRange(1, 256), help="Processes at most; by default as many as cores."
)
_REPORT = click.option("--report", metavar="FILE", type=ANY_FILE, help="Write a page with pictures.")


@click.command("network")
@click.argument("scenario_file", metavar="SCENARIO.toml", type=FILE)
@_REPLICATIONS
@_CORES
@_REPORT
@json_option
def network(
    scenario_file: Path, replications: int | None, cores: int | None, report: Path | None, as_json: bool
) -> None:
    """Run a year of the network: who waits how long, what is used, and what that takes in power.

    \b
    Example:
        fabrica plan network today.toml --report network.html
    """
    from fabrica.planning.outputs import check_outputs

    check_outputs((report,), (scenario_file,))
    outcome, found = _run(_scenario(scenario_file, replications), cores)
    if report is not None:
        from fabrica.planning.network.report import report as page_of
        from fabrica.planning.outputs import write_page

        write_page(page_of(outcome, found), report)
    if as_json:
        from fabrica.planning.network.answer import as_plain

        print_json(as_plain(outcome, found))
    else:
        _show(outcome, found)


@click.command("compare")
@click.argument("base_file", metavar="A.toml", type=FILE)
@click.argument("changed_file", metavar="B.toml", type=FILE)
@_REPLICATIONS
@_CORES
@_REPORT
@json_option
def compare(
    base_file: Path, changed_file: Path, replications: int | None, cores: int | None, report: Path | None, as_json: bool
) -> None:
    """Run two scenarios on the same jobs, and tell what the second one changes, with intervals and in words.

    \b
    Example:
        fabrica plan compare today.toml gigafactory.toml --report compared.html
    """
    from fabrica.planning.outputs import check_outputs

    check_outputs((report,), (base_file, changed_file))
    first, second = _scenario(base_file, replications), _scenario(changed_file, replications)
    _need_numpy()
    from fabrica.planning.compare import check_pairs, compared_as_plain
    from fabrica.planning.compare import compare as compared
    from fabrica.planning.network.members import network_of

    check_pairs(first, second)
    for scenario in (first, second):
        network_of(scenario)  # a site that is not there is told before a year of the other one is run
    ran = _run(first, cores), _run(second, cores)
    found = compared(*ran)
    if report is not None:
        from fabrica.planning.compare_report import report as page_of
        from fabrica.planning.outputs import write_page

        write_page(page_of(found), report)
    if as_json:
        print_json(compared_as_plain(found))
        return
    _show_comparison(found)


def _scenario(file: Path, replications: int | None) -> "Scenario":
    from dataclasses import replace

    from fabrica.planning.scenarios.reading import read_scenario

    scenario = read_scenario(file)
    if replications is None:
        return scenario
    return replace(scenario, period=replace(scenario.period, replications=replications))


def _need_numpy() -> None:
    from importlib.util import find_spec

    from fabrica.wire.planning import CompilerMissing

    if find_spec("numpy") is None:
        raise CompilerMissing("NumPy is not installed.", remedy="pip install 'fabrica[planning]'")


def _run(scenario: "Scenario", cores: int | None) -> "tuple[Outcome, Figures]":
    _need_numpy()
    from fabrica.planning.network.figures import figures
    from fabrica.planning.network.runs import run_scenario
    from fabrica.planning.progress import of_part

    with progress_told() as tell:
        outcome = run_scenario(scenario, cores=cores, progress=of_part(tell, 0.0, 1.0, scenario.name))
    if outcome.parts_kept:
        say(f"{scenario.name}: {outcome.parts_kept} of {outcome.parts} parts are as before, and were kept.")
    return outcome, figures(outcome)


def _show(outcome: "Outcome", found: "Figures") -> None:
    from rich.markup import escape

    from fabrica.planning.network.words import sentences

    out = console()
    for line in sentences(outcome, found):
        out.print(escape(line))
    out.print()
    _show_lines("partition", found.partitions)
    _show_lines("class of jobs", [one for one in found.classes if any(one.jobs)])
    for line in found.unknown:
        out.print(f"[dim]{escape(line)}[/dim]")
    for left in outcome.network.left_out:
        out.print(f"[dim]Left out: {escape(left.place)}, {escape(left.reason)}.[/dim]")


def _show_lines(name: str, lines: "Sequence[Line]") -> None:

    from fabrica.planning.network.words import duration, mean, show_number, show_seconds, show_share

    rows = []
    by_place = name == "partition"
    for line in lines:
        cells = [mean(line.jobs, show_number), duration(line.mean_wait_s), mean(line.p95_wait_s, show_seconds)]
        cells += [mean(line.use, show_share)] if by_place else [""]
        power = (line.megawatt_hours, line.tonnes_co2e, line.eur)
        cells += [mean(each, show_number) if by_place else "" for each in power]
        rows.append((line.name, *cells))
    print_table((name,), rows, figures=("jobs", "mean wait", "19 of 20 at most", "use", "MWh", "t CO2e", "EUR"))
    console().print()


def _show_comparison(found: "Comparison") -> None:
    from rich.markup import escape

    out = console()
    for line in found.sentences:
        out.print(escape(line))
    out.print()
    first, second = found.names
    for title, rows in (("network", found.network), ("class of jobs", found.classes), ("partition", found.partitions)):
        cells = ((row.label, row.first, row.second, row.difference) for row in rows)
        print_table((title,), cells, figures=(first, second, "difference, 95 % interval"))
        out.print()
