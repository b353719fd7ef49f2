"""The network is run with each candidate: the same work for all, intervals, and nothing for an unknown country."""

from types import SimpleNamespace
from typing import Any

import pytest

from fabrica.planning.progress import Progress
from fabrica.planning.scenarios.scenario import Scenario
from fabrica.planning.siting import network_runs
from fabrica.planning.siting.candidates import Candidate, NetworkRuns, Question
from fabrica.planning.siting.network_runs import outcomes_of

RUNS = NetworkRuns("GB300", 64, 0.3, days=2, replications=2)
NORTH, SOUTH, UNKNOWN = (
    Candidate("north", "North", "FI"),
    Candidate("south", "South", "PL"),
    Candidate("no", "No", None),
)


def question(*candidates: Candidate) -> Question:
    return Question(candidates, None, None, (), (), (), RUNS)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Scenario]:
    """Return the scenarios that are run, by a network whose waits grow when the new site is closed."""
    seen: list[Scenario] = []

    def run(scenario: Scenario, *, cores: int | None, progress: Progress) -> Scenario:
        seen.append(scenario)
        progress(0.5, "a part")
        return scenario

    def told(scenario: Any) -> Any:
        waits = (7200.0, 10800.0) if scenario.changes else (3600.0, 3960.0)
        own = SimpleNamespace(tonnes_co2e=(10.0, 12.0), megawatt_hours=(100.0, 120.0))
        return SimpleNamespace(network=SimpleNamespace(mean_wait_s=waits), partitions=(None, own))

    monkeypatch.setattr(network_runs, "run_scenario", run)
    monkeypatch.setattr(network_runs, "figures", told)
    return seen


def test_each_candidate_is_run_open_and_closed_with_the_same_work(asked: list[Scenario]) -> None:
    said: list[tuple[float, str]] = []
    found = outcomes_of(question(NORTH, SOUTH, UNKNOWN), seed=5, progress=lambda *words: said.append(words))
    assert set(found) == {"north", "south"}
    assert [one.sites[0].country for one in asked] == ["FI", "FI", "PL", "PL"]
    assert {one.period.seed for one in asked} == {5}
    assert [bool(one.changes) for one in asked] == [False, True, False, True]
    assert all(one.base is not None for one in asked if one.changes)
    assert said == [
        (0.125, "North: the network with it: a part"),
        (0.375, "North: the network while it is closed: a part"),
        (0.625, "South: the network with it: a part"),
        (0.875, "South: the network while it is closed: a part"),
    ]


def test_outcomes_have_intervals_and_their_source(asked: list[Scenario]) -> None:
    row = outcomes_of(question(NORTH), seed=1)["north"]
    wait, closed, bill = row["network_wait_hours"], row["network_closed_wait_hours"], row["network_eur"]
    assert wait.low < wait.shown < wait.high
    assert closed.shown > wait.shown
    assert bill.low < 110 * 37.3 < bill.high
    assert "2 replications of 2 days" in wait.source.addresses[0]


@pytest.mark.processes  # the network's loop is compiled once on a machine, which takes half a minute
def test_a_real_network_is_run_with_a_candidate() -> None:
    row = outcomes_of(question(NORTH), seed=1, cores=1)["north"]
    assert row["network_tonnes_co2e"].high > 0
