"""How the loops are compiled: by Numba, kept on disk under a name that changes with any line of the engine."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy

from fabrica.planning.engine.sources import source_hash

int64: Any = numpy.int64
"""Makes a constant, or a number of a narrow column, one of 64 bits: each type that a function is given is compiled."""

F = TypeVar("F", bound=Callable[..., object])
_OTHER_VERSIONS_KEPT = 2


def compiled(function: F) -> F:
    """Return the function compiled at its first call; it lets other threads run meanwhile.

    Small functions are put whole into their callers: handing over the arrays would cost more than they do.
    """
    return _compiled(function, forceinline=True)


def compiled_apart(function: F) -> F:
    """Return the function compiled at its first call, once for all its callers: for the long ones.

    Put into every caller, they would make the compiler take minutes.
    """
    return _compiled(function, forceinline=False)


def compiled_within(function: F) -> F:
    """Return the function to be put, line by line, into the compiled function that calls it: for what only one calls.

    So it is compiled there alone, and not once more by itself together with all that it calls.
    """
    options: Any = {"inline": "always", "nogil": True, "_nrt": False}
    return cast(F, numba.njit(**options)(function))


def _compiled(function: F, forceinline: bool) -> F:
    # No function of the engine makes an array, so none has to count who refers to one, which took most of the time.
    options: Any = {"nogil": True, "_nrt": False, "forceinline": forceinline, **only_inside(function)}
    if _FOLDER is None:
        return cast(F, numba.njit(**options)(function))
    config: Any = numba.config
    kept, config.CACHE_DIR = config.CACHE_DIR, str(_FOLDER)
    try:
        return cast(F, numba.njit(cache=True, **options)(function))
    finally:
        config.CACHE_DIR = kept


def only_inside(function: Callable[..., object]) -> dict[str, bool]:
    """Return the options of a private function: only compiled code calls it, so no way in from Python is compiled.

    One that Python calls all the same ends the process.
    """
    inside = function.__name__.startswith("_")
    return {"no_cpython_wrapper": inside, "no_cfunc_wrapper": True}


def is_kept(loop: str) -> bool:
    """Return whether a loop, such as `easy.easy`, was compiled before and only has to be read."""
    return _FOLDER is not None and any(_FOLDER.rglob(f"{loop}-*.nbi"))


def kept_folder(name: str, sources: Iterable[Path]) -> Path | None:
    """Return where compiled code is kept; null where nothing can be, so that every process compiles.

    Numba looks only at the file of a function itself to see whether kept code is stale, not at what it calls. So the
    folder's name ends with a hash of all sources. Of other versions the newest two stay, for whoever goes to and fro.
    """
    version = source_hash(sources)
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fabrica"
        folder = home / f"{name}-{version}"
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _drop_old(one for one in home.glob(f"{name}-*") if one != folder)
    except (OSError, RuntimeError):
        return None
    return folder if os.access(folder, os.W_OK) else None


def _drop_old(folders: Iterable[Path]) -> None:
    with contextlib.suppress(OSError):  # another process does the same now
        for old in sorted(folders, key=lambda one: one.stat().st_mtime)[:-_OTHER_VERSIONS_KEPT]:
            shutil.rmtree(old, ignore_errors=True)


_FOLDER = kept_folder("twin", sorted(Path(__file__).parent.glob("*.py")))
