"""`fabrica aiact compute`: the compute and energy account of one model, and what a plan would cross."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.aiact_files import read_records, read_sources
from fabrica.cli.inputs import FILE, FOLDER, FiniteRange
from fabrica.cli.output import console, json_option, print_json, print_table, say

if TYPE_CHECKING:
    from fabrica.wire.accounts import ComputeAccount, EnergyAccount


@click.command("compute")
@click.argument("records", metavar="[RECORD]...", nargs=-1, type=FOLDER)
@click.option(
    "--sources",
    "sources_file",
    metavar="FILE",
    type=FILE,
    help="Compute from outside, with evidence; facility factors; explanations. YAML.",
)
@click.option("--planned", "planned_flop", metavar="FLOP", type=FiniteRange(min=0), help="Of a run to come.")
@click.option(
    "--allocation",
    metavar="CLASS=HOURS",
    help="Device-hours to come, such as gpu.h100=50000; counted at the full peak, so never too low.",
)
@json_option
def compute(
    records: tuple[Path, ...],
    sources_file: Path | None,
    planned_flop: float | None,
    allocation: str | None,
    as_json: bool,
) -> None:
    """Count the training compute and the energy of one model from the records of its runs.

    \b
    Example:
        fabrica aiact compute ~/.fabrica/records/run_01jd… --planned 2e22
    """
    from fabrica.aiact.compute import account
    from fabrica.aiact.energy import energy_account

    runs, sources = read_records(records), read_sources(sources_file)
    planned = planned_flop
    if allocation is not None:
        planned = (planned or 0) + _ceiling(allocation)
    found = account(runs, sources, planned_flop=planned)
    energy = energy_account(runs, found, sources.sites)
    if as_json:
        print_json({"compute": found, "energy": energy})
    else:
        show_accounts(found, energy)


def _ceiling(allocation: str) -> float:
    from fabrica.aiact.compute_methods import ceiling_flop

    resource_class, _, hours = allocation.partition("=")
    try:
        device_hours = float(hours)
    except ValueError:
        device_hours = -1
    if not 0 <= device_hours < float("inf"):
        raise click.UsageError(f"--allocation is CLASS=HOURS, such as gpu.h100=50000, not {allocation!r}.")
    return ceiling_flop(resource_class, device_hours)


def show_accounts(found: "ComputeAccount", energy: "EnergyAccount") -> None:
    """Show both accounts: each line, the totals with their margins, and warnings."""
    from rich.markup import escape

    from fabrica.aiact.documents.text import clean

    out = console()
    rows = []
    for line in found.lines:
        flop = (_flop(line.hardware_flop), _flop(line.architecture_flop), _flop(line.flop))
        rows.append((clean(f"{line.id} {line.what}"), line.tag, line.counts.replace("_", " "), *flop))
    figures = ("hardware FLOP", "architecture FLOP", "reported FLOP")
    print_table(("run or source", "purpose", "counts"), rows, figures=figures)
    for name in ("training_compute", "cumulative_training_compute"):
        total = getattr(found, name)
        words = name.replace("_", " ").capitalize()
        band = f"{_flop(total.low_flop)} to {_flop(total.high_flop)} FLOP" if total.flop else ""
        out.print(
            f"{words}: {'' if total.complete else 'at least '}{_flop(total.flop)} FLOP {f'({band})' if band else ''}"
        )
        if total.unknown:
            out.print(f"  unknown: {escape(', '.join(total.unknown))}")
    for margin in found.margins:
        out.print(f"- {escape(margin.words)} ({margin.source}, {margin.confidence})")
    for line in found.lines:
        if line.differs:
            difference = f"{line.difference_share:.0%}"
            out.print(f"- {escape(line.id)}: the two methods differ by {difference} of the reported figure.")
    for total in energy.counted:
        runs = f"{len(total.runs)} run{'s' if len(total.runs) != 1 else ''}"
        out.print(
            f"Energy, {total.boundary}, {total.basis}: {total.joules:,.0f} J ({total.megawatt_hours:.2g} MWh), {runs}"
        )
    for total in energy.apart:
        out.print(f"Energy that does not count, {total.boundary}, {total.basis}: {total.joules:,.0f} J")
    out.print(f"For the form: {escape(energy.form_words)}")
    for words in found.warnings:
        say(f"WARNING: {words}")
    out.print(f"Margin of error {found.error_margin:.0%}. {escape(found.source)}, {found.confidence}.")


def _flop(value: float | None) -> str:
    from fabrica.aiact.figures import significant

    return "unknown" if value is None else significant(value, 3)
