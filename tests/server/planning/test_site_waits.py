"""The wait at a site comes from its agent's own history, or is not told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fabrica.planning.training.pools import pool_of_site
from fabrica.server.planning.site_waits import wait_words
from fabrica.wire.agents import WaitForecast
from tests.builders import make_agent, make_inventory, make_site
from tests.server.readers import browser

pytestmark = pytest.mark.django_db


def forecast(half: float, nine: float, devices_max: int | None = None) -> WaitForecast:
    return WaitForecast(
        devices_max=devices_max,
        limit_seconds_max=None,
        of_all_limits=True,
        q50_seconds=half,
        q90_seconds=nine,
        q50_bound_seconds=None,
        q90_bound_seconds=None,
        samples=100,
        newest_at=datetime(2026, 11, 1, tzinfo=UTC),
        changed_at=None,
    )


def site_with(*waits: WaitForecast, **fields: Any) -> None:
    inventory = make_inventory(resource_class="gpu.gh200", waits=waits, **fields)
    make_agent(make_site("jaif"), inventory)


def test_the_narrowest_class_that_has_a_history_is_told() -> None:
    site_with(forecast(7200, 86_400), forecast(60, 600, devices_max=64))
    told = wait_words(pool_of_site("jaif", 64), 86_400)
    assert told is not None
    assert "half of such jobs waited at most 1 min" in told
    told = wait_words(pool_of_site("jaif", 512), 86_400)
    assert told is not None
    assert "half of all jobs waited at most 2 h" in told


def test_without_an_agent_or_a_history_nothing_is_told() -> None:
    assert wait_words(pool_of_site("jaif", 64), 86_400) is None
    site_with()
    assert wait_words(pool_of_site("jaif", 64), 86_400) is None
    assert wait_words(pool_of_site("bsc-aif", 64), 86_400) is None


def test_the_planner_says_it_in_the_place_of_not_known() -> None:
    question = {
        "model": "llama3-8b",
        "tokens": "1T",
        "precision": "bf16",
        "where": "jaif",
        "devices": "512",
        "resilience": "storage",
    }
    assert "is not known here" in browser().get("/plan/training", question).content.decode()
    site_with(forecast(7200, 86_400))
    page = browser().get("/plan/training", question).content.decode()
    assert "half of all jobs waited at most 2 h" in page
    assert "is not known here" not in page


def test_where_all_sites_are_compared_each_says_its_own_wait() -> None:
    question = {"model": "llama3-8b", "tokens": "1T", "precision": "bf16", "resilience": "storage"}
    site_with(forecast(7200, 86_400))
    everywhere = {**question, "where": "everywhere", "devices": "512"}
    page = browser().get("/plan/training", everywhere).content.decode()
    assert page.count("half of all jobs waited at most 2 h") == 1
    rows = browser().get("/plan/training.csv", everywhere).content.decode().splitlines()
    assert "wait before it starts" in rows[0]
    assert sum("half of all jobs waited at most 2 h" in row for row in rows) == 1
