"""Who may do which verb of sites."""

from typing import Any

from fabrica.server.core.actors import Actor


def operator(by: Actor, **_: Any) -> bool:
    return by.is_operator


def the_agent(by: Actor, **_: Any) -> bool:
    return by.agent is not None
