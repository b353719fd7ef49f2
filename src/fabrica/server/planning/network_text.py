"""A what-if of the network as its file and as fields: which keys the form shows, and what stands in the file alone."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fabrica.values.toml import write_value

TOP = ("name", "description")
TABLES: Mapping[str, tuple[str, ...]] = {
    "period": ("days", "warm_up_days", "replications"),
    "network": ("systems",),
    "work": ("load", "jobs", "largest_devices", "portable_share", "home_share"),
    "policy": ("time_to_result", "carbon", "balance", "risk", "movement", "pue_assumed"),
    "rules": (
        "fair_share",
        "half_life_hours",
        "age_hours",
        "age_max_hours",
        "preemption",
        "saving_seconds",
        "within_leaf",
        "device_hours_per_stop",
        "leaf_stop_share",
        "checkpoint_seconds",
        "restart_seconds",
        "repair_seconds",
    ),
    "levels": ("tests", "experiments", "fine_tuning", "services", "pretraining"),
    "accounts": ("count", "skew", "device_hours"),
}
"""Keys that have a field of the same name."""
ROWS: Mapping[str, tuple[str, ...]] = {
    "site": (
        "id",
        "name",
        "country",
        "accelerator",
        "devices",
        "opens_on_day",
        "node_devices",
        "leaf_nodes",
        "pod_leaves",
        "pue",
        "gco2e_per_kwh",
        "eur_per_kwh",
        "basis",
    ),
    "change": (
        "site",
        "partition",
        "closed_from_day",
        "closed_to_day",
        "devices",
        "leaf_nodes",
        "pod_leaves",
        "pue",
        "gco2e_per_kwh",
        "eur_per_kwh",
    ),
    "window": ("site", "partition", "from_day", "hours", "every_days", "devices", "accounts"),
    "account": ("name", "share", "device_hours"),
}
"""Keys of the lists whose tables are rows of fields."""
ROWS_MAX = 20
"""Of one list as fields; further ones stay in the file."""
_ACCOUNT = re.compile(r"account ([1-9][0-9]{0,5})")


@dataclass(frozen=True, slots=True)
class Opened:
    """A scenario as the form shows it: fields, rows by their list, and the file of what has neither."""

    fields: Mapping[str, Any]
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    rest: str = ""


def open_text(text: str) -> Opened:
    """Return a scenario's file as fields, rows and the rest; together they say all that it says."""
    rest = tomllib.loads(text)
    shown = {key: rest.pop(key) for key in TOP if key in rest}
    for table, keys in TABLES.items():
        given = rest.pop(table, {})
        shown |= {key: given[key] for key in keys if key in given}
        left = {key: value for key, value in given.items() if key not in keys}
        rest |= {table: left} if left else {}
    rows: dict[str, Sequence[Mapping[str, Any]]] = {}
    for table in ROWS:
        given = rest.pop(table, [])
        fitting = next((number for number, row in enumerate(given) if not _fits(table, row)), len(given))
        rows[table] = given[: min(fitting, ROWS_MAX)]
        left = given[len(rows[table]) :]
        rest |= {table: left} if left else {}
    return Opened(shown, rows, written(write_lines(rest)).lstrip("\n") if rest else "")


def _fits(table: str, row: Mapping[str, Any]) -> bool:
    """Return whether fields show all of a table: made-up jobs are of accounts with numbers alone."""
    names = row.get("accounts", ()) if table == "window" else (row["name"],) if table == "account" else ()
    return set(row) <= set(ROWS[table]) and all(account_number(name) is not None for name in names)


def account_number(name: str) -> int | None:
    """Return which one an account of made-up jobs is; None: it is not called as they are."""
    found = _ACCOUNT.fullmatch(name)
    return int(found[1]) if found else None


def account_name(number: int) -> str:
    """Return what an account of made-up jobs is called."""
    return f"account {number}"


def doubled(rest: Mapping[str, Any]) -> str | None:
    """Return the first key of a file's rest that has a field of its own; None: there is none."""
    own = [key for key in TOP if key in rest]
    own += [key for table, keys in TABLES.items() for key in keys if key in rest.get(table, {})]
    return own[0] if own else None


class Line(NamedTuple):
    """One line of a file, and of which key of which table it is; `number`: of which table of a list, from 0."""

    text: str
    table: str = ""
    number: int = 0
    key: str = ""


def merged(shown: Mapping[str, Any], rest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what fields and the rest of a file say together; tables of the rest come after the rows of fields."""
    whole = dict(shown)
    for key, value in rest.items():
        if isinstance(value, dict):
            whole[key] = {**whole.get(key, {}), **value}
        else:
            whole[key] = [*whole.get(key, ()), *value] if key in ROWS else value
    return whole


def write_lines(document: Mapping[str, Any]) -> list[Line]:
    """Return the lines of a scenario's file: single keys, then each table."""
    tables = {key: value for key, value in document.items() if isinstance(value, dict) or (key in ROWS and value)}
    lines = [Line(f"{key} = {write_value(value)}", key=key) for key, value in document.items() if key not in tables]
    for table, value in tables.items():
        header = f"[[{table}]]" if table in ROWS else f"[{table}]"
        for number, row in enumerate(value if table in ROWS else [value]):
            lines += [Line(""), Line(header, table, number)]
            lines += [Line(f"{key} = {write_value(one)}", table, number, key) for key, one in row.items()]
    return lines


def written(lines: Sequence[Line]) -> str:
    """Return lines as the text of a file."""
    return "\n".join(line.text for line in lines) + "\n"
