"""`fabrica plan siting` as people call it."""

import json
from functools import partial
from pathlib import Path

import pytest

from fabrica.wire.siting import CandidatesRefused, OutcomesRefused
from tests.architecture.source import ROOT
from tests.cli.running import run_raising

HOSTS = ROOT / "examples" / "siting" / "hosts.toml"


run = partial(run_raising, "plan", "siting")


def test_the_example_prints_a_table_words_and_a_report(tmp_path: Path) -> None:
    page = tmp_path / "siting.html"
    done = run(HOSTS, "--draws", 50, "--report", page)
    assert done.exit_code == 0
    assert "no single score" in " ".join(done.stdout.split())
    assert "<svg" in page.read_text()


def test_json_is_the_same_for_the_same_seed() -> None:
    first, second = (run(HOSTS, "--draws", 50, "--seed", 3, "--json").stdout for _ in range(2))
    assert first == second
    assert json.loads(first)["draws"] == 50


def test_a_mistake_in_a_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "candidates.toml"
    file.write_text("[candidates.a]\npue = 3\n")
    with pytest.raises(CandidatesRefused, match="line 2"):
        run(file)
    with pytest.raises(OutcomesRefused, match="no JSON"):
        run(HOSTS, "--outcomes", file)
