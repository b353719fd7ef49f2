"""The run manifests and scripts that the documentation shows are sound."""

import re
from pathlib import Path

import pytest

from fabrica.sdk.manifest import read_manifest

DOCS = Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r"^```(toml|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = ("how-to/run-many-tasks.md", "how-to/use-a-container.md")

SHOWN = [(page, *match) for page in PAGES for match in _BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))]


@pytest.mark.parametrize("text", [text for _, kind, text in SHOWN if kind == "toml"])
def test_a_manifest_that_is_shown_is_accepted(text: str, tmp_path: Path) -> None:
    (tmp_path / "fabrica.toml").write_text(text)
    assert read_manifest(tmp_path).spec("f" * 64).command


@pytest.mark.parametrize("text", [text for _, kind, text in SHOWN if kind == "python"])
def test_a_script_that_is_shown_runs_as_a_task(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"FABRICA_TASK": "3", "FABRICA_TASKS": "5", "FABRICA_CHECKPOINT": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    exec(compile(text, "shown", "exec"), {})
    assert any(path.is_file() for path in tmp_path.rglob("*"))
