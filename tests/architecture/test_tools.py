"""The tools around the code do what they say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("setup", "demo", "test", "check", "docs", "bench", "lock", "clean"):
        assert f"make {target} " in listed


def test_every_tool_that_make_names_is_there() -> None:
    named = set(re.findall(r"tools/\w+\.(?:py|sh)", (ROOT / "Makefile").read_text()))
    missing = [name for name in sorted(named) if not (ROOT / name).is_file()]
    assert not missing


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose environment was cut off half-way: a Python that does not start, and no stamp."""
    for name in ("tools/setup_environment.py", "requirements/build.lock", "requirements/run.lock", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    return tmp_path


@pytest.mark.processes
def test_a_half_made_environment_is_made_again(checkout: Path) -> None:
    (checkout / "requirements" / "build.lock").write_text("no-such-thing==1 --hash=sha256:" + "0" * 64 + "\n")
    setup = [sys.executable, str(checkout / "tools" / "setup_environment.py"), "run"]
    done = subprocess.run([*setup], capture_output=True, text=True, check=False, env={"PATH": "", "PIP_NO_INDEX": "1"})
    assert done.returncode == 1
    assert "run make again" in done.stderr
    python = checkout / ".venv" / "bin" / "python"
    assert subprocess.run([python, "-c", "import pip"], check=False).returncode == 0, "the environment was made anew"
    assert not list((checkout / ".venv").glob("prepared-*")), "what is not finished has no stamp"
