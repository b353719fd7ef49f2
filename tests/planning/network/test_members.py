"""A scenario's network holds what is known and what the scenario says; the rest is left out with its reason."""

from pathlib import Path

import pytest

from fabrica.planning.network.members import network_of
from fabrica.planning.scenarios.reading import parse_scenario, read_scenario
from fabrica.wire.planning import NetworkImpossible

OWN = '[[site]]\nid = "own"\ncountry = "AT"\naccelerator = "GB300"\nbasis = "a test"\n'


def test_what_is_not_known_is_left_out_and_told() -> None:
    network = network_of(parse_scenario('name = "today"'))
    assert "pharos" not in network.sites
    left = {one.site: one.reason for one in network.left_out}
    assert left["pharos"] == "no current system with accelerators is known"
    assert all(one.devices > 0 and one.devices % one.node_devices == 0 for one in network.partitions)


def test_a_planned_gigafactory_has_the_size_of_the_programme_unless_told() -> None:
    added = network_of(parse_scenario(OWN)).partitions[-1]
    assert (added.site, added.devices) == ("own", 100_000)
    assert "programme's concept" in added.basis


def test_a_change_is_made_to_the_named_site_alone() -> None:
    before = {one.key: one for one in network_of(parse_scenario("")).partitions}
    changed = network_of(parse_scenario('[[change]]\nsite = "jaif"\npue = 1.1\n')).partitions
    assert {one.key for one in changed if one != before[one.key]} == {"jaif/JUPITER Booster"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[change]]\nsite = "jafi"\npue = 1.1\n', "Did you mean 'jaif'"),
        ('[network]\nwithout = ["lumi"]\n', "There is no site 'lumi'"),
        ('[[change]]\nsite = "jaif"\npartition = "Boost"\npue = 1.1\n', "has no partition 'Boost'"),
        ('[[change]]\nsite = "lumi-aif"\ndevices = 8\n', "a change of devices is of one"),
        (OWN.replace("GB300", "GB3000"), "Did you mean 'GB300'"),
        (OWN + "devices = 10\n", "not a whole number of nodes"),
        (OWN + "devices = 40\nleaf_nodes = 3\n", "10 nodes are not a whole number of leaves with 3"),
        (OWN + "devices = 40\nleaf_nodes = 2\npod_leaves = 2\n", "5 leaves are not a whole number of pods with 2"),
        (OWN + "devices = 40\npod_leaves = 2\n", "pods of no leaves"),
        (OWN.replace('"own"', '"jaif"'), "is in the network already"),
    ],
)
def test_what_is_not_there_is_a_named_problem_that_says_what_would_be_right(text: str, words: str) -> None:
    with pytest.raises(NetworkImpossible) as told:
        network_of(parse_scenario(text))
    assert words in str(told.value)


def test_a_series_by_the_hour_goes_before_the_yearly_figure(tmp_path: Path) -> None:
    (tmp_path / "carbon.csv").write_text("gco2e_per_kwh\n100\n300\n")
    (tmp_path / "it.toml").write_text('[[change]]\nsite = "jaif"\ngco2e_per_kwh_file = "carbon.csv"\n')
    scenario = read_scenario(tmp_path / "it.toml")
    changed = next(one for one in network_of(scenario).partitions if one.site == "jaif")
    assert (changed.gco2e_by_hour, changed.gco2e_per_kwh) == ((100.0, 300.0), 200.0)
    (tmp_path / "carbon.csv").unlink()
    with pytest.raises(NetworkImpossible, match=r"carbon\.csv cannot be read"):
        network_of(scenario)
