"""Between what the numbers of a scenario lie: wide enough for any plan, narrow enough to catch a mixed-up unit."""

import re
from collections.abc import Mapping

DEVICES_MAX = 10_000_000
DAYS_MAX = 3_660

COUNTRY = re.compile(r"[A-Z]{2}")

LIMITS: Mapping[str, tuple[float, float]] = {
    "days": (1, DAYS_MAX),
    "warm_up_days": (0, 365),
    "seed": (0, 2**63 - 1),
    "replications": (1, 1_000),
    "load": (0.01, 3.0),
    "jobs": (1, 200_000_000),
    "growth": (0.01, 100.0),
    "portable_share": (0.0, 1.0),
    "home_share": (0.0, 1.0),
    "largest_devices": (1, DEVICES_MAX),
    "devices": (1, DEVICES_MAX),
    "node_devices": (1, 1_024),
    "pue": (1.0, 3.0),
    "pue_assumed": (1.0, 3.0),
    "gco2e_per_kwh": (0.0, 1_500.0),
    "eur_per_kwh": (0.0, 2.0),
    "opens_on_day": (0.0, DAYS_MAX),
    "closed_from_day": (0.0, DAYS_MAX),
    "closed_to_day": (0.0, DAYS_MAX),
    "time_to_result": (0.0, 1.0),
    "carbon": (0.0, 1.0),
    "balance": (0.0, 1.0),
    "risk": (0.0, 1.0),
    "movement": (0.0, 1.0),
    "half_life_hours": (0.0, 1_000_000.0),
    "saving_seconds": (0, 86_400),
    "device_hours_per_stop": (0.0, 1e12),
    "checkpoint_seconds": (0, 7 * 86_400),
    "restart_seconds": (0, 86_400),
    "repair_seconds": (0, 90 * 86_400),
    "count": (1, 10_000),
    "skew": (0.0, 5.0),
    "share": (0.001, 1_000_000.0),
    "device_hours": (0.0, 1e12),
    "from_day": (0.0, DAYS_MAX),
    "hours": (0.01, 24 * DAYS_MAX),
    "every_days": (0.1, DAYS_MAX),
    "tests": (0, 9),
    "experiments": (0, 9),
    "fine_tuning": (0, 9),
    "services": (0, 9),
    "pretraining": (0, 9),
}
