"""Decisions of planning: how a scenario moves, and what a server runs for whom."""

import unicodedata
from collections.abc import Mapping
from datetime import timedelta

from fabrica.wire.scenarios import ScenarioNotReady, ScenarioRefused, ScenarioState, TooManyScenarios

NEXT: Mapping[ScenarioState, frozenset[ScenarioState]] = {
    ScenarioState.QUEUED: frozenset({ScenarioState.RUNNING, ScenarioState.CANCELLED, ScenarioState.FAILED}),
    ScenarioState.RUNNING: frozenset(
        {ScenarioState.RUNNING, ScenarioState.DONE, ScenarioState.FAILED, ScenarioState.CANCELLED}
    ),
    ScenarioState.DONE: frozenset(),
    ScenarioState.FAILED: frozenset(),
    ScenarioState.CANCELLED: frozenset(),
}
"""The moves of a scenario; running may follow running, when another worker takes up what a dead one left."""

LIVING = (ScenarioState.QUEUED, ScenarioState.RUNNING)
LIVING_MAX = 3  # of one person at once
ATTEMPTS_MAX = 3
CLAIM_SECONDS = 30
BEAT_SECONDS = 1.0
CPU_SECONDS_MAX = 20 * 60
WALL_SECONDS_MAX = 60 * 60
MEMORY_BYTES_MAX = 8 * 2**30
LINK_DAYS_MAX = 90


def check_move(state: ScenarioState, wanted: ScenarioState) -> None:
    """Let a scenario move only as the table says.

    Raises:
        ScenarioNotReady: it does not go from the one state to the other.
    """
    if wanted not in NEXT[state]:
        raise ScenarioNotReady(f"The scenario is {state}; it cannot become {wanted}.", remedy="Look at it anew.")


def milestone(state: ScenarioState, progress: float | None) -> str:
    """Return what those who hear a page are told of: each state, and each quarter of a run, not every moment of it."""
    return f"{state}-{int((progress or 0.0) * 4)}" if state == ScenarioState.RUNNING else str(state)


def check_name(name: str) -> str:
    """Return a name without spaces around it.

    Raises:
        ScenarioRefused: nothing is left, or it holds a control character, which no page shows and PostgreSQL refuses.
    """
    plain = " ".join(name.split())
    if not plain:
        raise ScenarioRefused("The scenario has no name.", remedy="Give it one to find it again.")
    if any(unicodedata.category(character) == "Cc" for character in plain):
        raise ScenarioRefused("The name holds a character that cannot be seen.", remedy="Write it with letters.")
    return plain


def check_living(living: int) -> None:
    """Let one person have a few scenarios that wait or run, so that nobody fills the worker.

    Raises:
        TooManyScenarios: there are as many as may be.
    """
    if living >= LIVING_MAX:
        raise TooManyScenarios(
            f"{living} scenarios of yours wait or run.", remedy="Wait for one to end, or cancel one.", living=living
        )


def check_link_days(days: int) -> timedelta:
    """Return how long a link holds.

    Raises:
        ScenarioRefused: not at all, or longer than a link may.
    """
    if not 1 <= days <= LINK_DAYS_MAX:
        raise ScenarioRefused(f"A link cannot hold {days} days.", remedy=f"Give 1 to {LINK_DAYS_MAX} days.")
    return timedelta(days=days)
