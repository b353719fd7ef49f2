"""A database that dies at a chosen statement: for tests that nothing is left half-done."""

from collections.abc import Callable
from typing import Any

from django.db import OperationalError


class Crashed(OperationalError):
    """The connection is lost at a statement, as when the process or the database dies."""


class Crash:
    """Die at the n-th statement that the database is asked. Used as an execute wrapper of the connection."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, execute: Callable[..., Any], sql: str, *asked: Any) -> Any:
        if sql.startswith("ROLLBACK"):
            self.left = 0  # the verb was refused and is being undone: nothing is left to crash in
        self.left -= 1
        if self.left == 0:
            raise Crashed
        return execute(sql, *asked)
