"""Who may do which verb of access."""

from typing import Any

from fabrica.server.core.actors import Actor


def grants(by: Actor, **_: Any) -> bool:
    return by.is_operator


def the_agent(by: Actor, **_: Any) -> bool:
    """Tell of its own site: an agent."""
    return by.agent is not None and by.site is not None
