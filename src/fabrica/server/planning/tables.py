"""Tables to download: CSV that a spreadsheet opens without running anything in it."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpResponse

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """A table as text: the names of its columns, and its rows."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def download(head: Sequence[str], rows: Iterable[Sequence[str]], name: str) -> HttpResponse:
    """Return a table as a CSV file of this name."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_plain(cell) for cell in head])
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return attached(text.getvalue(), name, "text/csv; charset=utf-8")


def attached(text: str, name: str, content_type: str) -> HttpResponse:
    """Return text as a file to keep; `name` is ours, never a caller's."""
    answer = HttpResponse(text, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _plain(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def cells(*values: object) -> tuple[str, ...]:
    """Return values as cells; what is not known is empty."""
    return tuple("" if value is None else str(value) for value in values)
