"""Claims: a few rows for a while, so that two workers never work on one row."""

import secrets
from collections.abc import Generator
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q

from fabrica.server.core import clock


def claimed(table: type[models.Model], *, where: Q, limit: int, seconds: int = 60) -> Generator[Any, None, None]:
    """Claim up to `limit` free rows that match, oldest first, and yield their primary keys.

    A claim ends when the row is handed back by the loop, or after `seconds` when its worker died.
    """
    token = secrets.token_hex(8)
    now = clock.now()
    until = now + timedelta(seconds=seconds)
    clock_moved_back = Q(claimed_until__gt=until)  # nobody claims for as long, so that one is over
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now) | clock_moved_back
    rows = table._default_manager
    with transaction.atomic():
        keys = list(rows.filter(free & where).order_by("pk").values_list("pk", flat=True)[:limit])
        if not keys:
            return
        rows.filter(free, pk__in=keys).update(claim_token=token, claimed_until=until)
        keys = list(rows.filter(claim_token=token).order_by("pk").values_list("pk", flat=True))
    for key in keys:
        try:
            yield key
        finally:
            rows.filter(pk=key, claim_token=token).update(claim_token="", claimed_until=None)


def claim_renewed(table: type[models.Model], key: Any, token: str, *, seconds: int) -> bool:
    """Hold a claimed row for longer, and return whether it is still claimed by this token."""
    rows = table._default_manager.filter(pk=key, claim_token=token)
    return bool(rows.update(claimed_until=clock.now() + timedelta(seconds=seconds)))
