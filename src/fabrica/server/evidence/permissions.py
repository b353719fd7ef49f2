"""Who may do which verb of evidence."""

from typing import Any

from fabrica.server.core.actors import Actor


def the_service(by: Actor, **_: Any) -> bool:
    return by.system
