"""How commands tell how far a calculation is: a bar on a terminal, else a line now and then; both on stderr."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fabrica.cli.output import console, say

if TYPE_CHECKING:
    from fabrica.planning.progress import Progress

STEP = 0.05
"""Of the whole, from one line to the next."""


@contextlib.contextmanager
def progress_told() -> "Iterator[Progress]":
    """Yield what tells a person how far a calculation is, from 0 to 1, and what it does now."""
    out = console(stderr=True)
    if not out.is_terminal or out.is_dumb_terminal:  # no bar is drawn on a dumb one
        yield _lines()
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    words = TextColumn("{task.description}", markup=False)
    with Progress(BarColumn(), TaskProgressColumn(), words, console=out, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share, words: bar.update(task, completed=share, description=words)


def _lines() -> "Progress":
    """Return what prints a line when another step is done, or when something else begins."""
    last = (-STEP, "")

    def tell(share: float, words: str) -> None:
        nonlocal last
        begun = words.rpartition(": ")[0]
        if share >= last[0] + STEP or begun != last[1]:
            last = (share, begun)
            say(f"{share:.0%}: {words} …")

    return tell
