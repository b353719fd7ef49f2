"""Who may do which verb of the ledger."""

from typing import Any

from fabrica.server.core.actors import Actor


def operator(by: Actor, **_: Any) -> bool:
    """Grant, waive, expire: the network's office, or the service itself."""
    return by.is_operator


def office(by: Actor, **_: Any) -> bool:
    """Propose, approve, refuse a correction: a person of the office, for each step has its own name."""
    return by.is_operator and by.user is not None


def the_service(by: Actor, **_: Any) -> bool:
    """Reserve, charge, release, correct: only the service, as it moves a run or posts what two operators agreed on."""
    return by.system
