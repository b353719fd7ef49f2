"""The builder writes scenarios that the workshop reads, from the network as it is, and opens them again whole."""

from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from fabrica.planning.network.members import network_of
from fabrica.planning.scenarios.reading import parse_scenario
from fabrica.planning.scenarios.scenario import Scenario
from fabrica.server.planning.network_forms import NetworkForm
from fabrica.server.planning.network_rows import as_fields, is_told
from fabrica.server.planning.network_text import ROWS, open_text
from fabrica.values.ids import SiteId
from fabrica.wire.planning import NetworkImpossible, ScenarioMalformed
from fabrica.wire.scenarios import ScenarioRefused
from fabrica.wire.sites import Site

WHOLE: dict[str, Any] = {
    "name": "What if",
    "days": 28,
    "replications": 3,
    "load": 0.7,
    "seed": 1,
    "systems": ["current"],
    "site-0-id": "planned-gigafactory",
    "site-0-name": "Planned gigafactory",
    "site-0-accelerator": "GB300",
    "site-0-devices": 100_000,
    "site-0-basis": "assumed in the portal",
    **{f"{table}-TOTAL_FORMS": 1 for table in ROWS},
    **{f"{table}-INITIAL_FORMS": 0 for table in ROWS},
}
"""What a browser sends of a form that nothing was filled in but a name."""
GIGAFACTORY = {"site-0-country": "FI"}
CLOSED = {"change-0-place": "lumi-aif", "change-0-closed_to_day": 20}
RESERVED = {"window-0-from_day": 5, "window-0-hours": 24, "window-0-accounts": "1, 2"}


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
    sent = QueryDict(mutable=True)
    for name, value in (WHOLE | fields).items():
        sent.setlist(name, [str(one) for one in value] if isinstance(value, list) else [str(value)])
    return NetworkForm(sent, projects=(), sites=sites or (site("lumi-aif"), site("jaif")))


def scenario(*sites: Site, **fields: Any) -> Scenario:
    made = form(*sites, **fields)
    assert made.is_valid(), made.mistakes
    return parse_scenario(made.text())


def test_the_network_as_it_is_needs_nothing_more() -> None:
    found = scenario()
    assert found == parse_scenario(
        'name = "What if"\n[period]\ndays = 28\nreplications = 3\n[network]\nsystems = ["current"]\n[work]\nload = 0.7'
    )


def test_what_is_added_and_closes_is_in_the_scenario() -> None:
    found = scenario(
        site("lumi-aif"),
        site("jaif", draining=True),
        site("hammerhai", draining=True),  # whose machines nobody has published
        name='a "name" = [',
        systems=["current", "incoming"],
        as_now="on",
        carbon=0.5,
        pue_assumed=1.2,
        **{"site-0-opens_on_day": 5},
        **GIGAFACTORY,
        **CLOSED,
    )
    assert found.name == 'a "name" = ['
    assert found.network.systems == ("current", "incoming")
    assert [(one.country, one.devices, one.opens_on_day) for one in found.sites] == [("FI", 100_000, 5.0)]
    assert {(one.site, one.closed_from_day, one.closed_to_day) for one in found.changes} == {
        ("jaif", 0.0, 28.0),
        ("lumi-aif", 0.0, 20.0),
    }
    assert found.policy.weights.carbon == pytest.approx(0.5)
    assert found.policy.pue_assumed == 1.2


def test_leaves_and_pods_of_both_kinds_of_site_are_in_the_scenario() -> None:
    sizes = {"leaf_nodes": 25, "pod_leaves": 10}
    found = scenario(
        **GIGAFACTORY,
        **{f"site-0-{key}": value for key, value in sizes.items()},
        **{"change-0-place": "it4lia|Leonardo Booster", "change-0-leaf_nodes": 18, "change-0-pod_leaves": 4},
    )
    assert [(one.leaf_nodes, one.pod_leaves) for one in found.sites] == [(25, 10)]
    assert [(one.site, one.partition, one.leaf_nodes, one.pod_leaves) for one in found.changes] == [
        ("it4lia", "Leonardo Booster", 18, 4)
    ]
    assert network_of(found).partitions


def test_maintenance_and_a_reservation_are_in_the_scenario() -> None:
    found = scenario(
        **RESERVED,
        **{"window-TOTAL_FORMS": 2, "window-1-place": "jaif", "window-1-from_day": 3, "window-1-hours": 8},
        **{"window-1-every_days": 10, "window-1-devices": 400},
    )
    reservation, maintenance = found.windows
    assert (reservation.site, reservation.hours, reservation.accounts) == (None, 24.0, ("account 1", "account 2"))
    assert (maintenance.site, maintenance.from_day, maintenance.every_days, maintenance.devices) == ("jaif", 3, 10, 400)
    assert maintenance.accounts == ()
    assert found.accounts.count == 200


def test_a_gigafactory_of_the_form_is_reserved_and_changed_as_the_others() -> None:
    found = scenario(**GIGAFACTORY, **RESERVED, **{"window-0-place": "planned-gigafactory"})
    assert found.windows[0].site == found.sites[0].id
    assert network_of(found).partitions


def test_age_and_the_other_rules_of_sites_are_in_the_scenario() -> None:
    found = scenario(
        fair_share="on", age_hours=24, age_max_hours=96, device_hours_per_stop=50_677, checkpoint_seconds=3600
    )
    rules = found.rules
    assert (rules.fair_share, rules.age_hours, rules.age_max_hours) == (True, 24.0, 96.0)
    assert (rules.device_hours_per_stop, rules.checkpoint_seconds) == (50_677.0, 3_600)
    assert found.accounts.count == 200
    others = scenario(preemption="on", services=2, **{"account-0-name": 3, "account-0-device_hours": 500})
    assert (others.rules.preemption, others.levels.services) == (True, 2)
    assert [(one.name, one.device_hours) for one in others.named_accounts] == [("account 3", 500.0)]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"days": 0}, "id_days"),
        ({"days": 5000}, "id_days"),
        ({"replications": 9}, "id_replications"),
        ({"load": 0}, "id_load"),
        ({"carbon": 2}, "id_carbon"),
        ({"pue_assumed": 0.5}, "id_pue_assumed"),
        ({"age_hours": 24}, "id_age_hours"),
        ({"fair_share": "on", "count": 1}, "id_count"),
        ({"preemption": "on"}, "id_preemption"),
        ({"preemption": "on", **dict.fromkeys(("tests", "experiments", "fine_tuning"), 1)}, None),
        ({"within_leaf": "on"}, "id_within_leaf"),
        ({"leaf_stop_share": 0.1}, "id_leaf_stop_share"),
        ({"site-0-country": "ZZ"}, "id_site-0-country"),
        ({"site-0-opens_on_day": 4}, "id_site-0-country"),
        ({**GIGAFACTORY, "site-0-devices": 0}, "id_site-0-devices"),
        ({**GIGAFACTORY, "site-0-pod_leaves": 4}, "id_site-0-leaf_nodes"),
        ({"change-0-closed_to_day": 9}, "id_change-0-place"),
        ({"change-0-place": "nowhere"}, "id_change-0-place"),
        ({"change-0-place": "lumi-aif", "change-0-closed_from_day": 1}, "id_change-0-closed_to_day"),
        ({**CLOSED, "change-0-closed_from_day": 20}, "id_change-0-closed_to_day"),
        ({"window-0-from_day": 1}, "id_window-0-hours"),
        ({"window-0-accounts": "1"}, "id_window-0-from_day"),
        ({**RESERVED, "window-0-place": "nowhere"}, "id_window-0-place"),
        ({**RESERVED, "window-0-accounts": "one"}, "id_window-0-accounts"),
        ({**RESERVED, "window-0-accounts": "0"}, "id_window-0-accounts"),
        ({**RESERVED, "window-0-accounts": "201"}, "id_window-0-accounts"),
        ({**RESERVED, "count": 1}, "id_window-0-accounts"),
        ({"count": 5, "account-0-name": 6}, "id_account-0-name"),
        ({"account-0-share": 2}, "id_account-0-name"),
        ({"rest": "[period]\nseed = ="}, "id_rest"),
        ({"rest": "[network]\nwithin = 1"}, "id_rest"),
        ({"rest": "[work]\nload = 1"}, "id_rest"),
    ],
)
def test_a_mistake_stands_at_its_field(fields: dict[str, Any], wrong: str | None) -> None:
    made = form(**fields)
    assert made.is_valid() == (wrong is None)
    assert wrong is None or wrong in {one.id for one in made.mistakes}


def told(made: NetworkForm) -> set[str]:
    """Return the fields at which the workshop's own problem is told, as when a scenario is saved."""
    assert made.is_valid(), made.mistakes
    try:
        network_of(parse_scenario(made.text()))
    except (ScenarioMalformed, NetworkImpossible) as problem:
        made.tell(problem)
    return {one.id for one in made.mistakes}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"carbon": 0.8, "risk": 0.8}, "id_carbon"),
        ({"risk": 0.8, "balance": 0.8}, "id_balance"),
        ({"portable_share": 0.8, "home_share": 0.8}, "id_home_share"),
        ({"fair_share": "on", "age_hours": 1, "age_max_hours": 100}, "id_age_hours"),
        (
            {**GIGAFACTORY, "site-0-leaf_nodes": 25, "site-0-pod_leaves": 10, "within_leaf": "on"},
            "id_within_leaf",
        ),
        ({**GIGAFACTORY, "site-0-devices": 101}, "id_site-0-devices"),
        ({**GIGAFACTORY, "site-0-leaf_nodes": 17}, "id_site-0-leaf_nodes"),
        ({**GIGAFACTORY, "site-0-leaf_nodes": 25, "site-0-pod_leaves": 7}, "id_site-0-pod_leaves"),
        ({"change-0-place": "jaif", "change-0-pod_leaves": 2}, "id_change-0-pod_leaves"),
        ({**RESERVED, "window-0-place": "jaif", "window-0-devices": 99_999}, "id_window-0-devices"),
        ({**RESERVED, "window-0-place": "planned-gigafactory"}, "id_window-0-place"),
        ({"window-TOTAL_FORMS": 2, **{key.replace("-0-", "-1-"): one for key, one in RESERVED.items()}}, None),
    ],
)
def test_a_problem_of_the_workshop_stands_at_the_field_it_comes_from(fields: dict[str, Any], wrong: str | None) -> None:
    assert told(form(**fields)) == ({wrong} if wrong else set())


def test_rows_that_are_empty_do_not_move_a_problem_to_another_row() -> None:
    fields = {"window-TOTAL_FORMS": 2, "window-1-place": "jaif", "window-1-from_day": 1, "window-1-hours": 1}
    assert told(form(**fields, **{"window-1-devices": 99_999})) == {"id_window-1-devices"}


def test_a_problem_of_no_field_stands_above() -> None:
    made = form()
    assert made.is_valid()
    made.tell(ScenarioRefused("It rests on another file.", remedy="Write it here."))
    assert [(one.id, one.problem) for one in made.mistakes] == [("", "It rests on another file. Write it here.")]


def reopened(text: str) -> NetworkForm:
    """Return the form that a scenario is opened in, sent as a browser sends it when nothing is changed."""
    first = NetworkForm(None, projects=(), sites=(), begun=as_fields(open_text(text)))
    sent = QueryDict(mutable=True)
    every = [first, *(row for rows in first.rows.values() for row in rows)]
    every += [rows.management_form for rows in first.rows.values()]
    for one in every:
        for field in one:
            value = field.value()
            if isinstance(value, list):
                sent.setlist(field.html_name, value)
            elif is_told(value):
                sent[field.html_name] = "on" if value is True else str(value).replace("\n", "\r\n")
    sent.setdefault("name", "as before")
    return NetworkForm(sent, projects=(), sites=())


EVERY_KEY = """
name = "Whole"
description = "two\\nlines"
[period]
days = 90
warm_up_days = 3
seed = 77
replications = 2
[network]
systems = ["current", "incoming"]
without = ["bsc-aif"]
[work]
load = 0.5
growth = 1.5
portable_share = 0.3
home_share = 0.1
largest_devices = 2048
[policy]
carbon = 0.3
risk = 0.0
pue_assumed = 1.15
[rules]
fair_share = true
half_life_hours = 0
age_hours = 24
age_max_hours = 96.5
preemption = true
saving_seconds = 60
device_hours_per_stop = 50_677
leaf_stop_share = 0.25
checkpoint_seconds = 3_600
restart_seconds = 0
repair_seconds = 43_200
[levels]
services = 1
tests = 0
[accounts]
count = 40
skew = 0.0
device_hours = 1_000_000
[[account]]
name = "account 1"
share = 2.5
[[site]]
id = "giga-at"
name = "Gigafactory in Austria"
country = "AT"
accelerator = "GB300"
node_devices = 4
devices = 72_000
leaf_nodes = 18
pod_leaves = 10
pue = 1.1
gco2e_per_kwh = 100
eur_per_kwh = 0.1
opens_on_day = 30.5
basis = "an expression of interest"
[[site]]
id = "without-a-name"
country = "FI"
accelerator = "GB300"
basis = "a test"
[[change]]
site = "lumi-aif"
partition = "LUMI-G"
devices = 11_920
leaf_nodes = 10
pod_leaves = 149
pue = 1.05
[[change]]
site = "jaif"
closed_from_day = 0
closed_to_day = 45
[[change]]
site = "giga-at"
eur_per_kwh = 0.0
[[window]]
from_day = 30
hours = 8
every_days = 45
[[window]]
site = "it4lia"
partition = "Leonardo Booster"
from_day = 10
hours = 168
devices = 400
accounts = ["account 2", "account 3"]
"""
EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "network").glob("*.toml"))


@pytest.mark.parametrize("text", [EVERY_KEY, "", "[rules]\nfair_share = false\n[accounts]\ncount = 3"])
def test_a_scenario_that_is_opened_and_saved_says_the_same(text: str) -> None:
    made = reopened(text)
    assert made.is_valid(), made.mistakes
    before = parse_scenario(text, "as before")
    assert parse_scenario(made.text()) == before
    network_of(before)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.stem)
def test_an_example_that_is_opened_and_saved_says_the_same(example: Path) -> None:
    text = "\n".join(line for line in example.read_text().splitlines() if not line.startswith("base"))
    made = reopened(text)
    assert made.is_valid(), made.mistakes
    assert parse_scenario(made.text()) == parse_scenario(text)


def test_what_was_sent_is_kept_right_or_wrong() -> None:
    made = form(**{**RESERVED, "window-0-hours": "a week"}, rest="[wrong", systems=["upgrade"], days="")
    kept = NetworkForm(None, projects=(), sites=(), begun=made.sent())
    assert kept["days"].value() == ""
    assert kept["systems"].value() == ["upgrade"]
    assert kept["rest"].value() == "[wrong"
    (window,) = kept.rows["window"].forms
    assert (window["hours"].value(), window["accounts"].value()) == ("a week", "1, 2")
    assert not kept.mistakes


@given(st.text(min_size=1, max_size=40).filter(lambda name: name.strip() and "\x00" not in name))
def test_any_name_reads_back(name: str) -> None:
    made = form(name=name)
    if made.is_valid():
        assert parse_scenario(made.text()).name == made.cleaned_data["name"]
