"""Runs a `fabrica` command in a process whose clock is off by what a file says, in seconds, as of now.

Usage: python -m tests.flows.skewed FILE ARGUMENT ...
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path


def main() -> None:
    file, *arguments = sys.argv[1:]

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=int(Path(file).read_text()))

    from fabrica.agent.loop import Agent
    from fabrica.server.core import clock

    clock.now = now
    assert Agent.__init__.__kwdefaults__ is not None
    Agent.__init__.__kwdefaults__["clock"] = now
    sys.argv = ["fabrica", *arguments]
    from fabrica.cli.main import main as fabrica

    fabrica()


if __name__ == "__main__":
    main()
