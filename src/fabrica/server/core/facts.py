"""Facts: what happened travels up as a stored row, never as a call."""

import json
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from django.db import connection

from fabrica.server.core import clock
from fabrica.server.core.kept import keep
from fabrica.server.core.models import Fact
from fabrica.server.core.verbs import current_actor


@dataclass(frozen=True, slots=True, kw_only=True)
class FactBody:
    """What a slice announces: a frozen dataclass with a stable `kind` and the field that is its subject."""

    kind: ClassVar[str]
    subject_field: ClassVar[str]


def announce(fact: FactBody) -> None:
    """Store a fact in the transaction of the verb that makes it true."""
    assert connection.in_atomic_block, "a fact is announced inside a verb"
    body = json.loads(json.dumps(asdict(fact), default=_plain))
    keep(
        Fact(
            kind=fact.kind,
            subject=str(getattr(fact, fact.subject_field)),
            body=body,
            actor=current_actor().key,
            at=clock.now(),
        )
    )


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
