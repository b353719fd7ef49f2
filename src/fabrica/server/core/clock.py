"""The one place that reads the clock. Rules receive `now`; verbs ask here."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return this instant as aware UTC."""
    return datetime.now(UTC)
