"""`fabrica plan network` and `compare` print JSON alone, write pages, and name what is wrong."""

import json
from pathlib import Path

import pytest

pytest.importorskip("numba")

from fabrica.planning.network import keeping
from fabrica.planning.network.words import show_number, show_share
from fabrica.wire.problems import FabricaError
from tests.cli.running import run
from tests.planning.network.builders import TINY


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    kept = tmp_path / "kept"
    kept.mkdir()
    monkeypatch.setattr(keeping, "_folder", lambda: kept)
    (tmp_path / "today.toml").write_text(TINY)
    (tmp_path / "closed.toml").write_text(
        'base = "today.toml"\n[[change]]\nsite = "brainpp"\nclosed_from_day = 0\nclosed_to_day = 2\n'
    )
    return tmp_path


def test_a_network_prints_json_alone_and_writes_a_page(folder: Path) -> None:
    page = folder / "page.html"
    done = run("plan", "network", folder / "today.toml", "--cores", "1", "--report", page, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["simulated"] is True
    assert {"figures", "classes", "partitions", "why_they_wait", "unknown"} <= told.keys()
    assert page.read_text().startswith("<!doctype html>")


def test_a_table_for_people_says_that_it_is_simulated_and_what_is_left_out(folder: Path) -> None:
    done = run("plan", "network", folder / "today.toml", "--replications", "1")
    assert done.exit_code == 0, done.output
    assert "This is a simulation" in done.stdout
    assert "Left out: Pharos" in done.stdout


def test_the_table_shows_the_mean_of_all_replications(folder: Path) -> None:
    asked = ["plan", "network", str(folder / "today.toml"), "--replications", "3", "--cores", "1"]
    told = json.loads(run(*asked, "--json").stdout)
    table = run(*asked).stdout
    for place in told["partitions"]:
        assert f" {show_share(place['use']['mean'])} " in table
        assert f" {show_number(place['jobs']['mean'])} " in table


def test_a_comparison_tells_the_change_in_words(folder: Path) -> None:
    files = [str(folder / name) for name in ("today.toml", "closed.toml")]
    page = folder / "compared.html"
    done = run("plan", "compare", *files, "--cores", "1", "--report", page)
    assert done.exit_code == 0, done.output
    assert "brainpp is closed from day 0 to day 2." in done.stdout
    assert page.exists()
    again = run("plan", "compare", *files, "--json")
    assert json.loads(again.stdout)["network"]["mean_wait_s"]["difference"]["mean"] > 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('base = "today.toml"\n[period]\ndays = 2\n', "make no pairs"),
        ('base = "today.toml"\n[network]\nwithout = ["jupiter"]\n', "no site 'jupiter'"),
    ],
)
def test_what_makes_no_pair_is_told_before_either_is_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    (folder / "other.toml").write_text(text)
    monkeypatch.setattr("fabrica.planning.network.runs.run_scenario", None)
    refused = run("plan", "compare", folder / "today.toml", folder / "other.toml").exception
    assert isinstance(refused, FabricaError)
    assert words in refused.detail


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[work]\nlaod = 1\n", "planning.scenario_malformed"),
        ("[work]\njobs = 3\n", "planning.network_impossible"),
        ("[work]\nlargest_devices = 9000000\n", "planning.network_impossible"),
        ('[[change]]\nsite = "nowhere"\npue = 1.1\n', "planning.network_impossible"),
    ],
)
def test_a_scenario_that_cannot_be_is_a_named_problem(folder: Path, text: str, code: str) -> None:
    (folder / "wrong.toml").write_text(text)
    done = run("plan", "network", folder / "wrong.toml", "--json")
    assert isinstance(done.exception, FabricaError)  # `main` prints it
    assert done.exception.code == code
    assert done.exception.remedy
