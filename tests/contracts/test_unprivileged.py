"""The local engine needs no privilege: the contract's core cases as an ordinary user."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_NOBODY = 65534
_CORE = "local and (succeeds or exit_code or stop_while_running or two_processes or usage_is_cumulative)"
_BECOME_NOBODY = ("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--no-new-privs")
_BECOME_POWERLESS = (
    *("setpriv", "--securebits=+noroot,+noroot_locked", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"),
)

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("setpriv") is None,
        reason="needs root and setpriv to become less; as an ordinary user the contract suite itself is this test",
    ),
]


def _core_cases(become: tuple[str, ...], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contract's core cases as somebody with less power, in a folder of theirs."""
    pytest_command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={folder}/cases"]
    return subprocess.run(
        [*become, *pytest_command, "-k", _CORE, "tests/contracts/test_engine_contract.py"],
        cwd=_ROOT,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_engine_keeps_its_contract_without_any_capability(tmp_path: Path) -> None:
    done = _core_cases(_BECOME_POWERLESS, tmp_path)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_engine_keeps_its_contract_as_another_user() -> None:
    asking = [*_BECOME_NOBODY, "env", sys.executable, "-c", ""]  # setpriv itself still has root's reach, env has not
    reach = subprocess.run(asking, cwd="/", capture_output=True, check=False)
    if reach.returncode != 0:
        pytest.skip(f"another user may not execute {sys.executable}")
    with tempfile.TemporaryDirectory(prefix="fabrica-nobody-") as name:  # pytest's own folders are closed to others
        os.chown(name, _NOBODY, _NOBODY)
        done = _core_cases(_BECOME_NOBODY, Path(name))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
