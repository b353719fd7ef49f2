"""TOML text: values written as it writes them, and what is wrong with a key of a file, and on which line."""

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class UnknownKey(NamedTuple):
    """A key that a file has and nobody reads: what is wrong, and what would be right."""

    key: str
    detail: str
    remedy: str


def unknown_key(keys: Iterable[str], known: Sequence[str], place: str = "") -> UnknownKey | None:
    """Return the first key that is not known; None: all are. `place`: the table, as people are to read it."""
    key = next((one for one in keys if one not in known), None)
    if key is None:
        return None
    near = difflib.get_close_matches(key, known, n=1)
    where = f" in {place}" if place else ""
    remedy = f"Did you mean '{near[0]}'?" if near else f"Known keys{where}: {', '.join(known)}."
    return UnknownKey(key, f"There is no key '{key:.60}'{where}.", remedy)


def line_of(text: str, key: str) -> int | None:
    """Return the line where a key or a table of this name first stands; None: nowhere."""
    name = rf"""["']?{re.escape(key)}["']?"""
    found = re.compile(rf"^\s*(?:\[+\s*{name}\s*\]+|{name}\s*=)")
    return next((number for number, row in enumerate(text.splitlines(), 1) if key and found.match(row)), None)


def write_value(value: object) -> str:
    """Return text, a truth, a number, or a list of these as TOML writes it: as JSON does, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
