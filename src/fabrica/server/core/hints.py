"""Hints: wake what waits. A hint carries no data, so a lost one costs only time."""

import threading
from collections import defaultdict

from django.db import connection, transaction

_changed: dict[str, threading.Condition] = defaultdict(threading.Condition)
_count: dict[str, int] = defaultdict(int)
_ending = threading.Event()
_POLL_SECONDS = 2.0
_POLL_ALONE_SECONDS = 10.0


def hint(topic: str) -> None:
    """Wake everything that waits on the topic, once the running transaction is committed."""
    transaction.on_commit(lambda: _wake(topic))


def _wake(topic: str) -> None:
    condition = _changed[topic]
    with condition:
        _count[topic] += 1
        condition.notify_all()


def seen(topic: str) -> int:
    """Return a number that grows with each hint on the topic; give it to `wait` to miss none between."""
    return _count[topic]


def wait(topic: str, since: int, timeout_seconds: float) -> bool:
    """Wait for a hint newer than `since`; return whether one came before the timeout."""
    condition = _changed[topic]
    with condition:
        return condition.wait_for(lambda: _count[topic] != since, timeout_seconds)


def poll_seconds() -> float:
    """Return when to look without a hint: hints reach their own process only, and a server on SQLite is one process."""
    return _POLL_ALONE_SECONDS if connection.vendor == "sqlite" else _POLL_SECONDS


def ending() -> bool:
    """Return whether this process ends: who answers a long question then answers at once."""
    return _ending.is_set()


def end_waiting() -> None:
    """Wake everything that waits, on any topic: this process ends."""
    _ending.set()
    for topic in list(_changed):
        _wake(topic)
