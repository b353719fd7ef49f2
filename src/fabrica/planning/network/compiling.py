"""How the network's loops are compiled: kept under a name that also changes with the engine's and the broker's code."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from fabrica.planning.engine.compiling import kept_folder, only_inside
from fabrica.planning.network.versions import PACKAGE

F = TypeVar("F", bound=Callable[..., object])

LOOPS = (
    *(
        f"planning/network/{name}.py"
        for name in ("arithmetic", "broker", "codes", "compiling", "fleet", "front", "versions", "waits")
    ),
    *sorted(f"planning/engine/{path.name}" for path in (PACKAGE / "planning/engine").glob("*.py")),
    *(f"placement/{name}.py" for name in ("columns", "kernel", "snapshot")),
)
"""Every file that the compiled code is made of; Numba itself looks only at the file of a function it keeps."""

_FOLDER = kept_folder("network", (PACKAGE / name for name in LOOPS))


def compiled(function: F) -> F:
    """Return the function compiled at its first call, and kept on disk where that can be."""
    return _compiled(function, inline=False)


def inlined(function: F) -> F:
    """Return the function compiled into each of its callers: for the short ones."""
    return _compiled(function, inline=True)


def _compiled(function: F, *, inline: bool) -> F:
    """Compile without counting references: the loops make no arrays, and handing over some thirty would cost time."""
    config: Any = numba.config
    kept = config.CACHE_DIR
    if _FOLDER is not None:
        config.CACHE_DIR = str(_FOLDER)
    try:
        options: Any = {"cache": _FOLDER is not None, "nogil": True, "_nrt": False, "forceinline": inline}
        options |= only_inside(function)
        return cast(F, numba.njit(**options)(function))
    finally:
        config.CACHE_DIR = kept


def is_kept() -> bool:
    """Return whether the loops were compiled before and only have to be read."""
    return _FOLDER is not None and any(_FOLDER.rglob("broker.run_broker-*.nbi"))
