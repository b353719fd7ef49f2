"""`fabrica plan replay-decisions`: the live service's own placement decisions, made again by the twin's kernel."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fabrica.cli.output import console, json_option, print_json, say

if TYPE_CHECKING:
    from fabrica.sdk.client import Client
    from fabrica.wire.placement import KeptDecision

PAGE = 100


@click.command("replay-decisions")
@click.option(
    "--runs", "runs_max", metavar="N", type=click.IntRange(min=1), default=1000, show_default=True, help="Newest runs."
)
@click.option("--plain", is_flag=True, help="Decide with plain Python, as where Numba is not installed.")
@json_option
def replay_decisions(runs_max: int, plain: bool, as_json: bool) -> None:
    """Make the placement decisions of the newest runs again, and tell which come out otherwise: none should.

    \b
    Example:
        fabrica plan replay-decisions --runs 200
    """
    from dataclasses import asdict

    from fabrica.cli.connection import connect
    from fabrica.planning.decisions import replay_decisions as decide_again

    with connect() as client:
        found = decide_again(_kept(client, runs_max), plain=plain)
    if as_json:
        told = {name: getattr(found, name) for name in ("decisions", "held", "equal_share", "compiled")}
        print_json({**told, "different": [asdict(one) for one in found.different]})
    else:
        out = console()
        kernel = "compiled kernel" if found.compiled else "kernel in plain Python"
        out.print(
            f"{found.decisions:,} decisions, of which {found.held:,} held a run, were made again by the {kernel}; "
            f"{found.equal_share:.2%} came out as they were made."
        )
        for one in found.different:
            out.print(f"{one.placement}: was {one.was}, is now {one.is_now}")
    if found.different:
        sys.exit(1)


def _kept(client: "Client", runs_max: int) -> "Iterator[KeptDecision]":
    """Yield the kept decisions of the newest runs that the caller may see."""
    from fabrica.sdk import runs

    cursor, seen = None, 0
    while seen < runs_max:
        page = runs.runs(client, limit=min(PAGE, runs_max - seen), cursor=cursor)
        for run in page.runs:
            yield from runs.kept_decisions(client, run.id)
        seen += len(page.runs)
        cursor = page.next_cursor
        if cursor is None or not page.runs:
            return
        say(f"The decisions of {seen:,} runs were made again …")
