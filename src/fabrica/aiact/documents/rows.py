"""Rows of evidence: checked against their kind's fields, and joined where several places tell of the same thing."""

import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from fabrica.aiact.documents.layout import SOURCE_CLASSES, FieldOf, Kind, kinds
from fabrica.wire.documents import Evidence, EvidenceContradicts

LARGEST_TEXT = 20_000
LARGEST_NUMBER = 1e300
_PLAIN = (str, bool, int, float, date)


class RowWrong(ValueError):
    """A row has a field or value that its kind does not know; the text says which and what would be right."""


def checked_row(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a kind, empty values left out.

    Raises:
        RowWrong: an unknown field, with the nearest known one; or a value that the field cannot have.
    """
    fields = kinds()[kind].fields
    row: dict[str, Any] = {}
    for name, value in facts.items():
        if name not in fields:
            near = difflib.get_close_matches(str(name), fields, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise RowWrong(f"{kind} has no field {str(name)[:80]!r}{hint} Its fields: {', '.join(fields)}.")
        if value is None or value in ("", [], {}):
            continue
        row[name] = _checked(kind, name, fields[name], value)
    return row


def _checked(kind: str, name: str, field: FieldOf, value: Any) -> Any:
    if isinstance(value, Mapping):
        value = [f"{key}: {one}" for key, one in value.items()]
    parts = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(one, _PLAIN) for one in parts):
        raise RowWrong(f"{kind}.{name} holds neither text nor a list of texts.")
    if sum(len(str(one)) for one in parts) > LARGEST_TEXT:
        raise RowWrong(f"{kind}.{name} is longer than {LARGEST_TEXT:,} characters.")
    if field.kind == "day":
        return _day(kind, name, value)
    if field.kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST_NUMBER:
            raise RowWrong(f"{kind}.{name} is a number from 0, not {value!r:.60}.")
        return value
    if kind == "data.prov" and name == "source_class" and value not in SOURCE_CLASSES:
        raise RowWrong(f"{kind}.{name} is one of {', '.join(SOURCE_CLASSES)}, not {value!r:.60}.")
    return [str(one) for one in value] if isinstance(value, list | tuple) else value


def _day(kind: str, name: str, value: Any) -> date:
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise RowWrong(f"{kind}.{name} is a day such as 2026-11-21, not {value!r:.60}.") from None


def joined(kind: str, given: Iterable[Evidence]) -> list[dict[str, Any]]:
    """Return the rows of a kind; rows of the same dataset, run or single thing become one.

    Raises:
        EvidenceContradicts: two of them say different things of one field; both are named.
    """
    of = kinds()[kind].of
    rows: dict[str, dict[str, Any]] = {}
    said: dict[tuple[str, str], Evidence] = {}
    for place, one in enumerate(given):
        for number, row in enumerate(one.rows):
            key = "" if of == "one" else str(row.get(of, "")) if of != "rows" else f"{place}.{number}"
            known = rows.setdefault(key, {})
            for name, value in row.items():
                if name in known and known[name] != value:
                    _contradiction(kind, name, known[name], value, said[key, name], one)
                known[name] = value
                said.setdefault((key, name), one)
    return list(rows.values())


def _contradiction(kind: str, name: str, first: Any, second: Any, one: Evidence, other: Evidence) -> None:
    field = kinds()[kind].fields[name].words
    raise EvidenceContradicts(
        f"{kind}, {field}: {one.source} says {first!r:.80}, {other.source} says {second!r:.80}.",
        remedy="Correct the one that is wrong.",
        field=f"{kind}.{name}",
    )


def lacking(kind: str, field: str | None, rows: Iterable[Mapping[str, Any]], datasets: Iterable[str] = ()) -> list[str]:
    """Return what a kind lacks to count: fields without a value, by dataset or run where there are several.

    `datasets` are those known of any kind; a row that names no dataset speaks of all of them.
    """
    shape, given = kinds()[kind], list(rows)
    if not given:
        return [f"{kind}.{field}" if field else kind]
    wanted = [name for name, one in shape.fields.items() if one.required]
    wanted = [field] if field else wanted
    found = []
    for name in wanted:
        missing = [row for row in given if name not in row]
        if missing:
            found.append(f"{kind}.{name}{_of_which(shape, missing, len(given))}")
    if shape.of == "dataset" and all("dataset" in row for row in given):
        told = {row["dataset"] for row in given}
        untold = [str(name) for name in datasets if name not in told]
        found += [f"{kind} of {', '.join(untold)}"] if untold else []
    return found


def _of_which(shape: Kind, rows: Iterable[Mapping[str, Any]], count: int) -> str:
    """Return which of several rows are meant, by dataset, run, or the first field of the kind."""
    key = shape.of if shape.of in ("dataset", "run") else next(iter(shape.fields))
    names = [str(row[key]) for row in rows if key in row]
    return f" of {', '.join(names)}" if count > 1 and names else ""
