"""Start a service under its keeper, for as long as a `with` block lasts."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

KEEPER = Path(__file__).with_name("keeper.py")


@contextlib.contextmanager
def kept(
    command: Sequence[str | Path], *, folder: Path, user: str = "-", environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Yield the keeper of a running command; its standard output is the command's. `folder` goes at the end."""
    keeper = subprocess.Popen(
        [sys.executable, KEEPER, folder, user, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )
    try:
        yield keeper
    finally:
        assert keeper.stdin
        keeper.stdin.close()
        keeper.wait(timeout=30)


def first_answer(keeper: subprocess.Popen[str]) -> dict[str, Any]:
    """Return the JSON object that a service prints as its first line once it listens.

    Raises:
        RuntimeError: the service ended before it listened.
    """
    assert keeper.stdout
    line = keeper.stdout.readline()
    if not line:
        raise RuntimeError("The service ended before it listened; its own words are above.")
    answer: dict[str, Any] = json.loads(line)
    return answer
