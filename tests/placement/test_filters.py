"""Every filter's sentence holds the values it compared, whether it passes, refuses, or the site has not said."""

from typing import Any

import pytest

from fabrica.placement.filters import FILTERS
from fabrica.placement.rank import rank
from fabrica.wire.placement import Reason
from tests.placement.builders import GIBIBYTE, make_candidate, make_needs, make_snapshot

# The filter, what the run asks, what the site has, and what its sentence must hold; passed: True, False, None: unknown.
TOLD: list[tuple[str, dict[str, Any], dict[str, Any], bool | None, list[str]]] = [
    ("sites", {}, {}, True, ["any site"]),
    ("sites", {"sites": ("beta", "alpha")}, {}, True, ["only be at alpha, beta", "this is alpha"]),
    ("sites", {"sites": ("beta",)}, {}, False, ["only be at beta", "this is alpha"]),
    ("no_agent", {}, {}, True, ["has connected"]),
    ("no_agent", {}, {"agent_age_seconds": None}, False, ["ever connected"]),
    ("site_fresh", {}, {"agent_age_seconds": 44}, True, ["44 s", "45 s"]),
    ("site_fresh", {}, {"agent_age_seconds": 45.01}, False, ["46 s", "45 s", "out of contact"]),
    ("site_fresh", {}, {"agent_age_seconds": 700}, False, ["11 min 40 s", "45 s", "lost"]),
    ("site_fresh", {}, {"agent_age_seconds": None}, None, ["No agent has spoken"]),
    ("site_fresh", {}, {"silent_seconds": 44}, True, ["scheduler", "no answer for 44 s", "45 s"]),
    ("site_fresh", {}, {"silent_seconds": 180}, False, ["scheduler", "no answer for 3 min", "45 s"]),
    (
        "site_fresh",
        {},
        {"silent_seconds": 180, "agent_age_seconds": 200},
        False,
        ["agent's last word", "out of contact"],
    ),
    ("devices", {}, {"devices_per_node": 8, "devices_total": 1600}, True, ["4 devices", "4 in all", "8", "1,600"]),
    ("devices", {"nodes": 3}, {"devices_per_node": 2}, False, ["4 devices", "3 nodes", "12 in all", "2", "400"]),
    ("devices", {}, {"devices_total": None}, None, ["4 devices", "an unstated number"]),
    ("allocation", {}, {}, True, ["8 h100-hours", "277,777.778 h100-hours", "555,555.556 h100-hours"]),
    ("allocation", {}, {"allocation_free_milliseconds": 3_600_000}, False, ["8 h100-hours", "1 h100-hours"]),
    ("allocation", {}, {"allocation_free_milliseconds": None}, False, ["gpu.h100", "8 h100-hours"]),
    ("allocation", {}, {"allocation_ends_in_seconds": 3600}, False, ["ends in 1 h", "the run's 2 h"]),
    ("allocation", {}, {"allocation_ends_in_seconds": 0}, False, ["has ended"]),
    ("allocation", {}, {"allocation_starts_in_seconds": 60}, False, ["only from 1 min on"]),
    ("draining", {}, {}, True, ["takes new runs"]),
    ("draining", {}, {"draining": True}, False, ["no new runs"]),
    ("simulated", {}, {}, True, ["real"]),
    ("simulated", {"accept_simulated": True}, {"simulated": True}, True, ["simulated", "will do"]),
    ("simulated", {}, {"simulated": True}, False, ["simulated"]),
    ("already_declined", {}, {}, True, ["has not declined"]),
    ("already_declined", {}, {"declined": True}, False, ["did not take it"]),
    ("site_account", {}, {}, True, ["asks for no account"]),
    ("site_account", {}, {"site_account": True}, True, ["You have an account"]),
    ("site_account", {}, {"site_account": False}, False, ["no account at this site yet", "ask its support"]),
    ("site_account", {}, {"site_account": False, "support": "help@x.eu"}, False, ["ask help@x.eu"]),
    ("personal_site", {}, {}, True, ["not one person's own"]),
    ("personal_site", {}, {"own_site": True}, True, ["your own"]),
    ("personal_site", {}, {"own_site": False}, False, ["takes its owner's runs only"]),
    ("resource_class", {}, {}, True, ["asks for gpu.h100", "has gpu.h100"]),
    ("resource_class", {}, {"resource_class": "gpu.a100"}, False, ["asks for gpu.h100", "has gpu.a100"]),
    ("software_stack", {}, {}, True, ["no particular", "cuda-x86"]),
    ("software_stack", {"software_stack": "rocm"}, {}, False, ["rocm", "cuda-x86"]),
    ("software_stack", {"software_stack": "rocm"}, {"software_stack": None}, None, ["rocm", "not stated"]),
    ("containers", {}, {}, True, ["no container"]),
    ("containers", {"containers": True}, {"containers": False}, False, ["does not run"]),
    ("containers", {"containers": True}, {"containers": None}, None, ["not stated"]),
    ("interactive", {}, {"interactive": None}, True, ["Nobody works in the run"]),
    ("interactive", {"interactive": True}, {}, True, ["brings them to it"]),
    ("interactive", {"interactive": True}, {"interactive": None}, False, ["too old", "its office updates it"]),
    ("interactive", {"interactive": True}, {"interactive": False}, False, ["does not stay connected"]),
    ("interactive", {"interactive": True}, {"interactive": None, "agent_age_seconds": None}, False, ["no agent"]),
    ("countries", {}, {}, True, ["any country", "FI"]),
    ("countries", {"countries": ("ES", "DE")}, {}, False, ["DE, ES", "FI"]),
    ("countries", {"countries": ()}, {}, False, ["no country", "FI"]),
    ("nodes", {"nodes": 2}, {"nodes": 1000}, True, ["2 nodes", "1,000"]),
    ("nodes", {"nodes": 200}, {}, False, ["200 nodes", "100"]),
    ("nodes", {}, {"nodes": None}, None, ["1 node", "unstated"]),
    ("nodes_per_run", {}, {}, True, ["1 node", "32"]),
    ("nodes_per_run", {"nodes": 33}, {}, False, ["33 nodes", "32"]),
    ("nodes_per_run", {}, {"nodes_per_run_max": None}, None, ["1 node", "no limit"]),
    ("memory", {}, {}, True, ["64.0 GiB", "512.0 GiB"]),
    ("memory", {}, {"memory_bytes_per_node": 32 * GIBIBYTE}, False, ["64.0 GiB", "32.0 GiB"]),
    ("memory", {}, {"memory_bytes_per_node": None}, None, ["64.0 GiB", "not stated"]),
    ("disk", {}, {}, True, ["100.0 GiB", "4.0 TiB"]),
    ("disk", {}, {"disk_free_bytes": 5 * GIBIBYTE}, False, ["100.0 GiB", "5.0 GiB"]),
    ("disk", {}, {"disk_free_bytes": None}, None, ["100.0 GiB", "not stated"]),
    ("time_limit", {}, {}, True, ["2 h", "2 days"]),
    ("time_limit", {}, {"time_limit_seconds_max": 3600}, False, ["2 h", "1 h"]),
    ("time_limit", {}, {"time_limit_seconds_max": None}, None, ["2 h", "not stated"]),
    ("maintenance", {}, {}, True, ["No maintenance"]),
    ("maintenance", {}, {"maintenance_starts_in_seconds": 86_400}, True, ["1 day", "2 h"]),
    ("maintenance", {}, {"maintenance_starts_in_seconds": 3600}, False, ["1 h", "2 h"]),
    ("maintenance", {}, {"maintenance_starts_in_seconds": -5}, False, ["goes on now", "2 h"]),
]


@pytest.mark.parametrize(("code", "asked", "has", "passed", "parts"), TOLD)
def test_a_sentence_holds_what_its_filter_compared(
    code: str, asked: dict[str, Any], has: dict[str, Any], passed: bool | None, parts: list[str]
) -> None:
    reason = reason_of(code, asked, has)
    assert [part for part in parts if part not in reason.words] == []
    assert reason.passed == (passed is not False)
    assert reason.missing == (passed is None)


def test_every_filter_is_told_both_passing_and_refusing() -> None:
    codes = {row.code for row in FILTERS}
    assert {code for code, *_, passed, _ in TOLD if passed} == codes
    assert {code for code, *_, passed, _ in TOLD if passed is False} == codes


def reason_of(code: str, asked: dict[str, Any], has: dict[str, Any]) -> Reason:
    placement = rank(make_snapshot(make_candidate(**has), needs=make_needs(**asked)))
    return next(reason for reason in placement.candidates[0].reasons if reason.code == code)
