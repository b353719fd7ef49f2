"""Components show what they are given, and nothing a page must not carry."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.template import Context, Template

from fabrica.reference.sources import Source
from fabrica.server.portal.templatetags.portal import STATE_WORDS, clock_difference, device_time, energy
from fabrica.values.ids import SiteId
from fabrica.values.states import AttemptState, RunState
from fabrica.wire.agents import NodeOut
from fabrica.wire.placement import Candidate, Placement, Reason, Term
from tests.builders import make_inventory

HOSTILE = '"><script>alert(1)</script>'


def shown(markup: str, **context: Any) -> str:
    return Template("{% load portal %}" + markup).render(Context(context))


def make_candidate(site: str, able: bool, **changes: Any) -> Candidate:
    valid: dict[str, Any] = {
        "site": SiteId(site),
        "site_name": site,
        "partition": "main",
        "country": "FI",
        "able": able,
        "reasons": (Reason(code="agent", passed=able, words=f"Reason of {site}."),),
    }
    return Candidate(**(valid | changes))


def make_placement(*candidates: Candidate, chosen: str | None) -> Placement:
    return Placement(
        policy_version="1",
        decided_at=datetime(2026, 11, 20, tzinfo=UTC),
        chosen=SiteId(chosen) if chosen else None,
        chosen_partition="main" if chosen else None,
        candidates=candidates,
        snapshot_sha256="ab" * 32,
    )


@pytest.mark.parametrize("state", [*RunState, *AttemptState])
def test_every_state_has_an_icon_and_a_word(state: RunState | AttemptState) -> None:
    markup = shown("{% state state %}", state=state)
    assert "<svg" in markup
    assert str(STATE_WORDS[state]) in markup


def test_a_value_nobody_knows_is_shown_as_unknown() -> None:
    assert "unknown" in shown("{% definition 'Power' None %}")
    assert "unknown" in shown("{% tile 'Power' None %}")
    assert "unknown" in shown("{% claim 'Power' None %}")
    assert "unknown" not in shown("{% claim 'Power' 0 %}")


def test_only_a_web_address_becomes_a_link_of_a_claim() -> None:
    source = Source(("https://example.eu/a", "javascript:alert(1)", "Official Journal"), "2026-01", "low")
    markup = shown("{% claim 'Power' 5 source %}", source=source)
    assert markup.count("<a ") == 1
    assert 'href="https://example.eu/a"' in markup
    assert "low confidence" in markup
    assert "2026-01" in markup


def test_a_placement_shows_every_reason_of_every_candidate_winner_first() -> None:
    term = Term(code="carbon", weight=0.2, value=0.5, missing=True, words="Carbon words.")
    second = make_candidate("second", True, rank=2, score=0.5, terms=(term,))
    winner = make_candidate("winner", True, rank=1, score=0.1, terms=(term,))
    refused = make_candidate("refused", False)
    placement = make_placement(refused, second, winner, chosen="winner")
    markup = shown("{% placement placement %}", placement=placement)
    places = [markup.index(f"Reason of {site}.") for site in ("winner", "second", "refused")]
    assert places == sorted(places)
    assert markup.count("placement-chosen") == 1
    assert "assumed" in markup


def test_a_placement_without_a_winner_says_what_is_nearest() -> None:
    placement = make_placement(make_candidate("refused", False), chosen=None)
    nearest = placement.model_copy(update={"nearest": "Ask for 2 GiB less."})
    assert "Ask for 2 GiB less." in shown("{% placement placement %}", placement=nearest)


def test_sites_that_the_run_does_not_name_are_apart_from_those_that_refuse_it() -> None:
    unnamed = Reason(code="sites", passed=False, words="Not this one.")
    others = [make_candidate(f"far-{number}", False, reasons=(unnamed,)) for number in (1, 2)]
    second = make_candidate("far-1", False, reasons=(unnamed,), partition="other")
    placement = make_placement(make_candidate("refused", False), *others, second, chosen=None)
    markup = shown("{% placement placement %}", placement=placement)
    before, _, after = markup.partition("2 other sites: the run does not name them")
    assert "1 partition could not take it" in before
    assert "Reason of refused." in before
    assert after.count('<details class="refused">') == after.count(">Not this one.<") == 3


def test_hostile_words_stay_text() -> None:
    candidate = make_candidate("refused", False, site_name=HOSTILE)
    assert "<script" not in shown("{% placement placement %}", placement=make_placement(candidate, chosen=None))
    assert "<script" not in shown("{% command words %}", words=HOSTILE)
    assert "<script" not in shown("{% tile words words words words %}", words=HOSTILE)


def test_device_time_and_energy_are_written_as_people_read_them() -> None:
    assert device_time(3_600_000 * 1911, "gpu.h100") == "1,911 h100-hours"
    assert device_time(1_648_000, "cpu.core") == "1,648 core-seconds"
    assert device_time(0, "cpu.core") == "0 core-hours"
    assert energy(18_220) == "18.2 kJ"
    assert energy(0.5) == "0.5 J"


def test_devices_of_nodes_that_take_no_work_are_not_shown_as_in_use() -> None:
    partition = make_inventory(devices_total=6, devices_free=0, devices_per_node=2).partitions[0]
    whole = shown("{% used_bar partition %}", partition=partition)
    assert "6 of 6 devices are in use" in whole
    assert "bar-out" not in whole
    out = partition.model_copy(update={"nodes_out": (NodeOut(node="n3", state="drained"),)})
    part = shown("{% used_bar partition %}", partition=out)
    assert "4 of 6 devices are in use, 2 on nodes that take no work" in part
    assert "bar-out" in part


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "unknown"), (0, "right"), (-2, "right"), (3600, "1 h behind"), (-90, "ahead")]
)
def test_a_sites_clock_is_told_as_people_say_it(seconds: int | None, words: str) -> None:
    assert words in clock_difference(seconds)
