"""How commands speak: one JSON object on request, else tables and plain words; progress and problems on stderr."""

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from fabrica.wire.problems import FabricaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
_WIDER_THAN_ANY_TABLE = 100_000


def print_json(value: Any) -> None:
    """Print a body, a list of bodies, or plain values as one JSON object."""
    click.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False))


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def console(*, stderr: bool = False) -> "Console":
    """Return where pages go. Colours only on a terminal."""
    from rich.console import Console

    place = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, soft_wrap=False, width=None if place.isatty() else 140)


def print_text(words: str = "", *, style: str = "") -> None:
    """Print words as they are, whoever wrote them: a bracket in them is no style."""
    console().print(words, markup=False, style=style)


def print_table(
    columns: "Sequence[str]", rows: "Iterable[Sequence[str]]", *, figures: "Sequence[str]" = (), stderr: bool = False
) -> None:
    """Print a table: columns of words, then those of `figures`.

    A cell shows what it holds as it is, whoever wrote it, and none is cut to fit.
    """
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(escape(column), overflow="fold")
    for column in figures:
        table.add_column(escape(column), overflow="fold", justify="right")
    for row in rows:
        table.add_row(*map(escape, row))
    out = console(stderr=stderr)
    if not out.is_terminal:
        out.width = _WIDER_THAN_ANY_TABLE
    out.print(table)


def say(words: str) -> None:
    """Tell a person what happens, on stderr, so that stdout stays clean."""
    click.echo(words, err=True)


def tell_problem(problem: FabricaError, *, as_json: bool = False) -> None:
    """Tell a named problem: what is wrong, what to do next, and where to read more."""
    if as_json:
        print_json({"problem": problem.to_problem()})
    say(f"{problem.title}: {problem.detail}" if problem.title not in problem.detail else problem.detail)
    for candidate in problem.facts.get("candidates") or []:
        say(f"  {candidate['site']}, {candidate['partition']}:")
        for reason in candidate["reasons"]:
            say(f"    - {reason}")
    for one in problem.facts.get("open") or []:
        say(f"  {one['item']}: {one['asks']}")
        say(f"    - {one['closed_by']}")
    if problem.remedy:
        say(f"→ {problem.remedy}")
    say(f"  ({problem.code})")
