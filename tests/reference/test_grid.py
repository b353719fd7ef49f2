"""Carbon intensities carry their year and source; nothing unknown is filled in."""

from fabrica.reference.grid import load_grid
from fabrica.reference.network import load_network
from fabrica.values.ids import SiteId

GRID = load_grid()


def test_a_country_has_its_intensity_with_year_and_source() -> None:
    finland = GRID.country("FI")
    assert finland is not None
    assert (finland.gco2e_per_kwh, finland.year) == (79.158, 2023)
    assert finland.source.as_of == "2024-09-20"
    iceland = GRID.country("IS")
    assert iceland is not None
    assert iceland.year == 2022


def test_norway_is_a_country_and_not_a_truth_value() -> None:
    norway = GRID.country("NO")
    assert norway is not None
    assert norway.name == "Norway"


def test_an_unknown_country_is_unknown() -> None:
    assert GRID.country("XX") is None
    assert GRID.country("fi") is None


def test_every_intensity_is_plausible_and_sourced() -> None:
    for code, intensity in GRID.countries.items():
        assert len(code) == 2
        assert 0 < intensity.gco2e_per_kwh < 1200
        assert intensity.source.addresses


def test_no_site_has_a_measured_pue_and_a_target_is_not_one() -> None:
    assert all(site.pue is None for site in GRID.sites)
    groningen = GRID.site(SiteId("nlaif"))
    assert groningen is not None
    assert groningen.pue_target_max == 1.2
    assert "assumption" in GRID.sites_caveat


def test_site_energy_names_known_sites_in_their_country() -> None:
    network = load_network()
    for energy in GRID.sites:
        if energy.site is not None:
            site = network.site(energy.site)
            assert site is not None
            assert site.country == energy.country
    assert GRID.site(SiteId("gaia")) is None


def test_the_caveats_say_what_the_average_hides() -> None:
    assert any("hour-by-hour" in caveat for caveat in GRID.caveats)
