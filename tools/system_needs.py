"""Find the programs that Fabrica's tests use and pip cannot bring; install them with apt where that is allowed."""

import fcntl
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

NAMES = {  # what each program is called on PATH, the usual name first
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
}
PACKAGES = {"chromium": "chromium", "postgresql": "postgresql"}  # Debian's names


@dataclass(frozen=True, slots=True)
class Library:
    """A file of the system that pip cannot bring.

    `pattern`: where it lies under /usr; `package`: Debian's name; `without`: what does not work without it;
    `for_tests`: only the tests need it.
    """

    pattern: str
    package: str
    without: str
    for_tests: bool = False


NO_PDF = "documents cannot be written as PDF"
LIBRARIES = [
    Library("lib*/**/libgomp.so.1", "libgomp1", "the examples that train with LightGBM do not run"),
    Library("lib*/**/libpango-1.0.so.0", "libpango-1.0-0", NO_PDF),
    Library("lib*/**/libpangoft2-1.0.so.0", "libpangoft2-1.0-0", NO_PDF),
    Library("lib*/**/libharfbuzz-subset.so.0", "libharfbuzz-subset0", NO_PDF),
    Library("share/fonts/**/LiberationSerif-Regular.ttf", "fonts-liberation", NO_PDF),
    Library(
        "lib*/**/faketime/libfaketimeMT.so.1", "libfaketime", "the clock of a Slurm site is not moved", for_tests=True
    ),
    Library("lib*/**/libatomic.so.1", "libatomic1", "the portal is not tried in a browser", for_tests=True),
]


class MissingProgram(Exception):
    """A program is not on this machine and could not be installed; the text says what to do."""


@functools.cache
def program(name: str) -> Path:
    """Return where a program of `NAMES` is, installing it when it is absent and that is allowed.

    Raises:
        MissingProgram: it is absent and could not be installed.
    """
    return _found_or_installed(name, lambda: _on_path(*NAMES[name]))


@functools.cache
def postgresql_programs() -> Path:
    """Return the folder that holds `postgres` and `initdb`, of the newest version there is.

    Raises:
        MissingProgram: there is none, and none could be installed.
    """
    return _found_or_installed("postgresql", _postgresql_folder)


def _on_path(*names: str) -> Path | None:
    found = (shutil.which(name) for name in names)
    return next((Path(path) for path in found if path), None)


def _postgresql_folder() -> Path | None:
    versions = Path("/usr/lib/postgresql").glob("[0-9]*/bin")  # Debian keeps them off PATH
    folders = sorted(versions, key=lambda folder: float(folder.parent.name), reverse=True)
    on_path = _on_path("postgres")
    if on_path:
        folders.append(on_path.parent)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def _found_or_installed(name: str, find: Callable[[], Path | None]) -> Path:
    found = find() or (install(PACKAGES[name]) and find())
    if not found:
        raise MissingProgram(f"{name} is not on this machine. On Debian or Ubuntu: apt-get install {PACKAGES[name]}")
    return found


def install_libraries(*, for_tests: bool, root: Path = Path("/usr")) -> list[Library]:
    """Install the libraries of the system that are missing, where that is allowed; return those still missing."""
    missing = _missing_libraries(for_tests, root)
    if missing and sys.platform == "linux":
        install(*(library.package for library in missing))
        missing = _missing_libraries(for_tests, root)
    return missing


def _missing_libraries(for_tests: bool, root: Path) -> list[Library]:
    needed = [library for library in LIBRARIES if for_tests or not library.for_tests]
    return [library for library in needed if next(root.glob(library.pattern), None) is None]


def install(*packages: str) -> bool:
    """Install Debian packages when this user may without being asked for a password; say whether it worked."""
    asking = as_root()
    if asking is None or not shutil.which("apt-get"):
        return False
    print(f"Installing the system package {', '.join(packages)}", file=sys.stderr, flush=True)
    apt = [*asking, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    with Path(__file__).open() as lock:  # steps of the tests run at once, and apt waits for nobody
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([*apt, "update"], check=False, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        command = [*apt, "install", "--yes", "--no-install-recommends", *packages]
        return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode == 0


def as_root() -> list[str] | None:
    """Return what to put before a command that needs root: nothing for root itself, None when it cannot be had."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "--non-interactive"]
    if shutil.which("sudo") and subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode == 0:
        return sudo
    return None
