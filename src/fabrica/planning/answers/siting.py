"""A study of sites as a result that a server keeps: words, figures to compare, the report's sections, tables."""

import importlib.util

from fabrica.planning.progress import Progress, of_part
from fabrica.planning.siting.candidate_file import parse_question
from fabrica.planning.siting.criteria import CRITERIA, Measures
from fabrica.planning.siting.report import STATES, groups, ranked_sites, sections, weights_words
from fabrica.planning.siting.study import Study, study
from fabrica.planning.siting.words import paragraph, shown
from fabrica.wire.planning import CompilerMissing
from fabrica.wire.scenarios import Figure, Result, ScenarioRefused, Table

PLACE = "the scenario"


NETWORK_CANDIDATES_MAX = 40


def check(text: str) -> None:
    """Read a file of candidates without comparing them.

    Raises:
        CandidatesRefused: it has a mistake; names key and line.
        ScenarioRefused: it asks for more runs of the network than a server makes for one question.
        CompilerMissing: it asks for runs of the network, and Numba is not installed.
    """
    question = parse_question(text, PLACE)
    if question.network is None:
        return
    if importlib.util.find_spec("numba") is None:
        raise CompilerMissing(
            "This server lacks Numba, which runs the network.",
            remedy="Leave [network] out, or ask whoever operates the server for: pip install 'fabrica[planning]'.",
        )
    if len(question.candidates) > NETWORK_CANDIDATES_MAX:
        raise ScenarioRefused(
            f"{len(question.candidates)} runs of the network are more than a server makes for one question.",
            remedy=f"Give {NETWORK_CANDIDATES_MAX} candidates at most, or use 'fabrica plan siting'.",
        )


def answer(text: str, seed: int, progress: Progress) -> Result:
    """Compare the candidates of a file.

    Raises:
        CandidatesRefused: as `check`.
        NetworkImpossible, CompilerMissing: the network cannot be run with them.
    """
    question = parse_question(text, PLACE)
    outcomes: dict[str, Measures] = {}
    if question.network is not None:
        from fabrica.planning.siting.network_runs import outcomes_of

        outcomes = outcomes_of(question, seed=seed, cores=1, progress=of_part(progress, 0.0, 0.9))
    progress(0.9, f"{len(question.candidates)} candidates")
    found = study(question, outcomes, seed=seed)
    return result_of(found)


def result_of(found: Study) -> Result:
    """Return the result. Its figures are how often each site comes first."""
    staying = ranked_sites(found) if found.criteria else []
    half = found.acceptability.half_width
    figures = []
    for one in staying:
        share = groups(found, one)["first"]
        low, high = max(0.0, share - half), min(1.0, share + half)
        words = f"{share:.0%} of the draws"
        figures.append(
            Figure(
                key=one.candidate.id,
                label=f"{one.candidate.name} first",
                low=low,
                value=share,
                high=high,
                words=words,
            )
        )
    tables = (_ranks(found), _limits(found), _sources(found))
    return Result(words=paragraph(found), figures=tuple(figures), report="".join(sections(found)), tables=tables)


def _ranks(found: Study) -> Table:
    rows = [
        (
            one.candidate.name,
            "yes" if one.in_pareto_set else "no",
            *(f"{share:.3f}" for share in groups(found, one).values()),
            weights_words(found, one),
        )
        for one in ranked_sites(found)
    ]
    head = ("candidate", "Pareto set", "first", "second", "third", "fourth or fifth", "later", "weights when first")
    return Table(name="ranks", title="Ranks", head=head, rows=tuple(rows))


def _limits(found: Study) -> Table:
    rows = tuple(
        (one.candidate.name, verdict.limit.criterion, STATES[verdict.state], verdict.words, verdict.limit.reason)
        for one in found.sites
        for verdict in one.verdicts
    )
    return Table(
        name="limits", title="Hard limits", head=("candidate", "limit", "verdict", "in numbers", "reason"), rows=rows
    )


def _sources(found: Study) -> Table:
    rows = tuple(
        (
            one.candidate.name,
            CRITERIA[key].name,
            shown(key, measure),
            CRITERIA[key].unit,
            "; ".join(measure.source.addresses),
            measure.source.as_of or "",
            measure.source.confidence or "",
        )
        for one in found.sites
        for key, measure in one.candidate.measures.items()
    )
    head = ("candidate", "criterion", "figure", "unit", "source", "as of", "confidence")
    return Table(name="figures", title="Every figure and its source", head=head, rows=rows)
