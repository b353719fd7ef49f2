"""A FABRICA_HOME of its own, and the command line over it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 180  # on a loaded machine; what comes true in time is not waited for
_OURS = ("FABRICA_", "DJANGO_")


def wait_until(done: Callable[[], Any], what: str, *, seconds_max: float = SECONDS_MAX) -> Any:
    """Return the first answer of `done` that is true; fail with `what` when none came in time."""
    until = time.monotonic() + seconds_max
    while not (answer := done()):
        assert time.monotonic() < until, f"this did not come true in {seconds_max:.0f} s: {what}"
        time.sleep(0.02)
    return answer


class Home:
    """All state of one embedded network or server, in a folder that only this test uses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a process of this home: nothing of the test's own Fabrica reaches it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return kept | {"FABRICA_HOME": str(self.folder), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}

    def fabrica(self, *arguments: str, status: int = 0) -> str:
        """Run a command to its end and return what it printed; fail when its status is another."""
        done = self.python("-m", "fabrica.cli.main", *arguments)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def json(self, *arguments: str, status: int = 0) -> Any:
        """Run a command with --json and return the one value it printed."""
        return json.loads(self.fabrica(*arguments, "--json", status=status))

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * SECONDS_MAX,
        )

    def inside(self) -> dict[str, Any]:
        """Return what the database holds: books, chain, runs, attempts."""
        done = self.python("-m", "tests.flows.inside")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def write_run(
    folder: Path, command: Sequence[str], files: Mapping[str, str] | None = None, **resources: str | int
) -> Path:
    """Write the folder of a small run: a command, its files, and resources such as `disk="64 MiB"`."""
    folder.mkdir(parents=True, exist_ok=True)
    asked: dict[str, str | int] = {"memory": "256 MiB", "disk": "256 MiB", "time_limit": "2 min", **resources}
    (folder / "fabrica.toml").write_text(
        f'name = "{folder.name}"\ncommand = {json.dumps(list(command))}\noutputs = ["model.txt"]\n\n[resources]\n'
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in asked.items())
    )
    for name, text in (files or {}).items():
        (folder / name).write_text(text)
    return folder
