"""What every reader of logs shares: the file as it was given, texts cut and cleaned, figures that are figures."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fabrica.aiact.documents.text import clean
from fabrica.wire.evaluations import EvaluationRefused, LogForm

METRICS_MAX = 1_000
_TEXT_MAX = 300


class LogFile(NamedTuple):
    """A file as it was given."""

    name: str
    form: LogForm
    bytes: int
    sha256: str


def read_json(content: bytes, name: str) -> dict[str, Any]:
    """Return the object that JSON text holds.

    Raises:
        EvaluationRefused: it is cut off, no JSON, nested too deeply, or no object.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as trouble:
        line = f" in line {trouble.lineno}" if isinstance(trouble, json.JSONDecodeError) else ""
        raise EvaluationRefused(
            f"{name} is no JSON{line}: it is cut off, or no log.", remedy="Copy it again from where it was written."
        ) from None
    if not isinstance(found, dict):
        raise EvaluationRefused(f"{name} holds no log.", remedy="Give the log that the tool wrote.")
    return found


def text(value: Any) -> str | None:
    """Return a text or number as a short text without hidden signs; None for everything else, and for nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return clean(str(value)[:_TEXT_MAX]).strip() or None


def figure(value: Any) -> float | None:
    """Return a finite number; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def count(value: Any) -> int | None:
    """Return a number of things; None for everything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def instant(value: Any) -> datetime | None:
    """Return an instant from RFC 3339, or from milliseconds since 1970; None for everything else."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found.astimezone(UTC) if found.tzinfo else None
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def part(content: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the mapping under one name inside another; an empty one where there is none."""
    for name in names:
        inner = content.get(name)
        content = inner if isinstance(inner, Mapping) else {}
    return content


def parts(value: Any) -> list[Mapping[str, Any]]:
    """Return the mappings of a list, and nothing else of it."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def check_metrics(found: int, name: str) -> None:
    """Accept a number of metrics.

    Raises:
        EvaluationRefused: none, or more than a person could read.
    """
    if not found:
        raise EvaluationRefused(f"{name} holds no metric.", remedy="Score the evaluation first, then give its log.")
    if found > METRICS_MAX:
        raise EvaluationRefused(f"{name} holds more than {METRICS_MAX:,} metrics.", remedy="Give a log of one task.")
