"""How near a partition's maintenance is."""

from datetime import datetime
from typing import TypedDict

from fabrica.wire.agents import Maintenance


class MaintenanceColumns(TypedDict, total=False):
    """The columns of a candidate that tell of maintenance; none where none is to come."""

    maintenance_starts_in_seconds: float
    maintenance_ends_in_seconds: float


def columns(planned: Maintenance | None, now: datetime) -> MaintenanceColumns:
    """Return in how many seconds maintenance starts, 0 or less while it goes on, and ends."""
    if planned is None or planned.ends_at <= now:
        return {}
    return {
        "maintenance_starts_in_seconds": (planned.starts_at - now).total_seconds(),
        "maintenance_ends_in_seconds": (planned.ends_at - now).total_seconds(),
    }


def goes_on(planned: Maintenance | None, now: datetime) -> bool:
    """Say whether there is maintenance now."""
    return planned is not None and planned.starts_at <= now < planned.ends_at
