"""What an agent saw of an attempt, as lines of its record: the steps, and checkpoints of what was used."""

from typing import Any

from fabrica.values.time import to_rfc3339
from fabrica.wire.agents import Event

_CHECKPOINT_SECONDS = 10
_CHECKPOINT_SHARE = 0.1


def fact_of(event: Event) -> dict[str, Any] | None:
    """Return what the record says of an event; None for what it holds elsewhere: log, metrics, artifacts, the end."""
    match event.kind:
        case "accepted" | "staging":
            return {"fact": event.kind}
        case "queued":
            return {"fact": "queued", "handle": event.handle}
        case "running":
            started_at = to_rfc3339(event.started_at) if event.started_at else None
            return {"fact": "started", "handle": event.handle, "started_at": started_at}
        case "usage" if event.usage is not None:
            return {"fact": "usage", **event.usage.model_dump(mode="json", exclude={"energy", "flop"})}
    return None


def is_checkpoint(elapsed_seconds: float, last_seconds: float | None) -> bool:
    """Say whether usage is kept: ten seconds and a tenth later than the last, so a month of running is 150 lines."""
    return last_seconds is None or elapsed_seconds >= last_seconds + max(
        _CHECKPOINT_SECONDS, last_seconds * _CHECKPOINT_SHARE
    )
