"""A site is found again by what people call it, and never guessed where several may be meant."""

import pytest

from fabrica.reference.network import load_network
from fabrica.reference.site_names import nearest_site

IDS = [str(one.id) for one in load_network().factories]


@pytest.mark.parametrize(
    ("name", "site"),
    [
        ("jupiter", "jaif"),
        ("Jülich", "jaif"),
        ("juelich", "jaif"),
        ("JAIF", "jaif"),
        ("Leonardo", "it4lia"),
        ("CINECA", "it4lia"),
        ("LUMI", "lumi-aif"),
        ("marenostrum", "bsc-aif"),
        ("Alice Recoque", "ai2f"),
        ("Finland", "lumi-aif"),
        ("fr", "ai2f"),
    ],
)
def test_a_site_is_meant_by_its_machine_its_city_its_host_and_its_country(name: str, site: str) -> None:
    assert nearest_site(name, IDS) == site


@pytest.mark.parametrize("name", ["", "nowhere", "Germany", "center", "x" * 500])
def test_nothing_is_guessed_where_none_or_several_may_be_meant(name: str) -> None:
    assert nearest_site(name, IDS) is None


def test_only_the_sites_given_are_meant_and_those_of_a_scenario_too() -> None:
    assert nearest_site("jupiter", ["lumi-aif", "giga-at"]) is None
    assert nearest_site("giga_at", ["lumi-aif", "giga-at"]) == "giga-at"
