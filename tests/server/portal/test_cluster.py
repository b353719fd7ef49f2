"""What a site's page shows of its queue."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from fabrica.server.portal.cluster import waits_shown
from fabrica.server.runs.page_queries import WaitTold
from fabrica.server.sites import service as sites
from fabrica.wire.agents import Maintenance, NodeOut, QueueClass, WaitForecast
from tests.builders import make_agent, make_inventory, make_sync

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_nothing_is_shown_of_a_site_where_nothing_has_started() -> None:
    assert waits_shown(()) is None


def test_lines_nobody_told_are_left_out() -> None:
    shown = waits_shown([WaitTold(5.0, None, None, None)])
    assert shown is not None
    assert [line.points for line in shown.lines] == [((1, 5.0),)]
    assert (shown.score, shown.engine_factor) == (None, None)


def test_forecasts_and_the_engine_are_scored_against_what_came_true() -> None:
    told = [WaitTold(float(wait), 5.0, 9.0, 100.0) for wait in range(1, 11)]
    shown = waits_shown(told)
    assert shown is not None
    assert shown.score is not None
    assert (shown.score.predictions, shown.score.within_q50, shown.score.within_q90) == (10, 0.5, 0.9)
    assert shown.engine_count == 10
    assert shown.engine_factor == pytest.approx(100 / 5)
    assert len(shown.lines) == 4


def test_an_estimate_of_no_wait_is_off_by_the_seconds_waited() -> None:
    shown = waits_shown([WaitTold(40.0, None, None, 0.0)])
    assert shown is not None
    assert shown.engine_factor == 40.0


@pytest.mark.django_db
def test_the_page_shows_queue_drains_and_history_and_escapes_the_site_s_words() -> None:
    forecast = WaitForecast(
        devices_max=8,
        limit_seconds_max=3600,
        of_all_limits=False,
        q50_seconds=61,
        q90_seconds=7261,
        q50_bound_seconds=80,
        q90_bound_seconds=None,
        samples=214,
        newest_at=NOW,
        changed_at=None,
    )
    make_agent(
        inventory=make_inventory(
            jobs_running=1234,
            queue=(QueueClass(devices_min=5, devices_max=8, jobs_waiting=17, devices_waiting=136),),
            nodes_out=(NodeOut(node="gpu07", state="drained", reason="<script>alert(1)</script>", since=NOW),),
            waits=(forecast,),
        )
    )
    page = Client().get("/sites/own-site").content.decode()
    for words in ("1,234", "5–8", "136", "gpu07", "drained", "214", "within a day", "21 Nov 2026, 12:00 UTC"):
        assert words in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.django_db
def test_the_page_tells_planned_maintenance_until_it_is_over_and_escapes_what_it_is_called() -> None:
    starts = datetime.now(UTC) + timedelta(days=2)
    planned = Maintenance(starts_at=starts, ends_at=starts + timedelta(hours=10), name="<b>upgrade</b>")
    agent = make_agent(inventory=make_inventory(maintenance=planned))
    page = Client().get("/sites/own-site").content.decode()
    assert f"maintenance from {starts:%-d %b %Y, %H:%M} to " in page
    assert "&lt;b&gt;upgrade" in page
    assert "takes runs" in page
    now = planned.model_copy(update={"starts_at": starts - timedelta(days=3)})
    sites.hear(agent, request=make_sync(inventory=make_inventory(maintenance=now)))
    page = Client().get("/sites/own-site").content.decode()
    assert f"in maintenance until {now.ends_at:%-d %b, %H:%M} UTC" in page
    assert "takes runs" not in page
    over = planned.model_copy(update={"starts_at": starts - timedelta(days=3), "ends_at": starts - timedelta(days=2.5)})
    sites.hear(agent, request=make_sync(inventory=make_inventory(maintenance=over)))
    assert "maintenance from" not in Client().get("/sites/own-site").content.decode()


@pytest.mark.django_db
def test_a_site_that_tells_no_queue_shows_it_as_unknown() -> None:
    make_agent()
    page = Client().get("/sites/own-site").content.decode()
    assert "claim-unknown" in page
    assert "What waits in" not in page
