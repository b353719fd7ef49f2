"""Read a scenario from TOML, strictly: every mistake is told with its line, and what would be right."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import astuple, fields, replace
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from fabrica.placement.snapshot import Weights
from fabrica.planning.options import AGE_STEPS_MAX, age_steps
from fabrica.planning.scenarios.limits import LIMITS
from fabrica.planning.scenarios.scenario import (
    Account,
    Accounts,
    Change,
    Levels,
    NetworkPart,
    OwnSite,
    Period,
    Policy,
    Rules,
    Scenario,
    Window,
    Work,
)
from fabrica.reference.countries import CODES, nearest_country
from fabrica.values.toml import unknown_key
from fabrica.wire.planning import ScenarioMalformed

BYTES_MAX = 2**20
BASES_MAX = 8
_TABLES: Mapping[str, type] = {
    "period": Period,
    "network": NetworkPart,
    "work": Work,
    "rules": Rules,
    "levels": Levels,
    "accounts": Accounts,
}
_LISTS: Mapping[str, tuple[str, type]] = {
    "site": ("sites", OwnSite),
    "change": ("changes", Change),
    "window": ("windows", Window),
    "account": ("named_accounts", Account),
}
"""What a list of tables is called in the scenario; those of the base come first."""
_BEGINNINGS: Mapping[str, str] = {"site": "opens_on_day", "change": "closed_from_day"}
"""Of each list of tables, the key with the day on which something begins; windows come again and again, or not yet."""
_FILES = ("trace", "gco2e_per_kwh_file", "eur_per_kwh_file")
"""Keys that name another file, from the folder of the scenario on."""
_POLICY = (*(one.name for one in fields(Weights)), "pue_assumed")
_WORDS: Mapping[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    bool: "true or false",
}


def read_scenario(path: Path) -> Scenario:
    """Return what a scenario's file says, on top of its base.

    Raises:
        ScenarioMalformed: not readable, no TOML, or a key that is unknown, missing or cannot be; names line and remedy.
    """
    return _read(path, ())


def parse_scenario(text: str, place: str = "the scenario", base: Scenario | None = None) -> Scenario:
    """Return what the text of a scenario says. `place`: how mistakes name it.

    Raises:
        ScenarioMalformed: as `read_scenario`.
    """
    return _Reader(text, place).scenario(base, place)


def _read(path: Path, seen: tuple[Path, ...]) -> Scenario:
    own = path.resolve()
    if own in seen or len(seen) >= BASES_MAX:
        raise ScenarioMalformed(
            f"{path} rests on itself, or on a chain of over {BASES_MAX} bases.", remedy="Let a chain of bases end."
        )
    try:
        if path.stat().st_size > BYTES_MAX:
            raise ScenarioMalformed(f"{path} is larger than {BYTES_MAX:,} bytes.", remedy="Give one scenario alone.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioMalformed(
            f"{path} cannot be read: {error.strerror}.", remedy="Name a file of a scenario."
        ) from None
    except UnicodeDecodeError as error:
        raise ScenarioMalformed(f"{path} is not UTF-8 text (byte {error.start}).", remedy="Save it as UTF-8.") from None
    reader = _Reader(text, str(path), path.parent)
    named = reader.document.get("base")
    base = None
    if named is not None:
        if not isinstance(named, str):
            raise reader.mistake("base", "the base is no file name.", 'Write base = "other.toml".')
        base = _read(path.parent / named, (*seen, own))
    return reader.scenario(base, path.stem)


class _Reader:
    """One file being read: knows where each key stands."""

    def __init__(self, text: str, place: str, folder: Path | None = None) -> None:
        self.text, self.place, self.folder = text, place, folder
        try:
            self.document = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            raise ScenarioMalformed(f"{place} is no valid TOML: {error}.", remedy="The how-to shows one.") from None

    def scenario(self, base: Scenario | None, name: str) -> Scenario:
        known = ("name", "description", "base", "policy", *_TABLES, *_LISTS)
        self._refuse_unknown(self.document, known, "")
        for key in ("name", "description"):
            if not isinstance(self.document.get(key, ""), str):
                raise self.mistake(key, f"{key} is no text.", f'Write {key} = "…".')
        if not self.document.get("name", name).strip():
            raise self.mistake("name", "the name is empty.", "Give it one, or leave the key out.")
        above = base or Scenario(name=name)
        read = {table: self._table(table, getattr(above, table)) for table in _TABLES}
        read |= {name: getattr(above, name) + self._list(key, kind) for key, (name, kind) in _LISTS.items()}
        made = replace(
            above,
            name=self.document.get("name", name),
            description=self.document.get("description", ""),
            base=base,
            policy=self._policy(above.policy),
            **read,
        )
        self._check_whole(made)
        return made

    def _table(self, table: str, above: Any) -> Any:
        given = self.document.get(table, {})
        if not isinstance(given, dict):
            raise self.mistake(table, f"[{table}] must be a table.", f"Write [{table}] and its keys below it.")
        return replace(above, **self._values(given, type(above), table, 0))

    def _list(self, table: str, kind: type) -> tuple[Any, ...]:
        given = self.document.get(table, [])
        if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
            raise self.mistake(table, f"{table} must be a list of tables.", f"Write [[{table}]] for each.")
        made = []
        for number, row in enumerate(given):
            values = self._values(row, kind, table, number)
            missing = [one.name for one in fields(kind) if _needed(one) and one.name not in values]
            if missing:
                raise self.mistake(
                    table,
                    f"[[{table}]] lacks {', '.join(missing)}.",
                    "Add it; the how-to explains each key.",
                    table,
                    number,
                )
            made.append(kind(**values))
        return tuple(made)

    def _values(self, given: Mapping[str, Any], kind: type, table: str, number: int) -> dict[str, Any]:
        hints = get_type_hints(kind)
        self._refuse_unknown(given, tuple(hints), table, number)
        return {key: self._value(table, key, value, hints[key], number) for key, value in given.items()}

    def _value(self, table: str, key: str, value: Any, hint: Any, number: int = 0) -> Any:
        kinds = _kinds(hint)
        if get_origin(kinds[0]) is tuple:
            return self._names(table, key, value, get_args(kinds[0])[0], number)
        kind = kinds[0]
        fits = isinstance(value, int | float) if kind is float else isinstance(value, kind)
        if not fits or isinstance(value, bool) != (kind is bool):
            words = " alone; its unit is in the key's name" if kind in (int, float) else ""
            words = " of days from the start of the year, such as 90" if key.endswith("_day") else words
            raise self.mistake(
                key, f"{table}.{key} is {_written(value)}.", f"Write {_WORDS[kind]}{words}.", table, number, key=key
            )
        least, most = LIMITS.get(key, (None, None))
        if least is not None and most is not None and not least <= value <= most:
            limits = f"It lies between {_number(least)} and {_number(most)}."
            raise self.mistake(key, f"{table}.{key} is {_written(value)}.", limits, table, number, key=key)
        if key == "country" and value not in CODES:
            near = nearest_country(value)
            remedy = f"Did you mean '{near}'?" if near else "Write its ISO code, such as FI."
            raise self.mistake(key, f"{table}.country is {value!r}.", remedy, table, number)
        if key in _FILES:
            return self._file(table, key, value, number)
        return float(value) if kind is float else value

    def _file(self, table: str, key: str, name: str, number: int) -> str:
        """Return the path of another file. Only a scenario that is a file itself may look whether it is there."""
        if self.folder is None:
            return name
        path = self.folder / name
        if not path.exists() or path.is_dir():
            words = "is a folder" if path.is_dir() else "is not there"
            raise self.mistake(
                key, f"the file {path} {words}.", "Name a file, from the folder of the scenario on.", table, number
            )
        return str(path)

    def _names(self, table: str, key: str, value: Any, kind: Any, number: int) -> tuple[str, ...]:
        allowed = get_args(kind) if get_origin(kind) is Literal else None
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.mistake(
                key, f"{table}.{key} is {_written(value)}.", 'Write a list such as ["current"].', table, number
            )
        wrong = [one for one in value if allowed is not None and one not in allowed]
        if wrong:
            raise self.mistake(
                key, f"{table}.{key} holds {wrong[0]!r}.", f"Known: {', '.join(allowed or ())}.", table, number
            )
        return tuple(value)

    def _policy(self, above: Policy) -> Policy:
        given = self.document.get("policy", {})
        if not isinstance(given, dict):
            raise self.mistake("policy", "[policy] must be a table.", "Write [policy] and its keys below it.")
        self._refuse_unknown(given, _POLICY, "policy")
        told = {key: self._value("policy", key, value, float) for key, value in given.items()}
        pue = told.pop("pue_assumed", above.pue_assumed)
        rest = {one.name: float(getattr(above.weights, one.name)) for one in fields(Weights) if one.name not in told}
        left, together = 1 - sum(told.values()), sum(rest.values())
        if left < -1e-9 or (abs(left) > 1e-9 and together == 0):
            raise self.mistake(
                "policy",
                f"the weights of [policy] add up to {1 - left:.4g}.",
                "Let them add up to 1; those that you do not give share what is left, in their proportion.",
            )
        scale = max(left, 0.0) / together if together else 0.0
        weights = replace(above.weights, **told, **{name: weight * scale for name, weight in rest.items()})
        return Policy(weights=weights, pue_assumed=pue)

    def _check_whole(self, made: Scenario) -> None:
        if made.work.portable_share + made.work.home_share > 1:
            raise self.mistake("home_share", "portable_share and home_share add up to over 1.", "Lower one.", "work")
        ids = [site.id for site in made.sites]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice is not None:
            raise self.mistake("site", f"the site {twice!r} is there twice.", "Give every [[site]] its own id.")
        if made.work.trace is None:
            self._check_rules(made)
        if made.rules.age_hours:
            self._check_age(made)
        if made.rules.within_leaf and any(made.pod_leaves):
            words, remedy = "jobs that are kept within leaves are not kept within pods too.", "Leave one of them out."
            raise self.mistake("within_leaf", words, remedy, "rules")
        if not any(made.leaf_nodes):
            self._check_no_leaves(made)
        self._check_days(made)
        for number, change in enumerate(self.document.get("change", [])):
            start, end = change.get("closed_from_day"), change.get("closed_to_day")
            if (start is None) != (end is None) or (start is not None and start >= end):
                raise self.mistake(
                    "closed_from_day" if start is not None else "closed_to_day",
                    "a closure needs a first day and a later last day.",
                    "Write closed_from_day = 90 and closed_to_day = 270.",
                    "change",
                    number,
                )

    def _check_days(self, made: Scenario) -> None:
        """Refuse what would begin after the last day that is simulated, here or in the base."""
        days = made.period.days
        for table, key in _BEGINNINGS.items():
            rows = getattr(made, _LISTS[table][0])
            late = next((place for place, row in enumerate(rows) if (getattr(row, key) or 0) >= days), None)
            if late is None:
                continue
            own = late - len(rows) + len(self.document.get(table, []))
            day, words = getattr(rows[late], key), f"is after the {days:,} days that are simulated"
            remedy = "Let it begin earlier, or give [period] more days."
            place = (key, f"{table}.{key} {day:g} {words}.", remedy, table, own)
            inherited = ("days", f"{table}.{key} {day:g} of the base {words}.", remedy, "period", 0)
            raise self.mistake(*(place if own >= 0 else inherited))

    def _check_rules(self, made: Scenario) -> None:
        """Refuse rules that nothing of the made-up work answers to."""
        if made.rules.fair_share and made.accounts.count == 1:
            words, remedy = "fair_share needs accounts to share between.", "Write [accounts] and count = 40."
            raise self.mistake("fair_share", words, remedy, "rules")
        if made.rules.preemption and len(set(astuple(made.levels))) == 1:
            words, remedy = "nobody makes room where all jobs are of one level.", "Write [levels] and services = 1."
            raise self.mistake("preemption", words, remedy, "rules")

    def _check_age(self, made: Scenario) -> None:
        """Refuse an age that weighs against nothing, or too often."""
        if not made.rules.fair_share:
            words = "age_hours weighs against what accounts used, and nothing is shared here."
            raise self.mistake("age_hours", words, "Write fair_share = true.", "rules")
        if not 1 <= (steps := age_steps(*made.rules.age_seconds)) <= AGE_STEPS_MAX:
            words = f"usage would be halved {steps} times while a job waits."
            raise self.mistake(
                "age_hours", words, f"Let age_max_hours be 1 to {AGE_STEPS_MAX} times age_hours.", "rules"
            )

    def _check_no_leaves(self, made: Scenario) -> None:
        """Refuse rules for leaves where no site has any."""
        for key in ("within_leaf", "leaf_stop_share"):
            if getattr(made.rules, key):
                words, remedy = f"{key} needs a site with leaves.", "Write leaf_nodes = 18 in a [[site]] or [[change]]."
                raise self.mistake(key, words, remedy, "rules")

    def _refuse_unknown(self, given: Mapping[str, Any], known: tuple[str, ...], table: str, number: int = 0) -> None:
        unknown = unknown_key(given, known, f"[{table}]" if table else "")
        if unknown is not None:
            raise self.mistake(*unknown, table, number)

    def mistake(
        self, name: str, detail: str, remedy: str, table: str = "", number: int = 0, **facts: object
    ) -> ScenarioMalformed:
        """Return the problem of one key, with the line on which it stands."""
        line = _line(self.text, name, table, number)
        place = f"{self.place}, line {line}" if line else self.place
        return ScenarioMalformed(f"{place}: {detail}", remedy=remedy, line=line, **facts)


def _written(value: object) -> str:
    """Return a value as the file has it, cut where it is long."""
    return f"{value!r:.60}" if isinstance(value, str | list | dict) else str(value).lower()[:60]


def _number(bound: float) -> str:
    return f"{bound:,.0f}" if bound == int(bound) else f"{bound:g}"


def _line(text: str, name: str, table: str, number: int) -> int | None:
    """Return the line of a key in the so-manieth table of a name, or of that table itself; null: not found."""
    header = re.compile(r"^\s*\[\[?\s*([\w.-]+)\s*\]\]?")
    wanted = re.compile(rf"""^\s*(?:["']?{re.escape(name)}["']?\s*=|\[\[?\s*{re.escape(name)}\s*\])""")
    inside, count, fallback = table == "", -1, None
    for line, row in enumerate(text.splitlines(), 1):
        found = header.match(row)
        if found:
            count += found[1] == table
            inside = found[1] == table and count == number if table else True
            fallback = line if inside and table else fallback
        if inside and wanted.match(row):
            return line
    return fallback


def _kinds(hint: Any) -> tuple[Any, ...]:
    """Return the kinds of a value without null."""
    if get_origin(hint) in (Union, UnionType):
        return tuple(one for one in get_args(hint) if one is not type(None))
    return (hint,)


def _needed(one: Any) -> bool:
    from dataclasses import MISSING

    return one.default is MISSING and one.default_factory is MISSING
