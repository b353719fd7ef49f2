"""Tables of a report that can also be taken away: as HTML, with the same rows as a CSV file inside a link."""

import base64
import csv
import io
from collections.abc import Sequence
from html import escape

DOWNLOAD_STYLE = """
.download { display: inline-block; margin: 0.75rem 0; color: var(--ink); min-height: 1.5rem; }
"""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of text."""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    lines = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{escape(cell)}</th>' if place == 0 else f"<td>{escape(cell)}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"


def scrolled(table: str, name: str) -> str:
    """Return a table that may be wider than the page: the keyboard reaches and moves it, and it has a name."""
    return f'<div class="wide" tabindex="0" role="region" aria-label="{escape(name)}">{table}</div>'


def download(name: str, words: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a link that saves the rows as CSV; null is an empty field. Needs no server and no script."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([["" if cell is None else _plain(cell) for cell in row] for row in rows])
    coded = base64.b64encode(text.getvalue().encode()).decode()
    return f'<a class="download" download="{escape(name)}" href="data:text/csv;base64,{coded}">{escape(words)}</a>'


def _plain(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell
