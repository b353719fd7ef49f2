"""When nobody is able: the nearest possible, in words."""

from dataclasses import replace
from typing import Any

import pytest

from fabrica.placement.rank import rank
from tests.placement.builders import GIBIBYTE, make_candidate, make_needs, make_snapshot


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"devices_per_node": 2}, "ask for 2 devices instead of 4"),
        ({"memory_bytes_per_node": 32 * GIBIBYTE}, "ask for 32.0 GiB of memory a node instead of 64.0 GiB"),
        ({"disk_free_bytes": 50 * GIBIBYTE}, "ask for 50.0 GiB of disk instead of 100.0 GiB"),
        ({"time_limit_seconds_max": 3600}, "ask for 1 h instead of 2 h"),
        ({"resource_class": "gpu.a100"}, "ask for gpu.a100 instead of gpu.h100"),
        ({"simulated": True}, "say that a simulated site will do"),
        ({"agent_age_seconds": None}, "wait until an agent of the site connects"),
        ({"agent_age_seconds": 90}, "wait until the site's agent speaks again"),
        ({"silent_seconds": 90}, "wait until the site's scheduler answers again"),
        ({"maintenance_starts_in_seconds": 3600}, "ask for a time limit that ends before the site's maintenance"),
        ({"allocation_free_milliseconds": None}, "ask the network's office for an allocation of gpu.h100 there"),
        ({"allocation_free_milliseconds": 0}, "ask the network's office for 8 h100-hours more there"),
        ({"allocation_starts_in_seconds": 60}, "wait until the project's allocation there begins"),
        ({"allocation_ends_in_seconds": 3600}, "ask for a time limit that ends before the project's allocation there"),
        ({"own_site": False}, "ask the network's office for a code for a machine of your own"),
        ({"nodes": 0}, "wait until the site has any of what the run asks for"),
    ],
)
def test_nearest_says_what_to_change(facts: dict[str, Any], words: str) -> None:
    nearest = rank(make_snapshot(make_candidate(**facts))).nearest
    assert nearest is not None
    assert nearest.startswith(f"Nearest is Alpha (gpu): {words}")


@pytest.mark.parametrize("facts", [{"silent_seconds": 90}, {"agent_age_seconds": 90}, {"draining": True}])
def test_a_site_that_takes_no_runs_for_now_is_nearer_than_one_that_never_connected(facts: dict[str, Any]) -> None:
    nearest = rank(
        make_snapshot(make_candidate("alpha", agent_age_seconds=None), make_candidate("beta", **facts))
    ).nearest
    assert nearest is not None
    assert nearest.startswith("Nearest is Beta (gpu): wait until the site")


def test_nearest_is_the_candidate_that_misses_by_least() -> None:
    snapshot = make_snapshot(
        make_candidate("alpha", agent_age_seconds=None),
        make_candidate("beta", devices_per_node=1),
        make_candidate("gamma", devices_per_node=3),
        make_candidate("delta", simulated=True),
    )
    assert rank(snapshot).nearest == "Nearest is Gamma (gpu): ask for 3 devices instead of 4."


def test_nearest_names_every_change_that_is_needed() -> None:
    nearest = rank(make_snapshot(make_candidate(devices_per_node=2, time_limit_seconds_max=3600))).nearest
    assert nearest == "Nearest is Alpha (gpu): ask for 2 devices instead of 4; ask for 1 h instead of 2 h."


def test_following_the_advice_for_many_nodes_makes_the_run_placeable() -> None:
    small = make_candidate(nodes=3, devices_per_node=2, devices_total=6)
    needs = make_needs(nodes=3, devices_per_node=4)
    assert rank(make_snapshot(small, needs=needs)).nearest == (
        "Nearest is Alpha (gpu): ask for 2 devices on each of 3 nodes."
    )
    assert rank(make_snapshot(small, needs=make_needs(nodes=3, devices_per_node=2))).chosen == "alpha"


def test_a_change_that_two_filters_ask_for_is_told_once() -> None:
    small = make_candidate(nodes=1, nodes_per_run_max=1)
    nearest = rank(make_snapshot(small, needs=make_needs(nodes=2, devices_per_node=1))).nearest
    assert nearest == "Nearest is Alpha (gpu): ask for 1 node instead of 2."


def test_a_run_that_maintenance_alone_keeps_away_is_told_where_it_is_over_first_in_words_that_stay() -> None:
    def words(at: str, starts_in: float) -> str | None:
        told = [("late", 30 * 3600.0), ("soon", 3 * 3600.0), ("never", None)]
        snapshot = make_snapshot(
            *(
                make_candidate(
                    site,
                    maintenance_starts_in_seconds=starts_in,
                    maintenance_ends_in_seconds=None if lasts is None else starts_in + lasts,
                )
                for site, lasts in told
            ),
            make_candidate("draining", draining=True, maintenance_starts_in_seconds=0, maintenance_ends_in_seconds=1),
        )
        return rank(replace(snapshot, decided_at=f"2026-12-01T{at}Z")).nearest

    expected = (
        "Soon (gpu) will be in maintenance from 2026-12-01 at 13:00 UTC to 2026-12-01 at 16:00 UTC; the run can begin "
        "there when that is over, or now with a time limit that ends before it."
    )
    assert words("12:00:00.000", 3600) == words("12:30:10.999", 1789.0005) == expected
    during = "Soon (gpu) is in maintenance until 2026-12-01 at 16:00 UTC; the run can begin there when that is over."
    assert words("13:00:00.000", 0) == words("14:59:59.999", -7199.9995) == during
