"""Who may do which verb of access."""

from typing import Any

from fabrica.server.core.actors import Actor


def grants(by: Actor, **_: Any) -> bool:
    return by.is_operator
