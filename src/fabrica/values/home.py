"""Where Fabrica keeps what is its own on a machine, the same for a person's commands and for a server."""

import os
from pathlib import Path


def home() -> Path:
    """Return the folder of all state: `FABRICA_HOME`, or `~/.fabrica`."""
    return Path(os.environ.get("FABRICA_HOME") or Path.home() / ".fabrica").absolute()
