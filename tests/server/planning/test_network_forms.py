"""The builder writes scenarios that the workshop reads, from the network as it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.scenarios.reading import parse_scenario
from fabrica.server.planning.network_forms import NetworkForm
from fabrica.values.ids import SiteId
from fabrica.wire.sites import Site

WHOLE: dict[str, Any] = {"name": "What if", "days": 28, "replications": 3, "load": 0.7, "seed": 1}


def site(name: str, *, draining: bool = False) -> Site:
    return Site(
        id=SiteId(name),
        name=name.upper(),
        kind="factory",
        country="FI",
        simulated=False,
        draining=draining,
        connected=True,
        last_word_at=None,
        devices_total=None,
        devices_free=None,
        summary="",
    )


def form(*sites: Site, **fields: Any) -> NetworkForm:
    return NetworkForm(WHOLE | fields, projects=(), sites=sites or (site("lumi-aif"), site("jaif")))


def test_the_network_as_it_is_needs_nothing_more() -> None:
    made = form()
    assert made.is_valid(), made.errors
    scenario = parse_scenario(made.text())
    assert (scenario.period.days, scenario.network.systems, scenario.sites, scenario.changes) == (
        28,
        ("current",),
        (),
        (),
    )


def test_every_question_of_the_form_is_in_the_scenario() -> None:
    made = form(
        site("lumi-aif"),
        site("jaif", draining=True),
        name='a "name" = [',
        planned="on",
        as_now="on",
        country="FI",
        accelerator="GB300",
        devices=100_000,
        opens_on_day=5,
        closes="lumi-aif",
        closed_to_day=20,
        carbon=0.5,
        pue_assumed=1.2,
    )
    assert made.is_valid(), made.errors
    scenario = parse_scenario(made.text())
    assert scenario.name == 'a "name" = ['
    assert scenario.network.systems == ("current", "incoming")
    assert [(one.country, one.devices, one.opens_on_day) for one in scenario.sites] == [("FI", 100_000, 5.0)]
    assert {(one.site, one.closed_from_day, one.closed_to_day) for one in scenario.changes} == {
        ("jaif", 0.0, 28.0),
        ("lumi-aif", 0.0, 20.0),
    }
    assert scenario.policy.weights.carbon == pytest.approx(0.5)
    assert scenario.policy.pue_assumed == 1.2


def test_what_happens_at_sites_is_in_the_scenario_where_it_is_asked() -> None:
    made = form(stops="on", fair_share="on", maintenance_days=10)
    assert made.is_valid(), made.errors
    scenario = parse_scenario(made.text())
    rules, (window,) = scenario.rules, scenario.windows
    assert (rules.fair_share, rules.device_hours_per_stop, rules.checkpoint_seconds) == (True, 50_677.0, 3_600)
    assert (scenario.accounts.count, window.site, window.from_day, window.every_days) == (200, None, 10.0, 10.0)
    assert parse_scenario(form_text()).rules == type(rules)()


def form_text() -> str:
    made = form()
    assert made.is_valid()
    return made.text()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"days": 0}, "days"),
        ({"days": 5000}, "days"),
        ({"replications": 9}, "replications"),
        ({"load": 0}, "load"),
        ({"country": "FI"}, "devices"),
        ({"country": "ZZ"}, "country"),
        ({"closes": "lumi-aif"}, "closed_to_day"),
        ({"closes": "lumi-aif", "closed_from_day": 9, "closed_to_day": 9}, "closed_to_day"),
        ({"closes": "nowhere"}, "closes"),
        ({"carbon": 2}, "carbon"),
        ({"pue_assumed": 0.5}, "pue_assumed"),
        ({"maintenance_days": 0}, "maintenance_days"),
    ],
)
def test_a_mistake_stands_at_its_field(fields: dict[str, Any], wrong: str) -> None:
    made = form(**fields)
    assert not made.is_valid()
    assert wrong in made.errors


@given(st.text(min_size=1, max_size=40).filter(lambda name: name.strip() and "\x00" not in name))
def test_any_name_reads_back(name: str) -> None:
    made = form(name=name)
    if made.is_valid():
        assert parse_scenario(made.text()).name == made.cleaned_data["name"]
