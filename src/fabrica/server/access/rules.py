"""Decisions about allocations: their dates, and which one a run draws on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fabrica.values.ids import AllocationId, SiteId
from fabrica.wire.access import Allocation, AllocationDatesWrong
from fabrica.wire.limits import Remaining


def check_dates(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Accept dates of a new allocation.

    Raises:
        AllocationDatesWrong: it would end before it starts, or has ended already.
    """
    if ends_at <= starts_at:
        raise AllocationDatesWrong(
            f"The allocation would end ({ends_at:%Y-%m-%d}) before it starts ({starts_at:%Y-%m-%d}).",
            remedy="Give an end after the start.",
        )
    if ends_at <= now:
        raise AllocationDatesWrong(
            f"The allocation would have ended already, on {ends_at:%Y-%m-%d}.", remedy="Give an end in the future."
        )


def draw_on(allocations: Iterable[Allocation], site: SiteId, milliseconds: int, now: datetime) -> Allocation | None:
    """Return the allocation a run on the site draws on, or the nearest to enough.

    Of those that run now and reach the site, the one that covers the amount and ends first; when none covers it, the
    one with most free; None when there is none at all.
    """
    there = [
        allocation
        for allocation in allocations
        if allocation.site in (None, site) and allocation.starts_at <= now < allocation.ends_at
    ]
    enough = [allocation for allocation in there if allocation.free_milliseconds >= milliseconds]
    if enough:
        return min(enough, key=lambda allocation: (allocation.ends_at, allocation.id))
    return max(there, key=lambda allocation: (allocation.free_milliseconds, allocation.id), default=None)


@dataclass(frozen=True, slots=True)
class Reaching:
    """An allocation that reaches a site: `site` None is the whole network's."""

    resource_class: str
    site: SiteId | None
    starts_at: datetime
    ends_at: datetime
    available_milliseconds: int


def remaining(
    allocations: Iterable[Reaching], held_milliseconds: Mapping[str, int], now: datetime
) -> tuple[Remaining, ...]:
    """Return what may still be used at a site by resource class: of allocations that run now, and what is held."""
    found = tuple(allocations)
    usable = [one for one in found if one.starts_at <= now < one.ends_at]
    classes = sorted({one.resource_class for one in found} | {kind for kind, held in held_milliseconds.items() if held})
    return tuple(
        Remaining(
            resource_class=kind,
            available_milliseconds=sum(one.available_milliseconds for one in usable if one.resource_class == kind),
            of_network_milliseconds=sum(
                one.available_milliseconds for one in usable if one.resource_class == kind and one.site is None
            ),
            held_milliseconds=held_milliseconds.get(kind, 0),
        )
        for kind in classes
    )


def charged_outside(
    allocations: Iterable[tuple[AllocationId, str, datetime, datetime]], resource_class: str, now: datetime
) -> list[AllocationId]:
    """Return which allocations pay for a use outside Fabrica, in order: those of its class that run now."""
    return [
        one for one, kind, starts_at, ends_at in allocations if kind == resource_class and starts_at <= now < ends_at
    ]


def next_to_start(allocations: Iterable[Allocation], site: SiteId | None, now: datetime) -> Allocation | None:
    """Return the allocation that starts next, of those that reach the site; `site` None: of all."""
    later = [one for one in allocations if one.starts_at > now and (site is None or one.site in (None, site))]
    return min(later, key=lambda allocation: (allocation.starts_at, allocation.id), default=None)


def start_words(allocations: Iterable[Allocation], now: datetime) -> str | None:
    """Return when the project's time begins, if none of its allocations runs yet; None: one does, or there is none.

    The day stands in the words, not how long it takes: they stay the same while a run waits for it.
    """
    known = tuple(allocations)
    first = next_to_start(known, None, now)
    if first is None or any(one.starts_at <= now < one.ends_at for one in known):
        return None
    return f"The project's allocation of {first.resource_class} starts on {first.starts_at:%Y-%m-%d at %H:%M} UTC."
