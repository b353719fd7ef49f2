"""A what-if of the network as a result; a server reads no file for it, and runs only so much."""

import importlib.util

import pytest

from fabrica.planning.answers import network
from fabrica.wire.planning import CompilerMissing, NetworkImpossible, ScenarioMalformed
from fabrica.wire.problems import FabricaError
from fabrica.wire.scenarios import ScenarioRefused

OWN = '[[site]]\nid = "a"\ncountry = "AT"\naccelerator = "GB300"\nbasis = "b"\n'
TINY = "[period]\ndays = 2\nwarm_up_days = 0\nreplications = 2\n"


def test_a_plain_scenario_is_run() -> None:
    network.check("")
    network.check(TINY)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('base = "other.toml"', ScenarioRefused),
        ('[work]\ntrace = "/etc/passwd"', ScenarioRefused),
        ('[[change]]\nsite = "jaif"\ngco2e_per_kwh_file = "/etc/passwd"', ScenarioRefused),
        (OWN + 'eur_per_kwh_file = "/etc/passwd"', ScenarioRefused),
        ("[period]\ndays = 3660", ScenarioRefused),
        ("[period]\nreplications = 900", ScenarioRefused),
        ("[work]\njobs = 100000000", ScenarioRefused),
        ("[perod]", ScenarioMalformed),
        ('[network]\nwithout = ["nowhere"]', NetworkImpossible),
        ('[[account]]\nname = "nobody"\ndevice_hours = 5', NetworkImpossible),
        ("[work]\nlargest_devices = 9000000", NetworkImpossible),
    ],
)
def test_what_a_server_does_not_run_is_refused(text: str, problem: type[FabricaError]) -> None:
    with pytest.raises(problem):
        network.check(text)


def test_a_server_without_numba_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CompilerMissing, match=r"fabrica\[planning\]"):
        network.check("")


@pytest.mark.processes  # the network's loop is compiled once on a machine, which takes half a minute
def test_a_run_has_words_figures_sections_and_tables_and_is_repeatable() -> None:
    said: list[str] = []
    one = network.answer(TINY, 3, lambda share, words: said.append(words))
    assert said
    assert one == network.answer(TINY, 3, lambda share, words: None)
    assert "simulation" in one.words
    assert {"mean_wait_s", "use"} <= {figure.key for figure in one.figures}
    assert "Use by site over time" in one.report
    assert {table.name for table in one.tables} == {"partitions", "classes", "left-out"}
