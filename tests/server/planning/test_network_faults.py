"""Of a network that cannot be, the row and the key that make it so are found."""

import pytest

from fabrica.planning.network.members import network_of
from fabrica.planning.scenarios.reading import parse_scenario
from fabrica.server.planning.network_faults import fault_of
from fabrica.wire.planning import NetworkImpossible

SITE = '[[site]]\nid = "giga"\ncountry = "FI"\naccelerator = "GB300"\nbasis = "a test"\n'
FINE = '[[window]]\nfrom_day = 1\nhours = 8\n[[change]]\nsite = "jaif"\npue = 1.1\n'


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{SITE}devices = 101", ("site", 0, "devices")),
        (f"{SITE}devices = 144\nleaf_nodes = 5", ("site", 0, "leaf_nodes")),
        (f"{SITE}devices = 144\nleaf_nodes = 4\npod_leaves = 2", ("site", 0, "pod_leaves")),
        (f"{FINE}[[change]]\nsite = 'jaif'\npod_leaves = 2", ("change", 1, "pod_leaves")),
        (f"{FINE}[[change]]\nsite = 'nowhere'", ("change", 1, "")),
        (f"{FINE}[[window]]\nfrom_day = 5\nhours = 1\nsite = 'jaif'\ndevices = 99_999", ("window", 1, "devices")),
        (f"{FINE}[[window]]\nfrom_day = 1\nhours = 1\nsite = 'jaif'", ("window", 1, "")),
        ('[network]\nwithout = ["nowhere"]', None),
    ],
)
def test_what_makes_a_network_impossible_is_found(text: str, place: tuple[str, int, str] | None) -> None:
    scenario = parse_scenario(text)
    with pytest.raises(NetworkImpossible) as problem:
        network_of(scenario)
    found = fault_of(scenario, problem.value)
    assert (found and found[1:]) == place
