"""The commands that the documentation shows are run, page by page, against an embedded network of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
# A block that is run is marked so:   ```{code-block} console
#                                     :class: run
BLOCK = re.compile(r"^```\{code-block\} console\n:class: run\n\n?(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = 300


def commands(page: Path) -> list[str]:
    """Return the commands of a page that are marked to be run, in order; a line that starts with `> ` goes on."""
    found: list[str] = []
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(line[2:])
            elif line.startswith("> ") and found:
                found[-1] += "\n" + line[2:]
    return found


PAGES = sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md") if commands(page))


@pytest.mark.docs
@pytest.mark.parametrize("name", PAGES)
def test_the_commands_of_a_page_work_as_shown(name: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "FABRICA_HOME": str(tmp_path / "home"),
        "COLUMNS": "120",
    }
    try:
        done = subprocess.run(
            ["bash", "-c", _script(commands(DOCS / name))],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    finally:
        subprocess.run(["fabrica", "down"], cwd=ROOT, env=environment, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, f"docs/{name}:\n{done.stdout[-4000:]}"


def _script(lines: list[str]) -> str:
    """Return one shell script, so that a variable set by one command is known to the next; each is shown first."""
    shown = (f"printf '%s\\n' {_quoted('$ ' + line)}\n{line}" for line in lines)
    return "set -euo pipefail\n" + "\n".join(shown)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def test_a_command_over_two_lines_is_one_command(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```{code-block} console\n:class: run\n\n$ echo a \\\n> b\noutput\n$ echo c\n```\n")
    assert commands(page) == ["echo a \\\nb", "echo c"]


def test_a_block_without_the_mark_is_not_run(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```{code-block} console\n$ rm everything\n```\n\n```console\n$ rm everything\n```\n")
    assert commands(page) == []
