"""The promises of house.md, sections 1 and 2, that the import contracts of pyproject.toml cannot say."""

import ast
import sys
from pathlib import Path

from tests.architecture.source import SERVER, SOURCE, imports, modules, place, slices, tree

FACE = ("service", "queries", "facts")
COMMON = ("core", "config")  # every slice stands on these two, whole
OUTER = ("config", "portal")  # these show every slice: they may use its pages and its address table too
SHOWN = (*FACE, "pages", "api", "urls", "forms", "admin", "permissions", "reconcilers")
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}  # monotonic() only measures a wait
CLOCK_OWNERS = {"datetime", "date", "time", "timezone"}


def test_slices_meet_through_their_faces() -> None:
    mistakes = [
        f"{place(path, line)} imports {name}; from another slice only {', '.join(FACE)} may be imported"
        for path in modules(SERVER)
        for line, name in imports(path)
        if not _is_allowed_between_slices(path, name)
    ]
    assert not mistakes, "\n".join(mistakes)


def _is_allowed_between_slices(path: Path, name: str) -> bool:
    parts = name.split(".")
    own = path.relative_to(SERVER).parts[0]
    if parts[:2] != ["fabrica", "server"] or len(parts) < 4 or parts[2] in (own, *COMMON):
        return True
    if parts[2] not in slices():
        return True
    noun, _, kind = parts[3].rpartition("_")  # a file of a face that is split by noun: question_pages
    return parts[3] in (shown := SHOWN if own in OUTER else FACE) or bool(noun and kind in shown)


def test_the_in_run_api_needs_nothing_but_python() -> None:
    path = SOURCE / "run.py"
    foreign = [name for _, name in imports(path) if name.split(".")[0] not in sys.stdlib_module_names]
    assert not foreign, f"{place(path)} imports {foreign}; it must work where nothing is installed"


def test_rules_are_given_the_time() -> None:
    mistakes = [
        f"{place(path, line)} reads a clock; rules receive `now`"
        for path in modules()
        if path.name == "rules.py" or path.is_relative_to(SOURCE / "placement")
        for line in _clock_reads(path)
    ]
    assert not mistakes, "\n".join(mistakes)


def test_only_core_clock_reads_the_clock_of_the_server() -> None:
    mistakes = [
        f"{place(path, line)} reads a clock; in the server only core/clock.py does"
        for path in modules(SERVER)
        if path != SERVER / "core" / "clock.py"
        for line in _clock_reads(path)
    ]
    assert not mistakes, "\n".join(mistakes)


def _clock_reads(path: Path) -> list[int]:
    calls = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if _is_clock(call.func)]


def _is_clock(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr in CLOCKS
        and isinstance(function.value, ast.Name | ast.Attribute)
        and (function.value.id if isinstance(function.value, ast.Name) else function.value.attr) in CLOCK_OWNERS
    )


def test_slices_do_not_listen_to_signals() -> None:
    mistakes = [
        f"{place(path, line)} imports {name}; the reader sees every effect in the verb"
        for path in modules(SERVER)
        for line, name in imports(path)
        if name.startswith(("django.db.models.signals", "django.dispatch"))
    ]
    assert not mistakes, "\n".join(mistakes)
