"""A comparison pairs the same jobs: nothing changed gives no difference, and a change is told in words."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("numba")

from fabrica.planning import compare as compare_module
from fabrica.planning.compare import Ran, Row, compare, compared_as_plain
from fabrica.planning.network import keeping
from fabrica.planning.network.figures import Estimate, figures
from fabrica.planning.network.runs import run_scenario
from fabrica.planning.scenarios.scenario import Scenario
from fabrica.wire.planning import NetworkImpossible
from tests.planning.network.builders import tiny

CLOSED = '[[change]]\nsite = "brainpp"\nclosed_from_day = 0\nclosed_to_day = 2.5\n'


@pytest.fixture(autouse=True)
def _kept_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_folder", lambda: tmp_path)


def _ran(scenario: Scenario) -> Ran:
    outcome = run_scenario(scenario, cores=1)
    return outcome, figures(outcome)


def test_the_same_scenario_twice_differs_in_nothing() -> None:
    found = compare(_ran(tiny()), _ran(tiny()))
    rows = (*found.network, *found.classes, *found.partitions)
    assert all(row.found is None or row.found.mean == 0 for row in rows)
    assert found.sentences[0] == "Both scenarios say the same."
    assert not any(row.clear for row in rows)


def test_a_change_and_what_comes_of_it_are_told_in_words() -> None:
    found = compare(_ran(tiny()), _ran(tiny(CLOSED, base=tiny())))
    assert found.sentences[0] == "brainpp is closed from day 0 to day 2.5."
    assert any("every partition that would do was closed" in line for line in found.sentences)
    told = compared_as_plain(found)
    assert told["simulated"] is True
    assert told["network"]["mean_wait_s"]["difference"]["mean"] > 0
    json.dumps(told, allow_nan=False)


def test_few_replications_are_told_where_something_moved() -> None:
    moved = Row("mean wait", "1 h", "2 h", "1 h (-1 h to 3 h)", Estimate(3600.0, -3600.0, 10800.0), clear=False)
    still = replace(moved, found=Estimate(0.0, 0.0, 0.0))
    assert list(compare_module._effects([moved], [], [], 2))[-1].startswith("More replications than 2 make")
    assert len(list(compare_module._effects([moved], [], [], 8))) == 1
    assert len(list(compare_module._effects([still], [], [], 2))) == 1


def test_no_share_changes_by_more_than_the_whole() -> None:
    found = compare(_ran(tiny()), _ran(tiny(CLOSED, base=tiny())))
    shares = [row.found for row in found.partitions if row.label.endswith(": use") and row.found]
    assert all(-1 <= one.low <= one.high <= 1 for one in shares if one.low is not None and one.high is not None)


def test_rules_and_what_comes_of_them_are_told_in_words_and_shown_where_there_is_any() -> None:
    rules = "[rules]\ndevice_hours_per_stop = 500\n[[window]]\nfrom_day = 1\nhours = 6\n"
    rules += '[[change]]\nsite = "brainpp"\nleaf_nodes = 1\npod_leaves = 2\n'
    found = compare(_ran(tiny()), _ran(tiny(rules, base=tiny())))
    assert "device hours per stop of the rules goes from 0 to 500." in found.sentences
    assert "brainpp has leaves of 1 nodes and has pods of 2 leaves." in found.sentences
    assert "all devices of every site are out of use for 6 hours from day 1." in found.sentences
    rows = {row.label: row for row in found.network}
    assert rows["device-hours lost"].first == "0"
    assert rows["device-hours in repair"].second != "0"
    assert "jobs refused for lack of a grant" not in rows


def test_a_site_of_only_one_scenario_is_shown_as_such() -> None:
    own = '[[site]]\nid = "own"\ncountry = "AT"\naccelerator = "GB300"\ndevices = 400\nbasis = "a test"\n'
    found = compare(_ran(tiny()), _ran(tiny(own, base=tiny())))
    row = next(row for row in found.partitions if row.label == "own (main): use")
    assert (row.first, row.difference) == ("not there", "in one of them only")


def test_a_sum_that_lacks_a_partition_has_no_difference_that_would_pass_for_a_saving() -> None:
    own = '[[site]]\nid = "own"\ncountry = "AT"\naccelerator = "GB300"\ndevices = 400\nbasis = "a test"\n'
    found = compare(_ran(tiny()), _ran(tiny(own, base=tiny())))
    rows = {row.label: row for row in found.network}
    assert rows["EUR for power, as far as known"].difference == "unknown"
    assert rows["MWh"].difference != "unknown"
    assert compared_as_plain(found)["network"]["eur"]["difference"] is None


def test_scenarios_of_other_lengths_make_no_pairs() -> None:
    with pytest.raises(NetworkImpossible, match="make no pairs"):
        compare(_ran(tiny()), _ran(tiny("[period]\ndays = 2\n", base=tiny())))
