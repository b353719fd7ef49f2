"""Answer the same request sent twice alike, without doing it twice."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from fabrica.server.core import clock
from fabrica.server.core.models import IdempotencyKey
from fabrica.server.core.requests import Asked
from fabrica.wire.problems import IdempotencyConflict, Malformed, NotAllowed

_KEY_LENGTH_MAX = 100
_FORGOTTEN_AT_ONCE = 1000


def once(request: Asked, act: Callable[[], Any]) -> Any:
    """Do `act` once for the request's `Idempotency-Key` and return its answer (plain JSON values).

    Without a key it is simply done. When `act` raises, nothing is kept, and the same key may be tried again.

    Raises:
        Malformed: the key is longer than 100 characters.
        IdempotencyConflict: the key came before with another request.
    """
    key = request.headers.get("Idempotency-Key")
    if not key:
        return act()
    if len(key) > _KEY_LENGTH_MAX:
        raise Malformed("The Idempotency-Key header is too long.", remedy=f"Use at most {_KEY_LENGTH_MAX} characters.")
    who, sha256 = request.auth.key, _fingerprint(request)
    refused: NotAllowed | None = None
    try:
        with transaction.atomic():
            known = _known(who, key, sha256)
            if known is not None:
                return known
            try:
                answer = act()
            except NotAllowed as problem:
                refused = problem  # the verb has changed nothing; its line in the audit is to stay
            else:
                IdempotencyKey.objects.create(actor=who, key=key, request_sha256=sha256, answer=answer, at=clock.now())
                return answer
    except IntegrityError:  # the same request in two connections at once: the other one won and was stored
        known = _known(who, key, sha256)
        if known is None:
            raise
        return known
    raise refused


def forget_before(at: datetime) -> int:
    """Forget the oldest answers given before an instant, at most a thousand; return how many."""
    old = IdempotencyKey.objects.filter(at__lt=at).order_by("at").values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE]
    return IdempotencyKey.objects.filter(pk__in=list(old)).delete()[0]


def _fingerprint(request: Asked) -> str:
    return hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).hexdigest()


def _known(who: str, key: str, sha256: str) -> Any:
    row = IdempotencyKey.objects.filter(actor=who, key=key).first()
    if row is None:
        return None
    if row.request_sha256 != sha256:
        raise IdempotencyConflict(
            "This Idempotency-Key was used for a different request.", remedy="Use a new key for a new request."
        )
    return row.answer
