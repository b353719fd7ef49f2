"""Files with rows of evidence of one kind, as a person keeps them: CSV, YAML or JSON, read into plain rows."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from fabrica.aiact.documents.layout import FieldOf, kinds
from fabrica.aiact.documents.rows import RowWrong, checked_row
from fabrica.values.keys_once import KeyTwice, StrangersLoader, read_json
from fabrica.wire.documents import DocumentAnswersWrong

BYTES_MAX = 1_000_000
ROWS_MAX = 500
_DELIMITERS = ",;\t"
_REMEDY = "Give a table as CSV with the fields in its first line, or a list of rows as YAML or JSON."


def read_rows(kind: str, content: bytes, name: str) -> tuple[dict[str, Any], ...]:
    """Return the rows of a kind that a file holds, checked against its fields; `name` is what the file was called.

    Raises:
        DocumentAnswersWrong: too large, not readable, empty, with a key twice, or a field or value that is not right.
    """
    if len(content) > BYTES_MAX:
        raise DocumentAnswersWrong(f"{name} is larger than {BYTES_MAX:,} bytes.", remedy="Part it, or leave rows out.")
    try:
        rows = _of_table(kind, content) if name.lower().endswith((".csv", ".tsv")) else _of_text(kind, content)
    except KeyTwice as twice:
        raise DocumentAnswersWrong(f"{name}: {twice.where}.", remedy="Keep the one that is true.") from None
    except RowWrong as wrong:
        raise DocumentAnswersWrong(f"{name}: {wrong}", remedy=_REMEDY) from None
    except (yaml.YAMLError, csv.Error, ValueError, RecursionError) as trouble:
        mark = getattr(trouble, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise DocumentAnswersWrong(f"{name} cannot be read{line}.", remedy=_REMEDY) from None
    if not 0 < len(rows) <= ROWS_MAX:
        raise DocumentAnswersWrong(f"{name} holds {len(rows):,} rows.", remedy=f"A file holds 1 to {ROWS_MAX} rows.")
    return _checked(kind, rows, name)


def _checked(kind: str, rows: Sequence[dict[str, Any]], name: str) -> tuple[dict[str, Any], ...]:
    found = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(checked_row(kind, row))
        except RowWrong as wrong:
            raise DocumentAnswersWrong(f"{name}, row {number}: {wrong}", remedy="Correct it there.") from None
    return tuple(found)


def _of_text(kind: str, content: bytes) -> list[dict[str, Any]]:
    """Return the rows of YAML or JSON: a list, one row alone, or either under the name of the kind."""
    is_json = content.lstrip()[:1] in (b"{", b"[")
    found = read_json(content) if is_json else yaml.load(content, Loader=StrangersLoader)  # noqa: S506 - a safe loader
    if isinstance(found, dict) and list(found) == [kind]:
        found = found[kind]
    rows = [found] if isinstance(found, dict) else found
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RowWrong("it holds no rows: a row is fields with values.")
    return rows


def _of_table(kind: str, content: bytes) -> list[dict[str, Any]]:
    """Return the rows of CSV: parted by comma, semicolon or tab; a column is named as its field or in its words."""
    text = content.decode("utf-8-sig")
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    lines = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    names = [_field_of(kind, one) for one in next(lines, [])]
    twice = next((one for place, one in enumerate(names) if one in names[:place]), None)
    if twice is not None:
        raise KeyTwice(twice, 1)
    return list(_lines(kind, names, lines))


def _field_of(kind: str, heading: str) -> str:
    known = {one.words.lower(): name for name, one in kinds()[kind].fields.items()}
    plain = " ".join(heading.split())
    return known.get(plain.lower(), plain)


def _lines(kind: str, names: Sequence[str], lines: Any) -> Iterator[dict[str, Any]]:
    fields = kinds()[kind].fields
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names):
            raise RowWrong(f"line {lines.line_num} has {len(cells)} cells, and the first line {len(names)}.")
        yield {name: typed_value(fields.get(name), cell.strip()) for name, cell in zip(names, cells, strict=False)}


def typed_value(field: FieldOf | None, text: str) -> Any:
    """Return what a person wrote for a field: of a number the number, else the text, which its check judges."""
    if field is None or field.kind != "number" or not text:
        return text
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
