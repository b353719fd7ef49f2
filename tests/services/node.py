"""The Node packages of the test services: installed once, from their lock file."""

import fcntl
import hashlib
import subprocess
from pathlib import Path

from tools.system_needs import program

FOLDER = Path(__file__).parent
INSTALLED = FOLDER / "node_modules"


def node_command(script: str, *arguments: str) -> list[str | Path]:
    """Return the command that runs a script of this folder, with its packages in place.

    Raises:
        MissingProgram: Node or npm is not on this machine, and could not be installed.
    """
    node, npm = program("node"), program("npm")
    with (FOLDER / ".npm-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers start together
        wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
        stamp = INSTALLED / ".prepared"
        if not stamp.is_file() or stamp.read_text() != wanted:
            options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run([npm, "ci", *options], cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)
            stamp.write_text(wanted)
    return [node, FOLDER / script, *arguments]
