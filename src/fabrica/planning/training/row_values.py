"""Numbers of a row as its file has them: plain, or as text; and only those that can be."""

import re
from collections.abc import Mapping
from typing import Any

COUNT_MAX = 100_000_000
_NUMBER = re.compile(r"[+-]?(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
_NAMES = ("id", "group", "model")


def numbers(row: Any) -> dict[str, Any]:
    """Return a table with its numbers as such: `64` in quotes is one, and so is 4e6, which YAML takes for text.

    Raises:
        TypeError: it is no table.
    """
    if not isinstance(row, dict):
        raise TypeError(f"{row!r:.60} is no table")
    return {key: value if key in _NAMES else _number(value) for key, value in row.items()}


def _number(value: Any) -> Any:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        return value
    found = float(value)
    return int(found) if found.is_integer() else found


def whole(row: Mapping[str, Any], key: str, *, least: int = 1) -> int | None:
    """Return a whole number of a row; null where it is not told.

    Raises:
        ValueError: it is none, or is too small or too large.
    """
    value = row.get(key)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= COUNT_MAX or value != int(value):
        raise ValueError(f"its {key} {value!r:.40} is no whole number from {least} to {COUNT_MAX:,}")
    return int(value)


def needed(row: Mapping[str, Any], key: str) -> int:
    """Return a whole number that a row has to have.

    Raises:
        KeyError: it lacks it.
        ValueError: as `whole`.
    """
    value = whole(row, key)
    if value is None:
        raise KeyError(key)
    return value
