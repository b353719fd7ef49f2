"""The work of a scenario makes the load that was asked for, and a pair of scenarios has the same jobs."""

from pathlib import Path

import pytest

numpy = pytest.importorskip("numpy")

from fabrica.planning.network.demand import Demand, Jobs, demand_of, draw  # noqa: E402 (the module needs NumPy)
from fabrica.planning.network.members import network_of  # noqa: E402
from fabrica.planning.scenarios.reading import parse_scenario  # noqa: E402
from fabrica.wire.planning import NetworkImpossible, TraceMalformed  # noqa: E402

TODAY = "[period]\ndays = 60\nwarm_up_days = 0\n"


def _all(demand: Demand) -> Jobs:
    return draw(demand, tuple(range(len(demand.asked))), 0)


def test_the_work_makes_the_load_that_was_asked_for() -> None:
    scenario = parse_scenario(TODAY + "[work]\nload = 0.5\n")
    jobs = _all(demand_of(scenario))
    work = float((jobs.units * jobs.runtime.astype(float)).sum())
    assert work / (network_of(scenario).devices * 60 * 86_400) == pytest.approx(0.5, rel=0.05)


def test_a_number_of_jobs_is_met_by_more_or_less_pretraining() -> None:
    few, many = (demand_of(parse_scenario(f"{TODAY}[work]\njobs = {count}\n")) for count in (60_000, 400_000))
    assert abs(few.jobs - 60_000) < 50
    assert few.pretraining_share is not None
    assert many.pretraining_share is not None
    assert few.pretraining_share > many.pretraining_share > 0


def test_a_scenario_with_a_base_has_the_jobs_of_its_base_one_by_one() -> None:
    base = parse_scenario(TODAY + "[work]\nportable_share = 0.5\n")
    own = '[[site]]\nid = "own"\ncountry = "AT"\naccelerator = "GB300"\nbasis = "a test"\n'
    changed = parse_scenario(own, base=base)
    assert all((a == b).all() for a, b in zip(_all(demand_of(base)), _all(demand_of(changed)), strict=True))


def test_the_jobs_of_one_ask_do_not_depend_on_the_others() -> None:
    demand = demand_of(parse_scenario(TODAY))
    alone, together = draw(demand, (1,), 0), _all(demand)
    assert (alone.submit == together.submit[together.ask == 1]).all()


def test_jobs_are_in_order_and_fit_where_they_may_run() -> None:
    scenario = parse_scenario(TODAY + "[work]\nportable_share = 0.3\nhome_share = 0.3\n")
    demand, places = demand_of(scenario), network_of(scenario).partitions
    jobs = _all(demand)
    assert (numpy.diff(jobs.submit) >= 0).all()
    for row, asked in enumerate(demand.asked):
        largest = max(one.devices for one in places if asked.ask.accepts(one))
        assert jobs.units[jobs.ask == row].max(initial=0) <= largest


def test_a_trace_stands_in_for_made_up_work(tmp_path: Path) -> None:
    file = tmp_path / "jobs.csv"
    file.write_text("job_id,submit_s,runtime_s,units,limit_s\na,0,60,4,90\nb,5,99999999999,1,\nc,9999999,1,1,\n")
    jobs = _all(demand_of(parse_scenario(f'{TODAY}[work]\ntrace = "{file}"\n')))
    assert jobs.submit.tolist() == [0, 5]  # the third comes after the last day
    assert jobs.runtime.tolist() == [60, 2**31 - 1]
    assert jobs.limit.tolist() == [90, 2**31 - 1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[work]\njobs = 5\n", "cannot make this load"),
        ("[work]\nlargest_devices = 100000\n", "larger than the network's largest partition"),
        ("[work]\ngrowth = 100.0\n[network]\n", "at most 30,000,000"),
    ],
)
def test_work_that_cannot_be_is_a_named_problem(text: str, words: str) -> None:
    with pytest.raises(NetworkImpossible, match=words):
        demand_of(parse_scenario("[period]\ndays = 365\n" + text))


def test_a_job_of_a_trace_that_is_larger_than_the_network_is_named(tmp_path: Path) -> None:
    file = tmp_path / "jobs.csv"
    file.write_text("job_id,submit_s,runtime_s,units\nhuge,0,60,9000000\n")
    with pytest.raises(NetworkImpossible, match="Job huge of the trace asks for 9,000,000 devices"):
        demand_of(parse_scenario(f'{TODAY}[work]\ntrace = "{file}"\n'))
    file.write_text("job_id,submit_s,runtime_s,units\na,-5,60,1\n")
    with pytest.raises(TraceMalformed, match="Line 2"):
        demand_of(parse_scenario(f'{TODAY}[work]\ntrace = "{file}"\n'))
