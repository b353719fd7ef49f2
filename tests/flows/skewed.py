"""Runs a `fabrica` command in a process whose clock is off by what a file says, in seconds, as of now.

The keepers that the process starts have the same clock. Usage: python -m tests.flows.skewed FILE ARGUMENT ...
"""

import sys
import time
from datetime import UTC, datetime

_SKEWED = """
import time
from pathlib import Path

real_time = time.time
time.time = lambda: real_time() + int(Path({file!r}).read_text())
"""


def main() -> None:
    file, *arguments = sys.argv[1:]
    exec(_SKEWED.format(file=file), {})

    def now() -> datetime:
        return datetime.fromtimestamp(time.time(), UTC)

    from fabrica.agent.loop import Agent
    from fabrica.engines.local import engine
    from fabrica.server.core import clock

    clock.now = now
    assert Agent.__init__.__kwdefaults__ is not None
    Agent.__init__.__kwdefaults__["clock"] = now
    engine._KEEPER = _SKEWED.format(file=file) + engine._KEEPER
    sys.argv = ["fabrica", *arguments]
    from fabrica.cli.main import main as fabrica

    fabrica()


if __name__ == "__main__":
    main()
