"""Rows that never change, gathered while a verb runs and stored together before its transaction ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import models, transaction

_waiting: ContextVar[list[models.Model] | None] = ContextVar("waiting", default=None)


def keep(row: models.Model) -> None:
    """Store an append-only row: with the others of the running verb, in their order; at once outside of one."""
    rows = _waiting.get()
    if rows is None:
        row.save(force_insert=True)
    else:
        rows.append(row)


@contextmanager
def kept_together() -> Iterator[None]:
    """Do the block in one transaction and store what it keeps at the end of the outermost such block.

    A block that fails leaves nothing, also when what surrounds it goes on.
    """
    outer = _waiting.get()
    if outer is not None:
        before = len(outer)
        try:
            with transaction.atomic():
                yield
        except BaseException:
            del outer[before:]
            raise
        return
    rows: list[models.Model] = []
    token = _waiting.set(rows)
    try:
        with transaction.atomic():
            yield
            _store(rows)
    finally:
        _waiting.reset(token)


def _store(rows: list[models.Model]) -> None:
    for table in dict.fromkeys(type(row) for row in rows):
        table._default_manager.bulk_create([row for row in rows if type(row) is table])
