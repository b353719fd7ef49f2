"""Who may do which verb of people."""

from typing import Any

from fabrica.server.core.actors import Actor
from fabrica.server.people import queries
from fabrica.values.ids import ProjectId, UserId


def operator(by: Actor, **_: Any) -> bool:
    return by.is_operator


def leads(by: Actor, *, project: ProjectId, **_: Any) -> bool:
    return by.is_operator or queries.role_in(by, project) == "lead"


def themself(by: Actor, *, user: UserId, **_: Any) -> bool:
    """Nobody makes what lets them in as somebody else: not even an operator."""
    return by.system or (by.user is not None and by.user == user)
