"""A study of sites as a result that a server keeps: words, figures to compare, the report's sections, tables."""

import importlib.util

from fabrica.planning.progress import Progress, of_part
from fabrica.planning.siting.candidate_file import parse_question
from fabrica.planning.siting.criteria import Measures
from fabrica.planning.siting.report import Rows, groups, limit_rows, rank_rows, ranked_sites, sections, source_rows
from fabrica.planning.siting.study import Study, study
from fabrica.planning.siting.words import paragraph
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
    tables = (
        _table("ranks", "Ranks", rank_rows(found)),
        _table("limits", "Hard limits", limit_rows(found)),
        _table("figures", "Every figure and its source", source_rows(found)),
    )
    return Result(words=paragraph(found), figures=tuple(figures), report="".join(sections(found)), tables=tables)


def _table(name: str, title: str, rows: Rows) -> Table:
    head, cells = rows
    return Table(name=name, title=title, head=tuple(head), rows=tuple(tuple(row) for row in cells))
