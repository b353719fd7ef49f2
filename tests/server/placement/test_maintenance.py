"""Maintenance keeps a run away when its time limit reaches into it, and people are told until when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fabrica.server.core.actors import SYSTEM, Actor
from fabrica.server.placement import maintenance, queries, service
from fabrica.server.placement.models import PlacementDecision
from fabrica.server.placement.rules import History, Share
from fabrica.server.sites import service as sites
from fabrica.values.ids import RunId
from fabrica.wire.agents import Maintenance, NodeOut
from fabrica.wire.placement import Placement
from fabrica.wire.runs import Resources
from tests.builders import make_agent, make_inventory, make_site, make_spec, make_sync

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LIMIT = 3600
RUN = RunId.new()


def planned(starts_at: datetime, ends_at: datetime) -> Maintenance:
    return Maintenance(starts_at=starts_at, ends_at=ends_at, name="upgrade")


@pytest.mark.parametrize(
    ("starts", "ends", "seconds"),
    [(HOUR, 2 * HOUR, (3600, 7200)), (-HOUR, HOUR, (-3600, 3600)), (-2 * HOUR, -HOUR, ()), (-HOUR, 0 * HOUR, ())],
    ids=["to come", "now", "over", "just over"],
)
def test_maintenance_is_counted_until_its_end_and_not_beyond(
    starts: timedelta, ends: timedelta, seconds: tuple[int, ...]
) -> None:
    told = planned(NOON + starts, NOON + ends)
    assert tuple(maintenance.columns(told, NOON).values()) == seconds
    assert maintenance.goes_on(told, NOON) is bool(seconds and seconds[0] <= 0)


def test_where_none_is_planned_nothing_is_counted() -> None:
    assert maintenance.columns(None, NOON) == {}
    assert not maintenance.goes_on(None, NOON)


def at_a_site(starts: timedelta, ends: timedelta, *, clock: timedelta = timedelta(), **more: Any) -> Actor:
    """Let a site whose clock may be off tell of its maintenance, and return its agent."""
    site_now = datetime.now(UTC) + clock
    told = make_inventory(maintenance=planned(site_now + starts, site_now + ends), **more)
    agent = make_agent()
    sites.hear(agent, request=make_sync(inventory=told, sent_at=site_now))
    return agent


def decided(limit_seconds: int = LIMIT) -> Placement:
    spec = make_spec(resources=Resources(time_limit_seconds=limit_seconds))
    share = Share(reserve_milliseconds=100_000, free_milliseconds=10**9, granted_milliseconds=10**9)
    return service.choose(SYSTEM, run=RUN, spec=spec, share_of=lambda site: share, history=History())


def told_of(placement: Placement) -> list[str]:
    own = next(one for one in placement.candidates if one.site == "own-site")
    return [reason.words for reason in own.reasons if not reason.passed]


@pytest.mark.django_db
@pytest.mark.parametrize("clock", [timedelta(), HOUR, -HOUR], ids=["right", "ahead", "behind"])
def test_a_run_that_reaches_into_maintenance_is_held_and_a_shorter_one_is_not(clock: timedelta) -> None:
    at_a_site(HOUR, 30 * HOUR, clock=clock)
    assert decided(LIMIT // 2).chosen == "own-site"
    held = decided(2 * LIMIT)
    assert held.chosen is None
    (words,) = told_of(held)
    assert words.startswith("Maintenance starts in ")
    ends = datetime.now(UTC) + 30 * HOUR
    assert f"{ends:%Y-%m-%d at }" in (held.nearest or "")
    assert "or now with a time limit that ends before it" in (held.nearest or "")


@pytest.mark.django_db
def test_a_run_of_any_length_is_held_in_maintenance_and_taken_when_it_is_over_by_the_clock() -> None:
    agent = at_a_site(-HOUR, HOUR, nodes=1, nodes_out=(NodeOut(node="n1", state="maint"),))
    held = decided(60)
    assert held.chosen is None
    assert told_of(held) == ["Maintenance goes on now; the run may take up to 1 min."]  # not that it takes no runs
    assert "is in maintenance until" in (held.nearest or "")
    over = planned(datetime.now(UTC) - 2 * HOUR, datetime.now(UTC) - HOUR)
    sites.hear(agent, request=make_sync(inventory=make_inventory(maintenance=over)))
    assert decided(60).chosen == "own-site"  # though the agent still tells of it


@pytest.mark.django_db
def test_another_site_that_is_able_takes_the_run() -> None:
    at_a_site(HOUR, 30 * HOUR)
    make_agent(make_site("other-site"))
    assert decided(2 * LIMIT).chosen == "other-site"
    assert decided(LIMIT // 2).nearest is None


@pytest.mark.django_db
def test_a_hold_for_maintenance_is_kept_once_however_often_it_is_decided() -> None:
    at_a_site(HOUR, 30 * HOUR)
    for _ in range(3):
        decided(2 * LIMIT)
    kept = PlacementDecision.objects.get()
    assert queries.replayed(kept.pk).nearest == kept.nearest


@pytest.mark.django_db
def test_what_maintenance_is_not_alone_in_refusing_is_told_as_before() -> None:
    at_a_site(HOUR, 30 * HOUR)
    spec = make_spec(resources=Resources(time_limit_seconds=2 * LIMIT, devices=17))
    refused = service.plan(SYSTEM, spec=spec, share_of=lambda site: Share(reserve_milliseconds=1), history=History())
    assert "before the site's maintenance" in (refused.nearest or "")
