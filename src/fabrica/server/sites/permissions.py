"""Who may do which verb of sites."""

from typing import Any

from fabrica.server.core.actors import Actor


def operator(by: Actor, **_: Any) -> bool:
    return by.is_operator


def the_service(by: Actor, **_: Any) -> bool:
    return by.system


def the_agent(by: Actor, **_: Any) -> bool:
    return by.agent is not None


def anyone(by: Actor, **_: Any) -> bool:
    """For verbs that are given a proof of their own: a code, or words signed with a key."""
    return True
