"""`fabrica plan replay` prints the figures, as a table or as JSON, and writes what was asked."""

import json
from functools import partial
from pathlib import Path

import pytest

from fabrica.wire.planning import JobsTooLarge, OptionsImpossible, OutputNotWritten
from tests.cli.running import run_raising

SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "twin" / "jobs.csv"


run = partial(run_raising, "plan", "replay")


def test_the_figures_are_one_json_object_on_stdout(tmp_path: Path) -> None:
    trace = tmp_path / "jobs.csv"
    trace.write_text("job_id,submit_s,runtime_s,units\nb,3,5,4\na,0,10,9\n")
    done = run("--trace", trace, "--capacity", 4, "--policy", "fifo", "--units-max", 4, "--json")
    said = json.loads(done.stdout)
    assert done.exit_code == 0
    asked = ("jobs", "mean_wait_s", "p95_wait_s", "longest_wait_s", "waiting_share", "makespan_s", "use")
    assert [said[name] for name in asked] == [2, 3.5, 7, 7, 0.5, 15, 1.0]
    assert {"jobs_per_cpu_second", "peak_mb"} < said.keys()
    assert len(said["notices"]) == 2
    assert "sorted" in done.stderr


def test_starts_and_report_are_written(tmp_path: Path) -> None:
    starts, report = tmp_path / "starts.csv", tmp_path / "report.html"
    done = run("--trace", SAMPLE, "--capacity", 256, "--starts", starts, "--report", report)
    assert done.exit_code == 0
    assert "mean wait" in done.stdout
    assert len(starts.read_text().splitlines()) == 2001
    assert "<svg" in report.read_text()


@pytest.mark.parametrize(("policy", "mean"), [("fifo", 44027.93), ("easy", 3060.21), ("conservative", 3622.58)])
def test_the_sample_trace_keeps_its_answers(policy: str, mean: float) -> None:
    done = run("--trace", SAMPLE, "--capacity", 256, "--policy", policy, "--estimates", "limit", "--json")
    assert json.loads(done.stdout)["mean_wait_s"] == mean


def test_jobs_larger_than_the_cluster_are_a_named_problem() -> None:
    with pytest.raises(JobsTooLarge, match="ask for more than the 64 units"):
        run("--trace", SAMPLE, "--capacity", 64)


def test_an_unknown_policy_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    assert run("--trace", SAMPLE, "--capacity", 256, "--policy", "lifo").exit_code == 2
    assert run("--trace", tmp_path / "none.csv", "--capacity", 256).exit_code == 2
    assert run("--trace", SAMPLE, "--capacity", 0).exit_code == 2


@pytest.mark.parametrize("option", ["--half-life", "--age", "--age-max", "--leaf-stops", "--pue"])
@pytest.mark.parametrize("value", ["nan", "inf", "1e300"])
def test_what_is_no_number_is_refused(option: str, value: str) -> None:
    assert run("--trace", SAMPLE, "--capacity", 256, option, value).exit_code == 2


def test_files_that_cannot_be_written_are_refused_before_the_replay(tmp_path: Path) -> None:
    with pytest.raises(OutputNotWritten, match="no folder"):
        run("--trace", SAMPLE, "--capacity", 1, "--starts", tmp_path / "nowhere" / "starts.csv")
    with pytest.raises(OutputNotWritten, match="named twice"):
        run("--trace", SAMPLE, "--capacity", 1, "--report", SAMPLE)


USERS = "job_id,submit_s,runtime_s,units,limit_s,user,level\n" + "".join(
    f"{row},{row * 400},{3600 + row % 7 * 1800},{1 << row % 6},36000,user {row % 4},{int(row % 9 == 0)}\n"
    for row in range(300)
)
FURTHER = ("--policy", "priority", "--estimates", "limit", "--node-devices", 8, "--leaf-nodes", 2, "--preempt", 60)


def test_further_rules_tell_what_came_of_them_and_what_it_drew(tmp_path: Path) -> None:
    trace, accounts, report = tmp_path / "jobs.csv", tmp_path / "accounts.csv", tmp_path / "report.html"
    trace.write_text(USERS)
    accounts.write_text("account,share,device_hours\nuser 1,2,\nuser 3,,40\n")
    more = ("--accounts", accounts, "--stops", 200, "--maintenance", "40000:50000:all", "--site", "jaif")
    done = run("--trace", trace, "--capacity", 64, *FURTHER, *more, "--report", report, "--json")
    said = json.loads(done.stdout)
    assert done.exit_code == 0
    assert said["outcome"]["stops"] > 0
    assert said["outcome"]["refused"] > 0
    assert said["energy"]["megawatt_hours"] > 0
    assert said["energy"]["eur"] is None, "no price was given"
    assert any("assumed" in source for source in said["energy"]["sources"])
    page = report.read_text()
    assert "nodes that failed" in page
    assert "user 1" in page


def test_further_rules_are_told_as_a_table_too(tmp_path: Path) -> None:
    trace = tmp_path / "jobs.csv"
    trace.write_text(USERS)
    done = run("--trace", trace, "--capacity", 64, *FURTHER, "--stops", "--accelerator", "H100-SXM", "--country", "FI")
    assert done.exit_code == 0
    assert "energy" in done.stdout
    assert "CO2e" in done.stdout


@pytest.mark.parametrize(
    "options",
    [
        ("--policy", "priority"),
        ("--maintenance", "tomorrow"),
        ("--stops", "often"),
        ("--checkpoint", 60),
        ("--leaf-nodes", 4),
        ("--country", "DE"),
        ("--policy", "fifo", "--maintenance", "0:10:all"),
    ],
)
def test_rules_that_cannot_be_are_a_named_problem(options: tuple[object, ...]) -> None:
    with pytest.raises(OptionsImpossible):
        run("--trace", SAMPLE, "--capacity", 256, *options)
