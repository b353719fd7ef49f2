"""`fabrica plan train` and `fabrica plan validate`: JSON, tables, a page, and a fabrica.toml to go on with."""

import importlib.util
import json
from functools import partial
from pathlib import Path

import pytest

from fabrica.sdk.manifest import read_manifest
from fabrica.wire.planning import OutputNotWritten
from fabrica.wire.training import ModelRefused, NumbersMissing, PoolRefused
from tests.cli.running import run_raising
from tests.planning.training.test_runs import RUN, write

MODEL = Path(__file__).resolve().parents[2] / "examples" / "training" / "euro-70b.toml"
JOBS = MODEL.parents[1] / "twin" / "jobs.csv"


run = partial(run_raising, "plan")


def test_an_answer_is_one_json_object_with_the_margins_of_the_act() -> None:
    done = run("train", MODEL, "--accelerators", "H100-SXM:1024", "--tokens", "1T", "--json")
    said = json.loads(done.stdout)
    assert done.exit_code == 0
    assert said["tokens"] == 1e12
    assert said["figures"]["days"]["low"] < said["figures"]["days"]["value"]
    assert [one["state"] for one in said["ai_act"]] == ["above", "below"]


def test_an_answer_in_words_names_the_allocation_and_the_act(tmp_path: Path) -> None:
    page, folder = tmp_path / "plan.html", tmp_path / "run"
    done = run("train", MODEL, "--site", "jaif", "--devices", 1024, "--report", page, "--write", folder)
    assert done.exit_code == 0
    for words in ("JUPITER", "device-hours of gpu.gh200", "AI Act", "useful share", "layouts were looked at"):
        assert words in done.stdout.replace("\n", " ")
    assert page.read_text().count("<svg") == 4
    written = read_manifest(folder)
    resources = written.fields["resources"]
    assert (resources["resource_class"], resources["nodes"], resources["devices"]) == ("gpu.gh200", 256, 4)
    with pytest.raises(OutputNotWritten, match="already"):
        run("train", MODEL, "--site", "jaif", "--devices", 1024, "--write", folder)


def test_the_machine_of_a_trace_holds_the_training() -> None:
    asked = ("train", MODEL, "--accelerators", "H100-SXM:512", "--tokens", "1B")
    assert run(*asked, "--capacity", 1024).exit_code == 2
    refused = run(*asked, "--trace", JOBS, "--capacity", 256)
    assert refused.exit_code == 2
    assert "smaller than the 512 devices" in refused.output


def test_smaller_pools_are_told_beside_the_one_asked_for() -> None:
    done = run("train", MODEL, "--accelerators", "H100-SXM:64")
    assert "on a part of the pool" in done.stdout
    assert "does not fit" in done.stdout
    parts = json.loads(run("train", MODEL, "--accelerators", "H100-SXM:64", "--json").stdout)["parts"]
    assert [part["devices"] for part in parts] == [32, 16, 8]


def test_without_numpy_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "numpy" else found(name))
    with pytest.raises(NumbersMissing) as refused:
        run("validate")
    assert "fabrica[planning]" in refused.value.remedy


def test_the_twin_tells_how_long_it_would_wait(tmp_path: Path) -> None:
    jobs = tmp_path / "jobs.csv"
    jobs.write_text("job_id,submit_s,runtime_s,units\na,0,7200,1024\nb,3600,10,1\n")
    options = ("--accelerators", "H100-SXM:1024", "--trace", jobs)
    wait = json.loads(run("train", MODEL, *options, "--json").stdout)["queue_wait"]
    assert (wait["capacity"], wait["most_seconds"]) == (1024, 7200)
    assert "it would wait" in run("train", MODEL, *options, "--capacity", 2048).stdout


def test_all_sites_are_compared() -> None:
    done = run("train", MODEL, "--everywhere", "--devices", 512)
    assert done.exit_code == 0
    for site in ("lumi-aif", "jaif", "bsc-aif", "unknown"):
        assert site in done.stdout
    places = json.loads(run("train", MODEL, "--everywhere", "--devices", 512, "--json").stdout)["places"]
    assert {place["site"] for place in places} >= {"lumi-aif", "jaif", "it4lia"}
    assert all((place["answer"] is None) != (place["reason"] is None) for place in places)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--site", "jaif", "--accelerators", "H100-SXM:8"),
        ("--accelerators", "H100-SXM:8", "--devices", "8"),
        ("--everywhere", "--write", "x"),
        ("--everywhere", "--trace", __file__),
        ("--accelerators", "H100-SXM:8", "--tokens", "many"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: tuple[str, ...]) -> None:
    assert run("train", MODEL, *options).exit_code == 2


def test_named_problems_reach_the_caller(tmp_path: Path) -> None:
    with pytest.raises(PoolRefused):
        run("train", MODEL, "--site", "atlantis")
    broken = tmp_path / "model.toml"
    broken.write_text("layer = 5\n")
    with pytest.raises(ModelRefused, match="line 1"):
        run("train", broken, "--accelerators", "H100-SXM:8")


def test_validation_prints_every_row_and_the_summary(tmp_path: Path) -> None:
    file = write(tmp_path, RUN, {**RUN, "id": "silent", "reported": {}}, {**RUN, "id": "dark", "accelerator": "Abacus"})
    said = json.loads(run("validate", file, "--json").stdout)
    assert [row["id"] for row in said["rows"]] == ["one"]
    assert {"name", "mean_error", "left_out_mean_error"} <= said["summary"][0].keys()
    shown = run("validate", file).stdout
    for words in ("dense, steps", "No rate: silent. Nothing is told that a rate follows from.", "Not predicted: dark"):
        assert words in shown
