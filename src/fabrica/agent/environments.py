"""Virtual environments of runs: built once per lock file, kept, and shared by all runs with the same lock."""

import hashlib
import importlib.util
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import fabrica
from fabrica.agent.caches import note_use, pin
from fabrica.agent.commands import run_command
from fabrica.agent.failures import AttemptFailed
from fabrica.agent.folders import AttemptFolder, remove
from fabrica.agent.locks import held
from fabrica.agent.packages import keep_content
from fabrica.values.files import write_whole
from fabrica.values.states import EndReason
from fabrica.values.time import show_duration

_BUILD_SECONDS_MAX = 3600
_LAYOUT = "3"
"""Part of every key: grows when an environment is made otherwise than before."""


def environment_for(
    lock: Path | None, environments: Path, *, folder: AttemptFolder, interrupted: Callable[[], bool]
) -> tuple[Path, str]:
    """Return the virtual environment for a lock file, built if need be, and its key.

    Without a lock it is a plain Python with no packages. The key is the SHA-256 of the lock and the Python that
    builds it. A half-built environment is never used: it gets its name last. `folder` hears how far it is.

    Raises:
        AttemptFailed: ENVIRONMENT_FAILED, with pip's last words.
        Interrupted: `interrupted` came true.
    """
    content = lock.read_bytes() if lock else b""
    python = f"{_LAYOUT} {platform.python_implementation()} {sys.version}\n"
    key = hashlib.sha256(python.encode() + content).hexdigest()
    place, guard = environments / key, environments / f"{key}.lock"
    pin(folder, key)  # before the lock: a sweep that holds it now sees the pin, or leaves nothing, which is built anew
    with held(guard, interrupted):
        is_here = place.exists()
        if not is_here:
            _build(place, lock, content, folder, interrupted)
        note_use(guard)
    if lock and is_here:
        folder.say(f"The environment of {lock.name} is here from an earlier run.")
    return place, key


def _build(
    place: Path, lock: Path | None, content: bytes, folder: AttemptFolder, interrupted: Callable[[], bool]
) -> None:
    """Build beside the final name, then let the name point to it.

    The folder itself is not renamed, since the first line of each installed script names the folder it was built in.
    """
    for left_over in place.parent.glob(f"{place.name}.built-*"):
        remove(left_over)
    place.with_name(f"{place.name}.bytes").unlink(missing_ok=True)  # of an earlier build
    built = place.with_name(f"{place.name}.built-{os.urandom(4).hex()}")
    try:
        _command([sys.executable, "-m", "venv", "--without-pip", str(built)], place.parent, folder.log, interrupted)
        report = None
        if lock is not None:
            report = built / "pip-report.json"
            began = time.monotonic()
            folder.say(f"Installing {_packages_in(content)} of {lock.name} …")
            _install(built, lock, content, report, folder.log, interrupted)
            folder.say(f"Installed in {show_duration(time.monotonic() - began)}.")
        keep_content(built, report)
        link = place.with_name(f"{built.name}.link")
        link.symlink_to(built.name)
        link.replace(place)
    except BaseException:
        remove(built)
        raise


def _packages_in(content: bytes) -> str:
    """Return how many packages a lock names, in words; options, remarks and hashes are none."""
    count = sum(1 for line in content.splitlines() if line and line[:1] not in b"#- \t")
    return f"{count} package{'' if count == 1 else 's'}"


def _install(built: Path, lock: Path, content: bytes, report: Path, log: Path, interrupted: Callable[[], bool]) -> None:
    """Let pip install a lock; it speaks only of what fails, so that no index shows in a run's log."""
    python = str(built / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python]
    if importlib.util.find_spec("pip") is None:
        _command([python, "-m", "ensurepip"], lock.parent, log, interrupted)
        pip = [python, "-m", "pip"]
    options = ["--disable-pip-version-check", "--no-input", "-qq", "--retries", "3", "install"]
    options += ["--no-compile", "--report", str(report)]  # compiled by the first run, and only what it imports
    if b"--hash=" in content:
        options.append("--require-hashes")
    _command([*pip, *options, "--requirement", str(lock)], lock.parent, log, interrupted)


def _command(arguments: list[str], folder: Path, log: Path, interrupted: Callable[[], bool]) -> None:
    run_command(
        arguments,
        folder=folder,
        log=log,
        interrupted=interrupted,
        seconds_max=_BUILD_SECONDS_MAX,
        reason=EndReason.ENVIRONMENT_FAILED,
    )


def in_run_api(folder: Path) -> Path:
    """Return a Python path with `fabrica.run`, what keeps an interactive run, and nothing else of Fabrica's."""
    package = Path(fabrica.__file__).parent
    sources = [package / "__init__.py", package / "run.py", *sorted((package / "attachments").glob("*.py"))]
    contents = {str(path.relative_to(package)): path.read_bytes() for path in sources}
    key = hashlib.sha256(b"\0".join(contents[name] for name in sorted(contents))).hexdigest()[:16]
    place = folder / f"in-run-{key}"
    for name, content in contents.items():
        file = place / "fabrica" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            write_whole(file, content)
        file.chmod(0o644)  # people's own accounts read it, whatever the agent's umask
        for parent in {place, place / "fabrica", file.parent}:
            parent.chmod(0o755)
    return place


def lock_inside(work: Path, relative: str) -> Path:
    """Return the lock file of a run, which must lie inside its source.

    Raises:
        AttemptFailed: ENVIRONMENT_FAILED; it is missing, or leads outside.
    """
    lock = (work / relative).resolve()
    if not lock.is_relative_to(work.resolve()) or not lock.is_file():
        raise AttemptFailed(EndReason.ENVIRONMENT_FAILED, f"there is no lock file '{relative}' in the source bundle.")
    return lock
