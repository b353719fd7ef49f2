"""Who may do which verb of the ledger."""

from typing import Any

from fabrica.server.core.actors import Actor


def operator(by: Actor, **_: Any) -> bool:
    """Grant, waive, expire, correct: the network's office, or the service itself."""
    return by.is_operator


def system(by: Actor, **_: Any) -> bool:
    """Reserve, charge, release: only the service, as it moves a run."""
    return by.system
