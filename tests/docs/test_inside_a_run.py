"""The page on what a run finds names all of it."""

import re
from pathlib import Path

from fabrica import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "inside-a-run.md").read_text("utf-8")
VARIABLES = (ROOT / "src" / "fabrica" / "agent" / "variables.py").read_text("utf-8")


def test_every_variable_that_is_set_for_a_run_is_on_the_page() -> None:
    given = set(re.findall(r'"([A-Z_]+)":', VARIABLES))
    given |= set(re.findall(r'variables\["(\w+)"\]', VARIABLES))
    assert len(given) > 8
    assert not {name for name in given if f"`{name}`" not in PAGE}


def test_everything_that_a_script_can_say_is_on_the_page() -> None:
    calls = [f"log.{name}(" for name in vars(run.Log) if not name.startswith("_")]
    calls += [f"{name}(" for name in run.__all__ if name not in ("Log", "log")]
    assert len(calls) > 8
    assert not [call for call in calls if f"`{call}" not in PAGE and f", `{call}" not in PAGE]
