"""Runs a `fabrica` command in a process that kills itself once, at a named point, when the test has armed it.

Usage: python -m tests.flows.dying FOLDER MODULE:NAME:before|after ARGUMENT ...
The process dies when it comes to the point and FOLDER/armed exists; FOLDER/dead then keeps it from dying again.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    folder, point, *arguments = sys.argv[1:]
    module, name, when = point.split(":")
    if module.startswith("fabrica.server"):
        from fabrica.server.config.start import setup

        setup()
    owner: Any = importlib.import_module(module)
    *inner, last = name.split(".")
    for part in inner:
        owner = getattr(owner, part)
    setattr(owner, last, _dying(getattr(owner, last), Path(folder), when))
    sys.argv = ["fabrica", *arguments]
    from fabrica.cli.main import main as fabrica

    fabrica()


def _dying(act: Callable[..., Any], folder: Path, when: str) -> Callable[..., Any]:
    def dying(*values: Any, **named: Any) -> Any:
        if when == "before":
            _die_once(folder)
        result = act(*values, **named)
        if when == "after":
            _die_once(folder)
        return result

    return dying


def _die_once(folder: Path) -> None:
    if not (folder / "armed").exists():
        return
    try:
        (folder / "dead").open("x").close()
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
