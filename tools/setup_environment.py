"""Prepare `.venv`: the locked packages, then Fabrica itself. Quick when nothing changed, safe to cut off at any point.

Usage: python tools/setup_environment.py run|dev
Runs before anything is installed, so it uses the standard library only.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
LOCKS = {"run": "run.lock", "dev": "dev.lock"}


def main(kind: str) -> None:
    """Bring `.venv` to what the locks of this checkout say for `kind`."""
    if _stamp(kind).is_file() and _stamp(kind).read_text() == _wanted(kind) and _works():
        return
    started = time.monotonic()
    print(f"Preparing .venv for {'use' if kind == 'run' else 'development'}", flush=True)
    if not _works():
        _call([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)])
    _pip("--require-hashes", "-r", str(ROOT / "requirements" / "build.lock"))
    _install_lock(ROOT / "requirements" / LOCKS[kind])
    _pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    _install_libraries(kind)
    for done in ("run", kind):  # the development lock holds every package of the other one
        _write(_stamp(done), _wanted(done))
    print(f"Ready after {time.monotonic() - started:.0f} s: .venv/bin/fabrica", flush=True)


def _stamp(kind: str) -> Path:
    return ENVIRONMENT / f"prepared-{kind}"


def _wanted(kind: str) -> str:
    """Return what the stamp of a finished environment holds: everything that the environment was made from."""
    digest = hashlib.sha256(f"{ROOT} {sys.version_info[:2]}".encode())
    for name in ("pyproject.toml", "requirements/build.lock", f"requirements/{LOCKS[kind]}"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _works() -> bool:
    """Say whether the environment's own Python starts and has pip; one cut off half-way does not."""
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", check], capture_output=True, check=False).returncode == 0


def _install_lock(lock: Path) -> None:
    """Install the packages of a lock file, with uv for its speed; with pip where uv finds no way to the packages."""
    uv = [str(ENVIRONMENT / "bin" / "uv"), "pip", "install", "--quiet", "--python", str(PYTHON)]
    fast = subprocess.run([*uv, "--require-hashes", "-r", str(lock)], capture_output=True, text=True, check=False)
    if fast.returncode != 0:
        print(f"uv could not install {lock.name}; trying pip. It said: {fast.stderr.strip()[-500:]}", flush=True)
        _pip("--require-hashes", "-r", str(lock))


def _install_libraries(kind: str) -> None:
    """Install the libraries of the system that pip cannot bring, where that is allowed, or say what lacks without."""
    sys.path.insert(0, str(ROOT))
    from tools.system_needs import install_libraries

    for library in install_libraries(for_tests=kind == "dev"):
        print(f"Missing here: {library.without}. On Debian or Ubuntu: apt-get install {library.package}", flush=True)


def _pip(*arguments: str) -> None:
    _call([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments])


def _call(command: Sequence[str]) -> None:
    if subprocess.run(command, check=False).returncode != 0:
        sys.exit(f"Preparing .venv stopped at: {' '.join(command)}\nNothing is lost: run make again.")


def _write(path: Path, text: str) -> None:
    whole = path.with_name(f".{path.name}.{os.getpid()}")
    whole.write_text(text)
    whole.replace(path)


if __name__ == "__main__":
    if sys.argv[1:] not in (["run"], ["dev"]):
        sys.exit(__doc__)
    main(sys.argv[1])
