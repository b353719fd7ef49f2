"""Who may do which verb of planning."""

from typing import Any

from fabrica.server.core.actors import Actor
from fabrica.server.people import queries as people
from fabrica.server.planning.models import Scenario
from fabrica.values.ids import ProjectId, ScenarioId


def saves(by: Actor, *, project: ProjectId | None = None, **_: Any) -> bool:
    """A person; into a project whoever works in it."""
    return by.user is not None and (project is None or people.works_in(by, project))


def owns(by: Actor, *, scenario: ScenarioId, **_: Any) -> bool:
    """Its author alone: not even an operator shares or deletes what somebody else asked."""
    return by.user is not None and Scenario.objects.filter(pk=scenario, author_id=by.user).exists()


def shares(by: Actor, *, scenario: ScenarioId, project: ProjectId | None = None, **_: Any) -> bool:
    """Its author, with a project they work in."""
    return owns(by, scenario=scenario) and (project is None or people.works_in(by, project))


def stops(by: Actor, *, scenario: ScenarioId, **_: Any) -> bool:
    """Its author, and operators, whose machine it runs on."""
    return by.is_operator or owns(by, scenario=scenario)


def the_service(by: Actor, **_: Any) -> bool:
    return by.system
