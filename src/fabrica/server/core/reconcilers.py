"""Reconcilers: background loops without input that move rows toward where they should be. State is the queue."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection
from django.utils.module_loading import autodiscover_modules

from fabrica.server.core import clock, hints

_log = logging.getLogger("fabrica.reconcilers")
_PAUSE_AFTER_FAILURE_SECONDS = 5.0


Act = Callable[[], int]
"""Moves a bounded number of rows and returns how many."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """One loop: what it does, how often at least, and the hint that wakes it at once."""

    name: str
    act: Act
    every_seconds: float
    hinted_by: str | None


_registry: dict[str, Reconciler] = {}


def reconciler(
    *, every_seconds: float, hinted_by: str | None = None
) -> Callable[[Callable[[], int]], Callable[[], int]]:
    """Register a loop: idempotent, bounded, returns how many rows it moved."""

    def register(act: Act) -> Act:
        name = f"{act.__module__.removeprefix('fabrica.server.')}.{act.__name__}"
        _registry[name] = Reconciler(name, act, every_seconds, hinted_by)
        return act

    return register


@reconciler(every_seconds=3600)
def forget_old_idempotency_keys() -> int:
    """Forget the answers to requests that nobody sends again; return how many."""
    from fabrica.server.core import idempotency  # its table is there only once the apps are

    return idempotency.forget_before(clock.now() - timedelta(days=settings.IDEMPOTENCY_DAYS))


@reconciler(every_seconds=3600)
def forget_ended_sessions() -> int:
    """Forget the sessions whose time is over, visitors' among them; return how many."""
    from django.contrib.sessions.models import Session  # as above

    return Session.objects.filter(expire_date__lt=clock.now()).delete()[0]


def count_moved(act: Callable[[Any], bool], keys: Iterable[Any]) -> int:
    """Do `act` for each row and count those that moved. A row that fails is logged and does not stop the rest."""
    moved = 0
    for key in keys:
        try:
            moved += act(key)
        except Exception:
            _log.exception("a row could not be moved", extra={"row": str(key)})
    return moved


def _all() -> list[Reconciler]:
    """Return the loops of every slice: each slice's `reconcilers.py` is read first."""
    autodiscover_modules("reconcilers")
    return list(_registry.values())


def run_all_once() -> int:
    """Run every reconciler until none moves anything, at most 50 rounds; return the rows moved."""
    total = 0
    loops = _all()
    for _ in range(50):
        moved = sum(loop.act() for loop in loops)
        total += moved
        if not moved:
            break
    return total


def start_all(stop: threading.Event) -> list[threading.Thread]:
    """Start one thread for each reconciler; they end soon after `stop` is set."""
    threads = [
        threading.Thread(target=_loop, args=(loop, stop), name=f"reconciler {loop.name}", daemon=True)
        for loop in _all()
    ]
    for thread in threads:
        thread.start()
    return threads


def _loop(loop: Reconciler, stop: threading.Event) -> None:
    while not stop.is_set():
        seen = hints.seen(loop.hinted_by) if loop.hinted_by else 0
        pause = loop.every_seconds
        try:
            close_old_connections()
            if loop.act():
                pause = 0.0
        except Exception:
            _log.exception("reconciler failed", extra={"reconciler": loop.name})
            pause = max(pause, _PAUSE_AFTER_FAILURE_SECONDS)
        _wait(loop, seen, pause, stop)
    connection.close()


def _wait(loop: Reconciler, seen: int, pause: float, stop: threading.Event) -> None:
    """Wait for the pause, a hint or the end, looking at `stop` twice a second."""
    until = time.monotonic() + pause
    while not stop.is_set() and (left := until - time.monotonic()) > 0:
        if loop.hinted_by is None:
            stop.wait(left)
        elif hints.wait(loop.hinted_by, seen, min(left, 0.5)):
            return
