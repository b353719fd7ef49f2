"""Write the reference pages that are made from the code, so that they cannot say anything else.

Usage: python tools/write_reference.py [--check]
"""

import os
import sys
import tempfile
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from fabrica.agent.settings import AgentSettings
from fabrica.cli.main import fabrica as command_line
from fabrica.values.quantities import show_bytes
from fabrica.values.states import ENDS, AttemptState, RunState
from fabrica.wire.problems import FabricaError, all_problems
from fabrica.wire.runs import RunSpec

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by tools/write_reference.py from the code; `make reference` writes it anew. -->\n\n"

# What `fabrica.toml` calls a field, and how it is written there, where that differs from the wire.
TOML_NAMES = {
    "memory_bytes": ("memory", 'a size: `"2 GiB"`, `"500 MB"`'),
    "disk_bytes": ("disk", 'a size: `"2 GiB"`, `"500 MB"`'),
    "time_limit_seconds": ("time_limit", 'a duration: `"10 min"`, `"2 h"`'),
    "expected_seconds": ("expected", 'a duration: `"10 min"`, `"2 h"`'),
}
NOT_IN_TOML = {"bundle_sha256"}  # counted from the files of the folder when the run is submitted


def main(arguments: Sequence[str]) -> int:
    """Write every page; with `--check` only say which are not up to date, and return 1 if any."""
    stale = []
    for name, page in PAGES.items():
        path, text = FOLDER / name, page()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
            print(f"Wrote docs/reference/{name}")
    if stale and "--check" in arguments:
        print(f"Not up to date: {', '.join(stale)}. `make reference` writes them anew.")
        return 1
    return 0


def problems_page() -> str:
    """Return the page with every named problem: its code, status and meaning."""
    parts = [
        f"{NOTE}# Problems\n\n"
        "Each failure that a caller can understand has a code that never changes its meaning. The REST API sends it as "
        "`application/problem+json` (RFC 9457), the SDK raises it as the class named here, and the command line "
        "prints its detail and remedy and ends with status 1.\n"
    ]
    parts += [_problem(problem) for code, problem in all_problems().items() if problem is not FabricaError]
    return "\n".join(parts)


def _problem(problem: type[FabricaError]) -> str:
    own = problem.__dict__.get("__doc__")
    words = f"\n{_one_line(own)}\n" if own else ""
    return f"## {problem.code}\n\n{problem.title}. Status {problem.status}, class `{problem.__name__}`.\n{words}"


def states_page() -> str:
    """Return the page with run states, attempt states and end reasons."""
    ends = (
        (f"`{reason.value}`", f"`{end.state.value}`", end.fault.value, _yes(end.charged), _yes(end.retried), end.words)
        for reason, end in ENDS.items()
    )
    return "\n".join(
        [
            f"{NOTE}# States and reasons",
            "",
            'A state says where a thing is; a reason says why. "Lost contact" is not a state: it is the age of the '
            "last observation, and it ends nothing.",
            "",
            "## Run states",
            "",
            ", ".join(f"`{state.value}`" + (" (final)" if state.final else "") for state in RunState) + ".",
            "",
            "## Attempt states",
            "",
            ", ".join(f"`{state.value}`" for state in AttemptState) + ".",
            "",
            "## Why an attempt ended",
            "",
            "One closed list for all engines. A reason that is tried again leads to a new attempt while the run has "
            "attempts left.",
            "",
            *_table(("reason", "the run is", "whose doing", "charged", "tried again", "in words"), ends),
            "",
        ]
    )


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def toml_page() -> str:
    """Return the page with every key of `fabrica.toml`."""
    parts = [
        f"{NOTE}# fabrica.toml\n",
        "What a run is, in the root of its folder. An unknown key is refused by name and line.",
    ]
    sections: list[tuple[str, type[BaseModel]]] = [("The top of the file", RunSpec), *_sections(RunSpec)]
    for title, model in sections:
        rows = (_toml_row(name, field) for name, field in model.model_fields.items() if _is_key(name, field))
        words = "" if model is RunSpec else f"\n{_one_line(model.__doc__)}\n"
        parts.append(f"\n## {title}\n{words}")
        parts += _table(("key", "what", "when absent", "meaning"), rows)
    return "\n".join(parts) + "\n"


def _sections(model: type[BaseModel]) -> list[tuple[str, type[BaseModel]]]:
    found = []
    for name, field in model.model_fields.items():
        for part in (field.annotation, *typing.get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                many = typing.get_origin(field.annotation) is tuple
                found.append((f"`[[{name}]]`" if many else f"`[{name}]`", part))
    return found


def _is_key(name: str, field: FieldInfo) -> bool:
    tables = [part for part in (field.annotation, *typing.get_args(field.annotation)) if isinstance(part, type)]
    return name not in NOT_IN_TOML and not any(issubclass(part, BaseModel) for part in tables)


def _toml_row(
    name: str, field: FieldInfo, names: Mapping[str, tuple[str, str]] = TOML_NAMES
) -> tuple[str, str, str, str]:
    shown, kind = names.get(name, (name, _kind(field.annotation)))
    return f"`{shown}`", kind, _default(name, field), (field.description or "").replace("null:", "absent:")


def _kind(annotation: object) -> str:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(parts[0])
    if origin is typing.Literal:
        return "one of " + ", ".join(f"`{part}`" for part in parts)
    if origin is tuple:
        return "a list: " + _kind(parts[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_kind(part) for part in parts if part is not type(None))
    if origin is dict:
        return "a table"
    names = {Path: "a path", str: "text", int: "a whole number", float: "a number", bool: "`true` or `false`"}
    return names.get(typing.cast(type, annotation), "text")


def _default(name: str, field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "nothing"
    if field.default is PydanticUndefined:
        return "must be given"
    if field.default is None or field.default in ((), ""):
        return "nothing"
    if name in TOML_NAMES:
        return f"`{show_bytes(field.default)}`" if name.endswith("_bytes") else f"`{field.default} s`"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def agent_toml_page() -> str:
    """Return the page with every key of `agent.toml`."""
    rows = (_toml_row(name, field, names={}) for name, field in AgentSettings.model_fields.items())
    head = f"{NOTE}# agent.toml\n\nWhat a site's operator sets for its agent. An unknown key is refused by name.\n"
    return "\n".join([head, *_table(("key", "what", "when absent", "meaning"), rows), ""])


def commands_page() -> str:
    """Return the page with every command and its options."""
    top = click.Context(command_line, info_name="fabrica", terminal_width=100, **command_line.context_settings)
    words = "Every command explains itself with `--help`; `RUN` is an id, its last characters, or `last`.\n"
    return "\n".join([f"{NOTE}# Commands\n", words, *_commands(command_line, top)])


def _commands(command: click.Command, context: click.Context) -> list[str]:
    text = command.get_help(context).strip()
    parts = [f"## {context.command_path}\n\n```text\n{text}\n```\n"]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below and not below.hidden:
                parts += _commands(below, click.Context(below, info_name=name, parent=context))
    return parts


def api_page() -> str:
    """Return the page with every endpoint of the REST API."""
    parts = [
        f"{NOTE}# REST API\n",
        "Every address begins with `/api/v1`. People send `Authorization: Bearer TOKEN` or a signed-in session; the "
        "addresses under `/agent` are for agents with their own token, those under `/evaluator` for independent "
        "evaluators, who sign. POST `/runs`, `/allocations`, `/corrections`, `/organisations`, `/projects`, "
        "`/plan/scenarios`, `/questions`, `/systems`, and below these versions and issues, take an `Idempotency-Key`: "
        "the same request sent twice is done once. A failure is a {doc}`problem <problems>`. A running server "
        "describes each body in full at `/api/v1/openapi.json`.\n",
    ]
    operations: dict[str, list[Sequence[str]]] = {}
    for path, methods in _openapi()["paths"].items():
        for method, told in methods.items():
            row = (f"`{method.upper()} {path.removeprefix('/api/v1')}`", _one_line(told["description"]), *_bodies(told))
            operations.setdefault(told["tags"][0], []).append(row)
    for tag, rows in operations.items():
        parts += [f"## {tag.capitalize()}\n", *_table(("request", "what", "body", "answer"), rows), ""]
    return "\n".join(parts)


def _openapi() -> dict[str, typing.Any]:
    """Return the API's own description. The server's settings want a home folder; it gets one for the moment."""
    with tempfile.TemporaryDirectory() as home:
        os.environ.setdefault("FABRICA_HOME", home)
        from fabrica.server.config.start import setup

        setup()
        from fabrica.server.config.api import api

        return dict(api.get_openapi_schema(path_prefix="/api/v1"))


def _bodies(told: Mapping[str, typing.Any]) -> tuple[str, str]:
    """Return the names of an operation's body and of its first good answer."""
    answers = [answer for status, answer in told["responses"].items() if str(status).startswith("2")]
    return _body(told.get("requestBody", {})), _body(answers[0]) if answers else ""


def _body(told: Mapping[str, typing.Any]) -> str:
    contents: list[dict[str, typing.Any]] = list(told.get("content", {}).values())
    schema = contents[0].get("schema", {}) if contents else {}
    many = "list of " if schema.get("type") == "array" else ""
    name = (schema.get("items", schema)).get("$ref", "").rpartition("/")[2]
    return f"{many}`{name}`" if name else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines]


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


PAGES: Mapping[str, Callable[[], str]] = {
    "agent-toml.md": agent_toml_page,
    "api.md": api_page,
    "commands.md": commands_page,
    "fabrica-toml.md": toml_page,
    "problems.md": problems_page,
    "states-and-reasons.md": states_page,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
