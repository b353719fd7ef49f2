"""Which row of a scenario is the one with which its network can no longer be, and which of its keys."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from fabrica.planning.scenarios.scenario import Scenario
from fabrica.server.planning.network_text import Line
from fabrica.wire.planning import NetworkImpossible

_LISTS: Mapping[str, str] = {"site": "sites", "change": "changes", "window": "windows"}
_BLAMED = ("pod_leaves", "leaf_nodes", "devices", "node_devices")
"""Keys in whose order a row is told less and less, to see which was too much."""


def fault_of(scenario: Scenario, problem: NetworkImpossible) -> Line | None:
    """Return the key with which a scenario comes to have a problem, as a line without text; None: it is in no row."""
    made: Mapping[str, Sequence[Any]] = {name: getattr(scenario, name) for name in _LISTS.values()}
    trial = replace(scenario, sites=(), changes=(), windows=())
    for table, name in _LISTS.items():
        for number, row in enumerate(made[name]):
            before = trial
            trial = _with(before, name, row)
            if _has(trial, problem):
                return Line("", table, number, _key_of(before, name, row, problem))
    return None


def _key_of(before: Scenario, name: str, row: Any, problem: NetworkImpossible) -> str:
    """Return the key of a row without which the problem is gone; empty: it is the row itself."""
    for key in _BLAMED:
        told = next((one for one in fields(row) if one.name == key), None)
        if told is None or getattr(row, key) == told.default:
            continue
        row = replace(row, **{key: told.default})
        if not _has(_with(before, name, row), problem):
            return key
    return ""


def _with(scenario: Scenario, name: str, row: Any) -> Scenario:
    more: dict[str, Any] = {name: (*getattr(scenario, name), row)}
    return replace(scenario, **more)


def _has(scenario: Scenario, problem: NetworkImpossible) -> bool:
    from fabrica.planning.network.members import network_of  # which needs NumPy

    try:
        network_of(scenario)
    except NetworkImpossible as found:
        return found.detail == problem.detail
    return False
