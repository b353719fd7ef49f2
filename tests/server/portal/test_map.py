"""The map shows every site whose place is known, and says in words what it shows."""

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from fabrica.server.portal.map import APART, describe, network_map
from fabrica.values.ids import SiteId
from fabrica.wire.sites import Site

HOSTILE = '"><script>alert(1)</script>'


def make_site(name: str = "somewhere", **changes: Any) -> Site:
    valid: dict[str, Any] = {
        "id": name,
        "name": name,
        "kind": "factory",
        "country": "FI",
        "city": "Kajaani",
        "latitude": 64.22,
        "longitude": 27.73,
        "simulated": False,
        "draining": False,
        "connected": False,
        "last_word_at": None,
        "devices_total": None,
        "devices_free": None,
        "summary": "",
    }
    return Site(**(valid | changes))


def page(site: SiteId) -> str:
    return f"/sites/{site}"


def links(markup: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(markup).iter("a"))


def classes(link: ElementTree.Element) -> str:
    return " ".join(part.attrib.get("class", "") for part in link.iter())


def test_every_site_with_a_place_is_a_link_with_words() -> None:
    found = links(network_map([make_site("one"), make_site("two", latitude=48.2, longitude=16.4)], page))
    assert {link.attrib["href"] for link in found} == {"/sites/one", "/sites/two"}
    assert all(link.attrib["aria-label"] and link.find("title") is not None for link in found)


def test_a_hostile_name_stays_text() -> None:
    markup = network_map([make_site(name="evil").model_copy(update={"name": HOSTILE, "connected": True})], page)
    assert "<script" not in markup
    assert links(markup)[0].attrib["aria-label"].startswith(HOSTILE)


def test_a_site_known_by_country_stands_in_its_country() -> None:
    found = links(network_map([make_site("belgian", country="BE", city=None, latitude=None, longitude=None)], page))
    assert len(found) == 1


def test_a_site_without_any_place_is_left_to_the_list() -> None:
    nowhere = make_site("nowhere", country=None, city=None, latitude=None, longitude=None)
    faraway = make_site("faraway", latitude=-40.0, longitude=170.0)
    assert links(network_map([nowhere, faraway], page)) == []


def test_sites_of_one_place_do_not_hide_each_other() -> None:
    found = links(network_map([make_site(f"site-{index}") for index in range(4)], page))
    places = [(float(link[1].attrib["cx"]), float(link[1].attrib["cy"])) for link in found]
    near = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for a in places for b in places if a is not b]
    assert min(near) >= APART - 0.1


def test_what_takes_runs_is_drawn_last_and_named() -> None:
    found = links(network_map([make_site("alive", connected=True), make_site("silent")], page))
    assert found[-1].attrib["href"] == "/sites/alive"
    assert [part.text for part in found[-1].iter("text")] == ["alive"]
    assert list(found[0].iter("text")) == []


def test_a_simulated_site_never_looks_or_reads_like_a_real_one() -> None:
    real, simulated = make_site(connected=True), make_site(connected=True, simulated=True)
    assert "map-connected" in classes(links(network_map([real], page))[0])
    assert "map-simulated" in classes(links(network_map([simulated], page))[0])
    assert "simulated" in describe(simulated)
    assert "simulated" not in describe(real)


def test_a_site_whose_agent_fell_silent_is_told_apart_from_one_that_never_had_one() -> None:
    assert "no agent connected" in describe(make_site(connected=False))
    assert "its agent is silent" in describe(
        make_site(connected=False, last_word_at=datetime(2026, 11, 21, tzinfo=UTC))
    )


def test_a_connected_site_that_takes_no_run_now_says_why_instead() -> None:
    silent_since = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
    assert "takes runs" in describe(make_site(connected=True))
    assert "takes no new runs" in describe(make_site(connected=True, draining=True))
    silent = describe(make_site(connected=True, engine_silent_since=silent_since))
    assert "its scheduler does not answer" in silent
    assert "takes runs" not in silent
    closed = describe(make_site(connected=True, maintenance_ends_at=silent_since))
    assert "in maintenance" in closed
    assert "takes runs" not in closed
    assert "takes runs of its owner" in describe(make_site(connected=True, personal=True))


def test_runs_of_now_are_drawn_and_counted_in_words() -> None:
    busy = make_site("busy", connected=True)
    link = links(network_map([busy], page, {SiteId("busy"): 3}))[0]
    assert "map-load" in classes(link)
    assert "3 runs now" in link.attrib["aria-label"]


def test_no_sites_leaves_the_land() -> None:
    assert "map-land" in network_map([], page)
