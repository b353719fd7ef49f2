"""SQLite whose writers of one process take turns.

SQLite lets one transaction write at a time and lets the others sleep and try again, each for longer every time. With
many threads that wait outweighs the work. Here the next writer of this process goes on the moment the one before it is
done; writers of other processes still meet SQLite's own lock.
"""

import threading
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

_turn = threading.Lock()
_WAIT_SECONDS_MAX = 30


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that holds the process's turn from the start of its transaction to the end."""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        self._has_turn = False

    def _start_transaction_under_autocommit(self) -> None:
        if not _turn.acquire(timeout=_WAIT_SECONDS_MAX):
            raise OperationalError(f"database is locked: another transaction took longer than {_WAIT_SECONDS_MAX} s")
        self._has_turn = True
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._give_turn()
            raise

    def _give_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            _turn.release()

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._give_turn()  # not when the commit failed: Django rolls back then

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._give_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._give_turn()
