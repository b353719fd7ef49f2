"""End the sites of a test run that died without ending them.

Usage: python -m tests.services.slurm.keeper, with `+FOLDER` or `-FOLDER` a line on standard input.
A pipe closes when its process dies, however it dies. What was started and not stopped is then ended and removed.
"""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.services.slurm.processes import end_site

ROOT = Path(__file__).parents[3]
_kept: list[subprocess.Popen[str]] = []


def keep(folder: Path) -> None:
    """Have the site of a folder ended, and its folder removed, when this process is gone."""
    _say(f"+{folder}")


def forget(folder: Path) -> None:
    """Say that a site was ended."""
    _say(f"-{folder}")


def _say(line: str) -> None:
    if not _kept:
        command = [sys.executable, "-m", "tests.services.slurm.keeper"]
        _kept.append(subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True, start_new_session=True))
    pipe = _kept[0].stdin
    assert pipe
    pipe.write(line + "\n")
    pipe.flush()


def main() -> None:
    """Read what is started and stopped; at the end of input, end what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    left: dict[Path, None] = {}
    for line in sys.stdin:
        folder = Path(line[1:].rstrip("\n"))
        if line.startswith("+"):
            left[folder] = None
        else:
            left.pop(folder, None)
    for folder in left:
        end_site(folder)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
