"""A scenario gives the same bytes on any number of cores, and what nothing changed is kept."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("numba")

from fabrica.planning.network import keeping, runs, year
from fabrica.planning.network.answer import as_plain
from fabrica.planning.network.figures import figures
from fabrica.planning.network.runs import run_scenario
from fabrica.planning.progress import Progress, to_nobody
from fabrica.planning.scenarios.scenario import Scenario
from tests.planning.network.builders import tiny


@pytest.fixture(autouse=True)
def _kept_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_folder", lambda: tmp_path)


def _bytes(scenario: Scenario, cores: int = 1, progress: Progress = to_nobody) -> str:
    outcome = run_scenario(scenario, cores=cores, progress=progress)
    return json.dumps(as_plain(outcome, figures(outcome)))


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_cores(tmp_path: Path) -> None:
    alone = _bytes(tiny())
    for file in tmp_path.glob("*.npz"):
        file.unlink()
    told: list[float] = []
    assert _bytes(tiny(), cores=2, progress=lambda share, words: told.append(share)) == alone
    assert told == sorted(told)  # what several processes count together never falls
    assert told[-1] == 1.0
    assert _bytes(tiny(), cores=2) == alone  # kept


def test_how_far_it_is_ends_with_every_replication_and_job() -> None:
    told: list[tuple[float, str]] = []
    outcome = run_scenario(tiny(), cores=1, progress=lambda share, words: told.append((share, words)))
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    jobs = f"{2 * outcome.demand.jobs:,}"
    assert told[-1] == (1.0, f"2 of 2 replications are done, {jobs} of {jobs} jobs have arrived")


RULES = """
[rules]
fair_share = true
preemption = true
device_hours_per_stop = 500
checkpoint_seconds = 3600
[levels]
services = 1
[accounts]
count = 9
[[account]]
name = "account 1"
device_hours = 2000
[[window]]
from_day = 1
hours = 6
"""


def test_rules_give_the_same_bytes_on_any_number_of_cores_and_in_plain_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = tiny(RULES)
    scenario = replace(scenario, period=replace(scenario.period, days=2), work=replace(scenario.work, load=0.1))
    alone = _bytes(scenario)
    for file in tmp_path.glob("*.npz"):
        file.unlink()
    assert _bytes(scenario, cores=2) == alone
    for file in tmp_path.glob("*.npz"):
        file.unlink()
    monkeypatch.setattr(year, "has_numba", lambda: False)
    assert _bytes(scenario) == alone
    figures_of = json.loads(alone)["figures"]
    assert (
        min(figures_of[name]["mean"] for name in ("stops", "lost_device_hours", "repair_device_hours", "refused")) > 0
    )


def test_with_grants_the_network_is_one_part() -> None:
    assert run_scenario(tiny(RULES), cores=1).parts == 2  # one for each replication


def test_another_seed_gives_other_jobs() -> None:
    one = tiny()
    assert _bytes(one) != _bytes(replace(one, period=replace(one.period, seed=7)))


def test_only_the_parts_that_a_change_touches_are_run_again() -> None:
    first = run_scenario(tiny(), cores=1)
    assert (first.parts, first.parts_kept) == (6, 0)  # three classes of accelerators, twice
    assert run_scenario(tiny(), cores=1).parts_kept == 6
    changed = tiny('[[change]]\nsite = "brainpp"\nclosed_from_day = 1\nclosed_to_day = 2\n', base=tiny())
    again = run_scenario(changed, cores=1)
    assert again.parts_kept == 4
    untouched = [row for row, one in enumerate(again.network.partitions) if one.site != "brainpp"]
    for before, after in zip(first.tallies, again.tallies, strict=True):
        assert (before.jobs[untouched] == after.jobs[untouched]).all()


def test_a_broken_file_of_a_kept_result_is_made_anew(tmp_path: Path) -> None:
    before = _bytes(tiny())
    for file in tmp_path.glob("*.npz"):
        file.write_bytes(b"no archive")
    assert _bytes(tiny()) == before


def test_jobs_that_ask_for_what_is_gone_are_told() -> None:
    outcome = run_scenario(
        tiny('[network]\nwithout = ["jaif", "lumi-aif", "it4lia", "bsc-aif"]\n', base=tiny()), cores=1
    )
    assert list(outcome.refused) == ["gpu.h100"]
    assert figures(outcome).never[0] == outcome.refused["gpu.h100"]


def test_ctrl_c_ends_every_process_at_once_however_long_its_year() -> None:
    with runs._pool(2) as pool:
        assert pool.submit(signal.getsignal, signal.SIGINT).result() is signal.SIG_DFL
