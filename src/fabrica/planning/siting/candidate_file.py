"""Candidate sites as a TOML file, read strictly: each figure with its source, each mistake with its key and line."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from fabrica.planning.siting.candidates import (
    KNOWN,
    Candidate,
    Limit,
    NetworkRuns,
    Question,
    Users,
    known_candidates,
    network_users,
)
from fabrica.planning.siting.criteria import CRITERIA, TOLD, Criterion, Measure
from fabrica.reference.accelerators import load_accelerators
from fabrica.reference.countries import CODES, nearest_country
from fabrica.reference.sources import Source
from fabrica.values.toml import unknown_key
from fabrica.wire.siting import CandidatesRefused

BYTES_MAX = 2**20
CANDIDATES_MAX = 1_000
YEAR_MIN, YEAR_MAX = 2020, 2060
POWER = Criterion("power_megawatts", "power", "MW", "high", 0, 20_000, "megawatts; 1,000 kW are 1 MW")
_RUNS = (
    Criterion("devices", "devices", "", "high", 1, 1_000_000, "a number of devices"),
    Criterion("days", "days", "", "high", 1, 366, "a number of days"),
    Criterion("replications", "replications", "", "high", 2, 10, "2 to 10, so that there is an interval"),
    Criterion("load", "load", "", "low", 0.01, 3, "a share of the devices' time, such as 0.7"),
    Criterion("portable_share", "portable share", "", "high", 0, 1, "a share from 0 to 1"),
    Criterion("pue_assumed", "PUE", "", "low", 1, 3, "a ratio from 1 up"),
)
_NEEDED_OF_RUNS = {
    "devices": "Say how many the site would hold.",
    "portable_share": "Say which share of the jobs runs on any kind of accelerator: nobody has published it.",
}
_TOP = ("include", "need", "limits", "users", "network", "candidates")
_CANDIDATE = ("name", "country", "latitude", "longitude", "note", "power_megawatts", *TOLD)
_MEASURE = ("low", "high", "value", "source", "as_of", "confidence")
_LIMIT = ("min", "max", "among", "reason", "source")
_NEED = ("power_megawatts", "in_year")
_NETWORK = ("accelerator", "devices", "portable_share", "days", "replications", "load", "pue_assumed")
_USERS = ("name", "latitude", "longitude", "share")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def read_question(path: Path) -> Question:
    """Return what a file of candidates asks.

    Raises:
        CandidatesRefused: not readable, no TOML, or a key or figure that is unknown, missing or cannot be.
    """
    try:
        if path.stat().st_size > BYTES_MAX:
            raise CandidatesRefused(f"{path} is larger than {BYTES_MAX:,} bytes.", remedy="Give the figures alone.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CandidatesRefused(f"{path} cannot be read: {error.strerror}.", remedy="Name a TOML file.") from None
    except UnicodeDecodeError as error:
        raise CandidatesRefused(f"{path} is not UTF-8 text (byte {error.start}).", remedy="Save it as UTF-8.") from None
    return parse_question(text, str(path))


def parse_question(text: str, place: str) -> Question:
    """Return what the text of such a file asks. `place`: how mistakes name it.

    Raises:
        CandidatesRefused: as `read_question` does.
    """
    return _Reader(text, place).question()


class _Reader:
    """One file being read: knows where each key stands."""

    def __init__(self, text: str, place: str) -> None:
        self.text, self.place = text, place
        try:
            self.document = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            raise CandidatesRefused(f"{place} is no valid TOML: {error}.", remedy="The how-to shows one.") from None

    def question(self) -> Question:
        self._check_keys(self.document, _TOP, "")
        included = self._included()
        need = self._table(self.document, "need", _NEED)
        power, year = self._need(need)
        told = self._table(self.document, "candidates", None)
        candidates = [*known_candidates(included), *(self._candidate(name, row) for name, row in told.items())]
        if not candidates:
            raise self._mistake(
                "candidates", "There is no candidate.", 'Add [candidates.NAME], or include = ["hosts"].'
            )
        if len(candidates) > CANDIDATES_MAX:
            raise self._mistake("candidates", f"{len(candidates):,} are too many.", f"Give {CANDIDATES_MAX:,} at most.")
        users = self._users()
        assumed = () if users else ("the hosts of AI Factories as users, of equal share",)
        limits = (*self._power_limit(power, year), *self._limits(year))
        places = users or network_users()
        return Question(tuple(candidates), power, year, limits, places, assumed, self._network())

    def _included(self) -> tuple[str, ...]:
        told = self.document.get("include", [])
        if not isinstance(told, list) or any(one not in KNOWN for one in told):
            raise self._mistake("include", f"include is {told!r:.60}.", f"Write a list of {' and '.join(KNOWN)}.")
        return tuple(told)

    def _need(self, need: Mapping[str, Any]) -> tuple[float | None, int | None]:
        if bool(need.get("power_megawatts")) != bool(need.get("in_year")):
            raise self._mistake("need", "[need] has one of power_megawatts and in_year.", "Give both, or neither.")
        if not need:
            return None, None
        year = need["in_year"]
        if isinstance(year, bool) or not isinstance(year, int) or not YEAR_MIN <= year <= YEAR_MAX:
            raise self._mistake("in_year", f"in_year is {year!r:.40}.", f"Write a year from {YEAR_MIN} to {YEAR_MAX}.")
        return self._number(POWER, need["power_megawatts"], "power_megawatts", "need"), year

    def _power_limit(self, power: float | None, year: int | None) -> tuple[Limit, ...]:
        if power is None:
            return ()
        return (
            Limit("power_megawatts", "min", power, f"the site needs this from {year} on", f"[need] of {self.place}"),
        )

    def _limits(self, year: int | None) -> tuple[Limit, ...]:
        found = []
        for key, row in self._table(self.document, "limits", ("country", "power_megawatts", *CRITERIA)).items():
            bounds = self._row(row, f"limits.{key}", _LIMIT)
            reason, source = (self._words(bounds.get(name), name, f"limits.{key}") for name in ("reason", "source"))
            if key == "country":
                found.append(Limit(key, "among", None, reason, source, self._countries(bounds)))
                continue
            if key == "power_megawatts" and year is None:
                raise self._mistake(
                    key, "A limit on power needs a year.", "Give [need] with power_megawatts and in_year."
                )
            one = POWER if key == "power_megawatts" else CRITERIA[key]
            ends: dict[Literal["min", "max"], float] = {
                bound: self._number(one, bounds[bound], bound, f"limits.{key}")
                for bound in ("min", "max")
                if bound in bounds
            }
            if not ends or "among" in bounds:
                raise self._mistake(key, f"[limits.{key}] has no bound.", "Write min, max, or both.")
            if ends.get("min", one.least) > ends.get("max", one.most):
                raise self._mistake(key, f"[limits.{key}] has a min over its max.", "Exchange them.")
            found += [Limit(key, bound, number, reason, source) for bound, number in ends.items()]
        return tuple(found)

    def _countries(self, bounds: Mapping[str, Any]) -> frozenset[str]:
        among = bounds.get("among")
        if not isinstance(among, list) or not among:
            raise self._mistake("among", f"among is {among!r:.60}.", 'Write ISO codes, such as ["AT", "FI"].')
        return frozenset(self._country(one, "among", "limits.country") for one in among)

    def _country(self, code: Any, key: str, where: str) -> str:
        if isinstance(code, str) and code in CODES:
            return code
        near = nearest_country(code) if isinstance(code, str) else None
        remedy = f"Did you mean '{near}'?" if near else "Write an ISO code, such as AT."
        raise self._mistake(key, f"{code!r:.40} is no country, in {where}.", remedy, where)

    def _users(self) -> tuple[Users, ...]:
        rows = self.document.get("users", [])
        if not isinstance(rows, list):
            raise self._mistake("users", "users must be a list.", "Write [[users]] for each.")
        found = []
        for row in rows:
            told = self._row(row, "users", _USERS)
            share = told.get("share", 1.0)
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1e12:
                raise self._mistake("share", f"share is {share!r:.40}.", "Write a number over 0: a share, or a count.")
            latitude, longitude = self._where(told, "users")
            if latitude is None or longitude is None:
                raise self._mistake("users", "Users have no place.", "Give latitude and longitude.")
            found.append(Users(self._words(told.get("name"), "name", "users"), latitude, longitude, float(share)))
        return tuple(found)

    def _network(self) -> NetworkRuns | None:
        told = self._table(self.document, "network", _NETWORK)
        if not told:
            return None
        accelerator = told.get("accelerator")
        if accelerator not in load_accelerators():
            near = difflib.get_close_matches(str(accelerator), list(load_accelerators()), n=1)
            remedy = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(load_accelerators())}."
            raise self._mistake("accelerator", f"accelerator is {accelerator!r:.40}.", remedy, "network")
        numbers: dict[str, Any] = {
            one.key: self._number(one, told[one.key], one.key, "network") for one in _RUNS if one.key in told
        }
        for key in ("devices", "days", "replications"):
            if key in numbers:
                numbers[key] = int(numbers[key])
        for key, remedy in _NEEDED_OF_RUNS.items():
            if key not in numbers:
                raise self._mistake("network", f"[network] has no {key}.", remedy)
        return NetworkRuns(accelerator=str(accelerator), **numbers)

    def _candidate(self, name: str, row: Any) -> Candidate:
        if not _ID.fullmatch(name):
            raise self._mistake(
                name, f"{name!r:.60} is no name of a candidate.", "Write small letters, digits, dashes."
            )
        where = f"candidates.{name}"
        told = self._row(row, where, _CANDIDATE)
        country = told.get("country")
        latitude, longitude = self._where(told, where)
        return Candidate(
            name,
            str(told.get("name") or name)[:80],
            None if country is None else self._country(country, "country", where),
            latitude,
            longitude,
            self._power(told.get("power_megawatts", {}), where),
            {key: self._measure(CRITERIA[key], told[key], f"{where}.{key}") for key in TOLD if key in told},
            str(told["note"])[:300] if "note" in told else None,
        )

    def _where(self, told: Mapping[str, Any], where: str) -> tuple[float | None, float | None]:
        found: list[float | None] = []
        for key, most in (("latitude", 90), ("longitude", 180)):
            value = told.get(key)
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > most
            ):
                raise self._mistake(
                    key, f"{key} of {where} is {value!r:.40}.", f"Write degrees from -{most} to {most}.", where
                )
            found.append(None if value is None else float(value))
        if (found[0] is None) != (found[1] is None):
            raise self._mistake(where, f"{where} has one of latitude and longitude.", "Give both, or neither.")
        return found[0], found[1]

    def _power(self, rows: Any, where: str) -> dict[int, Measure]:
        found = {}
        for year, row in self._row(rows, f"{where}.power_megawatts", None).items():
            if not year.isdecimal() or not YEAR_MIN <= int(year) <= YEAR_MAX:
                raise self._mistake(
                    year, f"{year!r:.40} is no year.", f"Write years {YEAR_MIN} to {YEAR_MAX} as keys.", where
                )
            found[int(year)] = self._measure(POWER, row, f"{where}.power_megawatts.{year}")
        return found

    def _measure(self, criterion: Criterion, row: Any, where: str) -> Measure:
        told = self._row(row, where, _MEASURE)
        key = where.rpartition(".")[2]
        numbers = {name: self._number(criterion, told[name], key, where) for name in _MEASURE[:3] if name in told}
        if "value" not in numbers and not {"low", "high"} <= set(numbers):
            raise self._mistake(key, f"{where} has no figure.", "Give low and high, or value, or all three.", where)
        value = numbers.get("value")
        low, high = (numbers.get(end, value) for end in ("low", "high"))
        assert low is not None, "checked above"
        assert high is not None, "checked above"
        if not low <= (low if value is None else value) <= high:
            raise self._mistake(key, f"{where}: low, value and high are not in this order.", "Sort them.", where)
        confidence = told.get("confidence")
        if confidence not in (None, "high", "medium", "low"):
            raise self._mistake("confidence", f"confidence is {confidence!r:.40}.", "Write high, medium or low.", where)
        source = self._words(told.get("source"), "source", where)
        as_of = told.get("as_of")
        return Measure(low, high, Source((source,), None if as_of is None else str(as_of), confidence), value)

    def _number(self, criterion: Criterion, value: Any, key: str, where: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise self._mistake(key, f"{where}: {value!r:.40} is no number.", f"Write {criterion.unit_words}.", where)
        if not criterion.least <= value <= criterion.most:
            limits = f"from {criterion.least:,g} to {criterion.most:,.10g}"
            raise self._mistake(
                key,
                f"{where}: {value:,.10g} is not {limits}; is the unit right?",
                f"Write {criterion.unit_words}.",
                where,
            )
        return float(value)

    def _words(self, value: Any, key: str, where: str) -> str:
        if not isinstance(value, str) or not value.strip():
            remedy = "Say where the figure comes from." if key == "source" else "Write it in words."
            raise self._mistake(where.rpartition(".")[2], f"{where} has no {key}.", remedy, where)
        return value.strip()[:500]

    def _table(self, document: Mapping[str, Any], key: str, known: tuple[str, ...] | None) -> Mapping[str, Any]:
        return self._row(document.get(key, {}), key, known)

    def _row(self, row: Any, where: str, known: tuple[str, ...] | None) -> Mapping[str, Any]:
        if not isinstance(row, dict):
            key = where.rpartition(".")[2]
            raise self._mistake(key, f"{where} must be a table.", "Write keys and values.")
        if known is not None:
            self._check_keys(row, known, where)
        return row

    def _check_keys(self, row: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
        unknown = unknown_key(row, known, where)
        if unknown is not None:
            raise self._mistake(*unknown, where)

    def _mistake(self, key: str, detail: str, remedy: str, where: str = "") -> CandidatesRefused:
        line = self._line(key, where)
        place = f"{self.place}, line {line}" if line else self.place
        return CandidatesRefused(f"{place}: {detail}", remedy=remedy, key=key, line=line)

    def _line(self, key: str, where: str) -> int | None:
        """Return the line of a key, looked for from the header of the innermost table around it that has one."""
        rows = self.text.splitlines()
        tables = where.split(".") if where else []
        headers = (".".join(tables[:depth]) for depth in range(len(tables), 0, -1))
        starts = (n for header in headers for n, row in enumerate(rows) if row.strip().strip("[]") == header)
        found = re.compile(rf"""^\s*(?:\[+[^\]]*\b{re.escape(key)}\b[^\]]*\]|["']?{re.escape(key)}["']?\s*=)""")
        start = next(starts, 0)
        line = next((n for n, row in enumerate(rows[start:], start + 1) if found.match(row)), None)
        if line is None and len(tables) > 1:  # it stands within braces, in the line of what it tells about
            return self._line(tables[-1], ".".join(tables[:-1]))
        return line
