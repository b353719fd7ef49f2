"""Opens the Slurm engine from an operator's settings: finds what the site's Slurm can, and the way to ask it."""

from pathlib import Path
from typing import Any

from fabrica.engines.slurm.commands import Commands, run_slurm
from fabrica.engines.slurm.controller import Controller, Silent
from fabrica.engines.slurm.engine import SlurmEngine
from fabrica.engines.slurm.probe import Probe, probe_of, read_config
from fabrica.engines.slurm.rest import Rest
from fabrica.engines.slurm.settings import SlurmSettings, read_slurm_settings
from fabrica.engines.slurm.submission import joined


def open_slurm(folder: Path, table: dict[str, Any]) -> SlurmEngine:
    """Open the engine over its folder. Slurm itself is first asked when it is first needed.

    Raises:
        AgentSettingsRefused: the settings have a mistake; each is named.
    """
    settings = read_slurm_settings(table)
    return SlurmEngine(folder, settings=settings, connect=lambda: connect(settings))


def connect(settings: SlurmSettings) -> Controller:
    """Return the way to a site's Slurm.

    Raises:
        Silent: it does not answer now.
    """
    if settings.form == "rest":
        return Rest(settings)
    return Commands(settings, probe(settings))


def probe(settings: SlurmSettings) -> Probe:
    """Ask a site's Slurm what it is and can.

    Raises:
        Silent: it does not answer now.
    """
    done = run_slurm(settings, ["scontrol", "show", "config"])
    if done.returncode != 0:
        raise Silent(joined([done.stderr, done.stdout]))
    return probe_of(read_config(done.stdout), accounting=settings.accounting)
