"""The report of a siting study: one HTML page that needs nothing else, with pictures and every figure's source."""

from collections.abc import Mapping, Sequence
from html import escape

from fabrica.planning.page import STYLE, page
from fabrica.planning.ranges import Range, ranges
from fabrica.planning.siting.criteria import CRITERIA, Measure
from fabrica.planning.siting.limits import State, limit_words
from fabrica.planning.siting.study import Assessed, Study
from fabrica.planning.siting.words import heading, paragraph, plain, shown
from fabrica.planning.stacks import COLOURS, stacked
from fabrica.planning.tables import DOWNLOAD_STYLE, download, scrolled

STATES: Mapping[State, str] = {"kept": "kept", "broken": "surely broken", "open": "not decided"}
Rows = tuple[Sequence[str], Sequence[Sequence[str]]]
"""The head of a table, and its rows."""
GROUPS = ("first", "second", "third", "fourth or fifth", "later")
MORE_STYLE = """
h3 { font-size: 1rem; margin: 1.5rem 0 0.25rem; }
.interval { fill: var(--fill); fill-opacity: 0.5; } .point { fill: var(--fill); }
.best { stroke: var(--ink); stroke-width: 2.5; }
td.words, th:first-child, td:first-child { text-align: left; } td.words:last-child { min-width: 12rem; }
.source { color: var(--soft); overflow-wrap: anywhere; }
"""


def report(found: Study) -> str:
    """Return the page."""
    head = f"<h1>Where could it stand?</h1><p>{escape(paragraph(found))}</p>"
    style = STYLE + COLOURS + MORE_STYLE + DOWNLOAD_STYLE
    return page("Sites for a gigafactory", [head, *sections(found), _downloads(found)], style)


def _downloads(found: Study) -> str:
    """Return the tables to take away; a server offers them beside the sections."""
    links = (
        download("ranks.csv", "Take the ranks as CSV", *rank_rows(found)),
        download("limits.csv", "Take every verdict as CSV", *limit_rows(found)),
        download("figures.csv", "Take every figure with its source as CSV", *source_rows(found)),
    )
    return f"<section><h2>Take it away</h2>{''.join(f'<p>{link}</p>' for link in links)}</section>"


def sections(found: Study) -> tuple[str, ...]:
    """Return the parts of the page as markup: limits, ranks, criteria, sources."""
    return _limits(found), _ranks(found), _criteria(found), _sources(found)


def _limits(found: Study) -> str:
    limits = found.question.limits
    if not limits:
        return '<section><h2>Hard limits</h2><p class="soft">The file names none.</p></section>'
    parts = [_limit(found, place) for place in range(len(limits))]
    return f"<section><h2>Hard limits first</h2>{''.join(parts)}</section>"


def _limit(found: Study, place: int) -> str:
    """Return one limit: its reason, who surely breaks it, and behind a toggle every verdict with its numbers."""
    limit = found.question.limits[place]
    verdicts = [(one.candidate.name, one.verdicts[place]) for one in found.sites]
    counts = {state: sum(verdict.state == state for _, verdict in verdicts) for state in STATES}
    told = ", ".join(f"{STATES[state]} by {count}" for state, count in counts.items() if count)
    broken = [f"{name}: {verdict.words}" for name, verdict in verdicts if verdict.state == "broken"]
    listed = "".join(f"<li>{escape(words)}</li>" for words in broken)
    rows = [(name, STATES[verdict.state], verdict.words) for name, verdict in verdicts]
    table = scrolled(_table(("candidate", "limit", "in numbers"), rows), f"Verdicts of limit {place + 1}")
    reason = f"{limit.reason[0].upper()}{limit.reason[1:]} ({limit.source})."
    title = f"<h3>{escape(limit_words(limit))}</h3>"
    return (
        f'{title}<p>{escape(reason)} <span class="soft">{escape(told.capitalize())}.</span></p>'
        f"{f'<ul>{listed}</ul>' if broken else ''}<details><summary>Every verdict</summary>{table}</details>"
    )


def _ranks(found: Study) -> str:
    staying = ranked_sites(found)
    if not staying or not found.criteria:
        return ""
    words = f"Shares of {found.acceptability.draws:,} random weightings in which a site takes each rank."
    text = (
        f"{words} The Pareto set has the sites that no other surely beats in everything. Weights are the mean of the "
        "draws that put a site first: what one would have to care about to prefer it."
    )
    head = ("candidate", "in the Pareto set", *GROUPS, "weights when first")
    rows = [
        (
            one.candidate.name,
            "yes" if one.in_pareto_set else f"no, beaten by {len(one.beaten_by or ())}",
            *(f"{share:.0%}" for share in groups(found, one).values()),
            weights_words(found, one),
        )
        for one in staying
    ]
    table = f"<details open><summary>The numbers</summary>{scrolled(_table(head, rows), 'Ranks')}</details>"
    title = f'<h2>Ranks when weights are open</h2><p class="soft">{escape(text)}</p>'
    return f"<section>{title}{_ranks_picture(found)}{table}</section>"


def ranked_sites(found: Study) -> list[Assessed]:
    """Return the sites that stay, those that come first most often first."""
    ranks = found.acceptability.ranks
    staying = [one for one in found.sites if one.candidate.id in ranks]
    return sorted(staying, key=lambda one: [-share for share in ranks[one.candidate.id].shares])


def _ranks_picture(found: Study) -> str:
    """Return a bar for each site, cut into how often it takes which ranks."""
    staying = ranked_sites(found)
    rows = [(one.candidate.name, groups(found, one)) for one in staying]
    best = staying[0]
    words = (
        f"Ranks of {len(staying)} sites under {found.acceptability.draws:,} random weightings. {best.candidate.name} "
        f"comes first in {rows[0][1]['first']:.0%}, more often than any other."
    )
    ends = [f"{parts['first']:.0%} first" for _, parts in rows]
    return stacked("ranks", words, rows, "", ends=ends)


def groups(found: Study, one: Assessed) -> dict[str, float]:
    """Return the shares of draws in which a site came first, second or third, and so on."""
    shares = found.acceptability.ranks[one.candidate.id].shares
    cut = (shares[:1], shares[1:2], shares[2:3], shares[3:5], shares[5:])
    return {name: sum(part) for name, part in zip(GROUPS, cut, strict=True)}


def weights_words(found: Study, one: Assessed) -> str:
    """Return which criteria weigh most in the draws that put a site first."""
    weights = found.acceptability.ranks[one.candidate.id].weights
    if weights is None:
        return "never first"
    top = sorted(weights.items(), key=lambda pair: -pair[1])[:3]
    return ", ".join(f"{CRITERIA[key].name} {weight:.0%}" for key, weight in top)


def _criteria(found: Study) -> str:
    parts = [_criterion_picture(found, key) for key in found.criteria]
    sections = [f"<h3>{escape(_title(key))}</h3>{picture}" for key, picture in zip(found.criteria, parts, strict=True)]
    return f"<section><h2>Criteria</h2>{''.join(sections)}</section>" if sections else ""


def _criterion_picture(found: Study, key: str) -> str:
    """Return one criterion as intervals, one row a candidate, the best first and the unknown last."""
    rows, one = [_range(each.candidate.name, each.candidate.measures.get(key)) for each in found.sites], CRITERIA[key]
    sign = 1 if one.better == "low" else -1
    known = sorted((row for row in rows if row.value is not None), key=lambda row: sign * (row.value or 0.0))
    words = f"{one.name.capitalize()} of {len(known)} of {len(rows)} sites; {one.better} is better."
    if known:
        words += f" Best is {known[0].name} with {plain(key, known[0].value or 0.0)} {one.unit}".rstrip() + "."
    unknown = [row for row in rows if row.value is None]
    return ranges(f"criterion-{key.replace('_', '-')}", words, [*known, *unknown], one.unit)


def _range(name: str, measure: Measure | None) -> Range:
    return Range(name, None, None, None) if measure is None else Range(name, measure.low, measure.shown, measure.high)


def _title(key: str) -> str:
    title = heading(key)
    return f"{title[0].upper()}{title[1:]}: {CRITERIA[key].better} is better"


def _sources(found: Study) -> str:
    rows = [
        (
            one.candidate.name,
            f"{CRITERIA[key].name}: {shown(key, measure)} {CRITERIA[key].unit}".strip(),
            "; ".join(measure.source.addresses),
            measure.source.as_of or "no date",
            measure.source.confidence or "not stated",
        )
        for one in found.sites
        for key, measure in one.candidate.measures.items()
    ]
    table = _table(("candidate", "figure", "source", "as of", "confidence"), rows)
    notes = [f"{one.candidate.name}: {one.candidate.note}" for one in found.sites if one.candidate.note]
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    shown_notes = f"<ul>{listed}</ul>" if notes else ""
    return (
        f"<section><h2>Where each figure comes from</h2>{shown_notes}<details><summary>{len(rows)} figures</summary>"
        f"{scrolled(table, 'Sources')}</details></section>"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(
        "<tr>" + "".join(f'<td class="words">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"


def rank_rows(found: Study) -> Rows:
    """Return how often each site that stays takes which ranks."""
    rows = [
        (
            one.candidate.name,
            "yes" if one.in_pareto_set else "no",
            *(f"{share:.3f}" for share in groups(found, one).values()),
            weights_words(found, one),
        )
        for one in ranked_sites(found)
    ]
    return ("candidate", "Pareto set", *GROUPS, "weights when first"), rows


def limit_rows(found: Study) -> Rows:
    """Return every verdict on every limit."""
    rows = [
        (one.candidate.name, verdict.limit.criterion, STATES[verdict.state], verdict.words, verdict.limit.reason)
        for one in found.sites
        for verdict in one.verdicts
    ]
    return ("candidate", "limit", "verdict", "in numbers", "reason"), rows


def source_rows(found: Study) -> Rows:
    """Return every figure with its source."""
    rows = [
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
    ]
    return ("candidate", "criterion", "figure", "unit", "source", "as of", "confidence"), rows
