"""`fabrica.toml`: what a run's folder says of itself, read strictly, with the line of every mistake."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from fabrica.values.ids import ProjectId, RunId, SiteId
from fabrica.values.quantities import parse_bytes
from fabrica.values.time import parse_duration_seconds
from fabrica.values.toml import line_of, unknown_key
from fabrica.wire.environments import Environment
from fabrica.wire.runs import (
    Dataset,
    ManifestMissing,
    ManifestRefused,
    MetricRule,
    Resources,
    RunPurpose,
    RunSpec,
)

FILE_NAME = "fabrica.toml"
BYTES_MAX = 2**20
_RUN_KEYS = (
    "name",
    "project",
    "purpose",
    "command",
    "outputs",
    "checkpoint",
    "countries",
    "sites",
    "expected",
    "attempts_max",
    "after",
    "accept_simulated",
)
_TABLES: Mapping[str, type[BaseModel]] = {
    "environment": Environment,
    "resources": Resources,
    "datasets": Dataset,
    "metrics": MetricRule,
}
_SPOKEN = {"memory": "memory_bytes", "disk": "disk_bytes", "time_limit": "time_limit_seconds"}
"""Keys of [resources] that people write with a unit, and the field each becomes."""

_PLAIN_WORDS: Mapping[str, str] = {
    "tuple_type": 'it must be a list, such as ["python", "train.py"]',
    "string_type": "it must be text in quotes",
    "bool_type": "it must be true or false",
    "bool_parsing": "it must be true or false",
    "int_type": "it must be a whole number",
    "int_parsing": "it must be a whole number",
    "float_type": "it must be a number",
    "model_type": "it must be a table",
    "model_attributes_type": "it must be a table",
}
"""What is wrong with a value, by the checker's own names, in a founder's words."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A folder with a `fabrica.toml`, read and checked."""

    folder: Path
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.fields["name"])

    def at(self, sites: tuple[SiteId, ...]) -> "Manifest":
        """Return the same run, only for these sites; for those the file names where none is given."""
        return replace(self, fields={**self.fields, "sites": sites}) if sites else self

    def behind(self, runs: tuple[RunId, ...]) -> "Manifest":
        """Return the same run, only once these have succeeded; once those the file names have where none is given."""
        return replace(self, fields={**self.fields, "after": runs}) if runs else self

    def spec(self, bundle_sha256: str, project: ProjectId | None = None) -> RunSpec:
        """Return the run spec for a packed source bundle."""
        fields = dict(self.fields)
        if project is not None:
            fields["project"] = project
        return RunSpec(bundle_sha256=bundle_sha256, **fields)


def read_manifest(folder: Path, **overrides: Any) -> Manifest:
    """Read and check `fabrica.toml` of a folder; `overrides` are fields of the run spec that replace what it says.

    Raises:
        ManifestMissing: the folder or the file is not there.
        ManifestRefused: the file is no TOML, or a key is unknown, missing or malformed; names key, line and remedy.
    """
    file = folder / FILE_NAME
    try:
        if file.stat().st_size > BYTES_MAX:
            raise ManifestRefused(f"{file} is larger than {BYTES_MAX:,} bytes.", remedy="Put data into [[datasets]].")
        text = file.read_text(encoding="utf-8")
    except (IsADirectoryError, PermissionError) as error:
        raise ManifestRefused(f"{file} cannot be read: {error.strerror}.", remedy="Make it a readable file.") from None
    except (FileNotFoundError, NotADirectoryError):
        raise ManifestMissing(
            f"There is no {FILE_NAME} in {folder}.",
            remedy="Name the folder of a run, for example 'fabrica run examples/ride-demand'.",
        ) from None
    except UnicodeDecodeError as error:
        raise ManifestRefused(f"{file} is not UTF-8 text (byte {error.start}).", remedy="Save it as UTF-8.") from None
    reader = _Reader(file, text)
    fields = reader.fields()
    if "time_limit_seconds" in overrides:
        limit = {"time_limit_seconds": overrides.pop("time_limit_seconds")}
        fields["resources"] = {**fields.get("resources", {}), **limit}
    fields.update(overrides)
    try:
        RunSpec(bundle_sha256="0" * 64, **fields)
    except ValidationError as error:
        raise reader.refused(error) from None
    return Manifest(folder, fields)


class _Reader:
    """One file being read: knows where each key stands."""

    def __init__(self, file: Path, text: str) -> None:
        self.file, self.text = file, text

    def fields(self) -> dict[str, Any]:
        """Return the run spec's fields; unknown keys and words with units are dealt with here."""
        try:
            document = tomllib.loads(self.text)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:  # of a date or number as well
            raise ManifestRefused(
                f"{self.file} is not valid TOML: {error}.", remedy="Compare it with an example's fabrica.toml."
            ) from None
        self._check_keys(document, (*_RUN_KEYS, *_TABLES), "")
        for table, kind in _TABLES.items():
            keys = [spoken for spoken in _SPOKEN if _SPOKEN[spoken] in kind.model_fields]
            keys += [key for key in kind.model_fields if key not in _SPOKEN.values()]
            rows = document.get(table, {})
            for row in rows if isinstance(rows, list) else [rows]:
                if not isinstance(row, dict):
                    raise self._mistake(table, f"[{table}] must be a table.", f"Write [{table}] and its keys below it.")
                self._check_keys(row, keys, table)
        if "expected" in document:
            document["expected_seconds"] = self._read("expected", document.pop("expected"), parse_duration_seconds)
        resources = document.get("resources", {})
        if isinstance(resources, list):
            raise self._mistake("resources", "[[resources]] must be one table.", "Write [resources].")
        for spoken, field in _SPOKEN.items():
            if spoken in resources:
                reader = parse_duration_seconds if spoken == "time_limit" else parse_bytes
                resources[field] = self._read(spoken, resources.pop(spoken), reader)
        return document

    def _check_keys(self, row: Mapping[str, Any], known: Sequence[str], table: str) -> None:
        unknown = unknown_key(row, known, f"[{table}]" if table else "")
        if unknown is not None:
            raise self._mistake(*unknown)

    def _read(self, key: str, value: Any, reader: Any) -> int:
        try:
            return int(reader(value if isinstance(value, str) else str(value)))
        except ValueError as error:
            raise self._mistake(key, f"{key}: {error}", "") from None

    def refused(self, error: ValidationError) -> ManifestRefused:
        """Return the first mistake that the run spec found, in the file's own words."""
        first = error.errors(include_url=False)[0]
        where = [str(part) for part in first["loc"] if not isinstance(part, int)]
        key = next((spoken for spoken, field in _SPOKEN.items() if where[-1:] == [field]), where[-1] if where else "")
        if first["type"] == "missing":
            return self._mistake("", f"The key '{'.'.join(where)}' is missing.", "Add it; the examples show its form.")
        if key == "purpose":
            purposes = ", ".join(get_args(RunPurpose))
            return self._mistake(key, f"{first['input']!r} is no run purpose.", f"Purposes: {purposes}.")
        said = first["msg"].removeprefix("Value error, ")
        words = _PLAIN_WORDS.get(first["type"], f"{said[0].lower()}{said[1:]}")
        return self._mistake(key, f"{'.'.join(where)}: {words}.", "The examples show the form of every key.")

    def _mistake(self, key: str, detail: str, remedy: str) -> ManifestRefused:
        line = line_of(self.text, key)
        place = f"{self.file}, line {line}" if line else str(self.file)
        return ManifestRefused(f"{place}: {detail}", remedy=remedy, key=key, line=line)
