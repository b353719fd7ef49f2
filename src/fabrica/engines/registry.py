"""Open an engine by its name."""

from pathlib import Path
from typing import Any

from fabrica.engines.contract import Engine, MirrorsLimits

ENGINES = ("local", "slurm", "simulated")


def open_wall(name: str, folder: Path, **settings: Any) -> MirrorsLimits | None:
    """Open what mirrors allocations as limits beside the engine `name`; None: that engine has no such thing.

    Raises:
        AgentSettingsRefused: the settings of that engine have a mistake.
    """
    if name != "slurm":
        return None
    from fabrica.engines.slurm.wall import open_slurm_wall

    return open_slurm_wall(folder, settings)


def open_engine(name: str, folder: Path, **settings: Any) -> Engine:
    """Open the engine `name` over its own folder; `settings` are the engine's own keywords.

    Raises:
        ValueError: there is no such engine.
        AgentSettingsRefused: the settings of that engine have a mistake.
    """
    if name == "local":
        from fabrica.engines.local.engine import LocalEngine

        return LocalEngine(folder, **settings)
    if name == "slurm":
        from fabrica.engines.slurm.opening import open_slurm

        return open_slurm(folder, settings)
    if name == "simulated":
        from fabrica.engines.simulated.engine import SimulatedEngine

        return SimulatedEngine(folder, **settings)
    raise ValueError(f"there is no engine {name!r}; there are {', '.join(ENGINES)}")
