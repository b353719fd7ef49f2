"""Decisions about maintenance: how near it is, whom it alone keeps from a run, and the words that say until when."""

import math
from collections.abc import Iterable
from datetime import datetime

from fabrica.wire.agents import Maintenance
from fabrica.wire.placement import Candidate, Placement


def starts_in_seconds(planned: Maintenance | None, now: datetime) -> int | None:
    """Return in how many seconds maintenance starts, 0 or less while it goes on; None: none is to come."""
    if planned is None or planned.ends_at <= now:
        return None
    return math.floor((planned.starts_at - now).total_seconds())


def goes_on(planned: Maintenance | None, now: datetime) -> bool:
    """Say whether there is maintenance now."""
    return planned is not None and planned.starts_at <= now < planned.ends_at


def kept_away(placement: Placement) -> list[Candidate]:
    """Return the candidates that would take a run that nobody takes, were it not for their maintenance."""
    return [
        candidate
        for candidate in (placement.candidates if placement.chosen is None else ())
        if [reason.code for reason in candidate.reasons if not reason.passed] == ["maintenance"]
    ]


def words(kept: Iterable[tuple[Candidate, Maintenance | None]], now: datetime) -> str | None:
    """Return where and from when a run can begin that maintenance keeps away: where it is over first.

    The instants stand in the words, not how long it takes: they stay the same while a run waits.
    """
    known = [(candidate, planned) for candidate, planned in kept if planned is not None]
    if not known:
        return None
    candidate, planned = min(known, key=lambda one: one[1].ends_at)
    there, ends = f"{candidate.site_name} ({candidate.partition})", _show(planned.ends_at)
    if goes_on(planned, now):
        return f"{there} is in maintenance until {ends}; the run can begin there when that is over."
    return (
        f"{there} will be in maintenance from {_show(planned.starts_at)} to {ends}; the run can begin there when that "
        "is over, or now with a time limit that ends before it."
    )


def _show(at: datetime) -> str:
    return f"{at:%Y-%m-%d at %H:%M} UTC"
