"""A siting study as a result that a server keeps: words, figures to compare, pictures, tables."""

from fabrica.planning.siting.criteria import CRITERIA
from fabrica.planning.siting.report import STATES, criterion_picture, groups, ranked_sites, ranks_picture, weights_words
from fabrica.planning.siting.study import Study
from fabrica.planning.siting.words import paragraph, shown
from fabrica.wire.scenarios import Figure, Picture, Result, Table


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
    pictures = [Picture(title="Ranks when weights are open", svg=ranks_picture(found))] if staying else []
    pictures += [Picture(title=_title(key), svg=criterion_picture(found, key)) for key in found.criteria]
    tables = (_ranks(found), _limits(found), _sources(found))
    return Result(words=paragraph(found), figures=tuple(figures), pictures=tuple(pictures), tables=tables)


def _title(key: str) -> str:
    one = CRITERIA[key]
    return f"{one.name[0].upper()}{one.name[1:]}{f', {one.unit}' if one.unit else ''}: {one.better} is better"


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
