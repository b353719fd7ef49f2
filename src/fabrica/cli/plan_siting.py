"""`fabrica plan siting`: where a gigafactory could stand, with hard limits, criteria and open weights."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fabrica.cli.inputs import ANY_FILE, FILE
from fabrica.cli.output import console, json_option, print_json, print_table, say
from fabrica.cli.progress import progress_told

if TYPE_CHECKING:
    from fabrica.planning.siting.candidates import Question
    from fabrica.planning.siting.criteria import Measures
    from fabrica.planning.siting.study import Study


@click.command("siting")
@click.argument("candidate_file", metavar="FILE", type=FILE)
@click.option(
    "--draws",
    metavar="N",
    type=click.IntRange(1, 100_000),
    default=1_000,
    show_default=True,
    help="How many sets of weights and figures are drawn.",
)
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Of the draws; the same gives the same.",
)
@click.option(
    "--outcomes",
    "outcome_file",
    metavar="FILE",
    type=FILE,
    help="What runs of the network with each candidate gave, as JSON; then none is run.",
)
@click.option(
    "--keep-outcomes",
    "kept_file",
    metavar="FILE",
    type=ANY_FILE,
    help="Write what the runs of the network gave, for --outcomes of another time.",
)
@click.option(
    "--report",
    "page",
    metavar="FILE",
    type=ANY_FILE,
    help="Write a page with pictures.",
)
@json_option
def siting(
    candidate_file: Path,
    draws: int,
    seed: int,
    outcome_file: Path | None,
    kept_file: Path | None,
    page: Path | None,
    as_json: bool,
) -> None:
    """Compare candidate sites: hard limits first, then every criterion, never by one score.

    A file with [network] has the network run with each candidate, once; results are kept.

    \b
    Example:
        fabrica plan siting examples/siting/hosts.toml --report siting.html
    """
    from fabrica.planning.outputs import check_outputs
    from fabrica.planning.siting.candidate_file import read_question
    from fabrica.planning.siting.study import as_plain, study

    check_outputs((kept_file, page), (candidate_file, outcome_file))
    question = read_question(candidate_file)
    outcomes = _outcomes(question, outcome_file, seed)
    if kept_file is not None:
        _keep(outcomes, kept_file, candidate_file)
    found = study(question, outcomes, draws=draws, seed=seed)
    if page is not None:
        from fabrica.planning.outputs import write_page
        from fabrica.planning.siting.report import report

        write_page(report(found), page)
        say(f"Wrote {page}.")
    if as_json:
        print_json(as_plain(found))
    else:
        _show(found)


def _outcomes(question: "Question", outcome_file: Path | None, seed: int) -> "dict[str, Measures]":
    """Return the outcomes of a file, or of runs of the network where the question asks for them."""
    from fabrica.planning.siting.outcomes import read_outcomes

    if outcome_file is not None:
        return read_outcomes(outcome_file, {one.id for one in question.candidates})
    if question.network is None:
        return {}
    from fabrica.planning.siting.network_runs import outcomes_of

    with progress_told() as tell:
        return outcomes_of(question, seed=seed, progress=tell)


def _keep(outcomes: "dict[str, Measures]", kept_file: Path, candidate_file: Path) -> None:
    from fabrica.planning.outputs import write_page
    from fabrica.planning.siting.outcomes import write_outcomes

    sources = {measure.source.addresses[0] for row in outcomes.values() for measure in row.values()}
    write_page(write_outcomes(outcomes, "; ".join(sorted(sources)) or f"no runs of {candidate_file.name}"), kept_file)
    say(f"Wrote {kept_file}.")


def _show(found: "Study") -> None:
    from rich.markup import escape

    from fabrica.planning.siting.report import groups, ranked_sites
    from fabrica.planning.siting.words import heading, paragraph, shown

    out = console()
    for one in found.sites:
        for verdict in one.verdicts:
            if verdict.state == "broken":
                out.print(f"{escape(one.candidate.name)}: {escape(verdict.words)} ({escape(verdict.limit.reason)}).")
    rows = []
    for one in ranked_sites(found):
        share = groups(found, one)
        measures = [shown(key, one.candidate.measures.get(key)) for key in found.criteria]
        ranks = (f"{share['first']:.0%}", f"{share['first'] + share['second'] + share['third']:.0%}")
        rows.append((one.candidate.name, "yes" if one.in_pareto_set else "no", *ranks, *measures))
    print_table(("site",), rows, figures=("Pareto", "first", "in 3", *map(heading, found.criteria)))
    out.print("[dim]Pareto: no other site surely beats it in everything. first, in 3: share of the draws.[/dim]")
    out.print()
    out.print(escape(paragraph(found)))
