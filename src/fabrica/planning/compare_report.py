"""The report of a comparison: one HTML page that needs nothing else."""

from collections.abc import Sequence
from html import escape

from fabrica.planning.compare import Comparison, Row
from fabrica.planning.network.report import section
from fabrica.planning.page import STYLE, page
from fabrica.planning.ranges import Range, ranges
from fabrica.planning.tables import DOWNLOAD_STYLE, download, scrolled, table

COMPARE_STYLE = """
.interval { fill: var(--fill); fill-opacity: 0.35; } .best { stroke: var(--fill); stroke-width: 3; }
.name { fill: var(--ink); font-size: 13px; }
"""


def report(found: Comparison) -> str:
    """Return the page."""
    first, second = found.names
    lines = "".join(f"<li>{escape(line)}</li>" for line in found.sentences)
    head = (
        f"<h1>What would change: {escape(second)}</h1><p>Beside {escape(first)}, on the same made-up jobs. This is a "
        f"simulation, not a forecast.</p><ul>{lines}</ul>"
    )
    return page(f"{second} beside {first}", [head, *sections(found)], STYLE + COMPARE_STYLE + DOWNLOAD_STYLE)


def sections(found: Comparison) -> tuple[str, ...]:
    """Return the parts of the page as markup: the network's figures, waits by class, use by partition, all as CSV."""
    waits = [row for row in found.classes if row.label.endswith("mean wait")]
    uses = [row for row in found.partitions if row.label.endswith(": use")]
    both = _table(found.network, *found.names)
    return (
        section("The network", "Means over the replications, and the paired differences.", "", "")
        + scrolled(both, "Figures of both"),
        _picture("waits", "Mean wait by class: the difference in hours", waits, found, 3600.0, "h"),
        _picture("uses", "Use by partition: the difference in points of a hundred", uses, found, 0.01, "points"),
        download("compared.csv", "Take all differences as CSV", *as_rows(found)),
    )


def _table(rows: Sequence[Row], first: str, second: str) -> str:
    head = ("figure", first, second, "difference, 95 % interval")
    return table(head, [(row.label, row.first, row.second, row.difference) for row in rows])


def _picture(name: str, title: str, rows: Sequence[Row], found: Comparison, unit: float, words: str) -> str:
    made = []
    for row in rows:
        one = row.found
        low, high = (None, None) if one is None else (one.low, one.high)
        if one is not None and low is None:
            low, high = one.mean, one.mean
        label = row.label.rsplit(":", 1)[0]
        scaled = [None if value is None else value / unit for value in (low, one.mean if one else None, high)]
        made.append(Range(label, *scaled))
    if not made:
        return ""
    told = f"{title}, {found.names[1]} beside {found.names[0]}. Bars are 95 % intervals, the mark is the mean."
    return section(title, told, ranges(name, told, made, words), _table(rows, *found.names))


def as_rows(found: Comparison) -> tuple[list[str], list[list[object]]]:
    """Return the head and the rows of every difference."""
    rows: list[list[object]] = []
    for row in (*found.network, *found.classes, *found.partitions):
        one = row.found
        told = (one.mean, one.low, one.high) if one else (None, None, None)
        rows.append([row.label, row.first, row.second, *told])
    return ["figure", found.names[0], found.names[1], "difference", "low", "high"], rows
