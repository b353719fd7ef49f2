"""Every endpoint of saved scenarios: the status that each caller gets, and what they ask."""

from collections.abc import Callable
from typing import Any

from tests.server.planning.questions import SITING, make_scenario

# in the order: nobody, stranger, reader, member, lead, operator, agent, withdrawn agent; the lead saved the scenario
_ANYBODY = [401, 200, 200, 200, 200, 200, 401, 401]
_ANYBODY_201 = [401, 201, 201, 201, 201, 201, 401, 401]


def _author(status: int, office: int = 403) -> list[int]:
    """Members and the office read what is shared with a project, and change nothing; others do not see it."""
    return [401, 404, 403, 403, status, office, 401, 401]


def _scenario(world: Any) -> str:
    return str(make_scenario(world.actors["lead"], project=world.project))


def _at(end: str, body: Any = None) -> Callable[[Any], tuple[str, Any]]:
    return lambda world: (f"/plan/scenarios/{_scenario(world)}{end}", body)


ENDPOINTS: dict[tuple[str, str], tuple[list[int], Callable[[Any], tuple[str, Any]]]] = {
    ("GET", "/plan/scenarios"): (_ANYBODY, lambda world: ("/plan/scenarios", None)),
    ("POST", "/plan/scenarios"): (
        _ANYBODY_201,
        lambda world: ("/plan/scenarios", {"kind": "siting", "name": "Where?", "text": SITING}),
    ),
    ("GET", "/plan/scenarios/{scenario}"): ([401, 404, 200, 200, 200, 200, 401, 401], _at("")),
    ("DELETE", "/plan/scenarios/{scenario}"): (_author(204), _at("")),
    ("POST", "/plan/scenarios/{scenario}/cancel"): (_author(204, office=204), _at("/cancel", {})),
    ("POST", "/plan/scenarios/{scenario}/name"): (_author(204), _at("/name", {"name": "There?"})),
    ("POST", "/plan/scenarios/{scenario}/sharing"): (_author(204), _at("/sharing", {"with_office": True})),
    ("POST", "/plan/scenarios/{scenario}/links"): (_author(201), _at("/links", {})),
    ("DELETE", "/plan/scenarios/{scenario}/links"): (_author(204), _at("/links")),
}
