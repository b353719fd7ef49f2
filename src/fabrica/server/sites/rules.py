"""Decisions about agents: who may speak for a site, and which events are next."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fabrica.wire.agents import (
    PROTOCOL,
    Event,
    Inventory,
    Maintenance,
    ProtocolUnknown,
    SiteClaimed,
    SyncRequest,
)
from fabrica.wire.problems import Malformed

REASON_LENGTH_MAX = 200
CODE_TRIES_MAX = 5
PROTOCOLS = frozenset({PROTOCOL - 1, PROTOCOL})
"""This version's and the one before: a server is updated first, and its sites within the time they need."""
CLOCK_SECONDS_MAX = 30
"""A site's clock may be off by this; beyond, the times it tells are corrected by the difference."""
_TIMES = ("at", "started_at", "ended_at", "expected_start_at")
FRESH = timedelta(seconds=45)
"""An agent that spoke within this time is there; a second one with another journal is refused."""
STALE = timedelta(minutes=10)
"""After this silence a site gets no new work. What it runs is left alone."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """What is known of an agent when it speaks."""

    epoch: str
    acknowledged: int
    last_word_at: datetime | None


def check_protocol(request: SyncRequest) -> None:
    """Accept a protocol this server speaks.

    Raises:
        ProtocolUnknown: it speaks another; its runs go on, and it gets no new ones.
    """
    if request.protocol not in PROTOCOLS:
        raise ProtocolUnknown(
            f"The agent speaks protocol {request.protocol}; this server speaks {sorted(PROTOCOLS)}.",
            remedy="Install an agent of the server's version. The runs at the site go on.",
        )


def check_draining(draining: bool, reason: str) -> None:
    """Accept a site that is drained for a reason, or that takes runs again.

    Raises:
        Malformed: no reason was given, or one that is too long.
    """
    if draining and not 1 <= len(reason) <= REASON_LENGTH_MAX:
        raise Malformed(
            f"A site is drained for a reason of 1 to {REASON_LENGTH_MAX} characters.",
            remedy="Say why, for those whose runs wait: 'Cooling is repaired until Friday.'",
        )


def claim(speaker: Speaker, epoch: str, now: datetime) -> Speaker:
    """Return the speaker with the journal it shows, adopting a new journal when the old one fell silent.

    Raises:
        SiteClaimed: another journal spoke for the site a moment ago.
    """
    if speaker.epoch in ("", epoch):
        return Speaker(epoch, speaker.acknowledged, now)
    if speaker.last_word_at is not None and now - speaker.last_word_at < FRESH:
        raise SiteClaimed(
            "Another agent with its own journal speaks for this site.",
            remedy=f"Stop one of the two. A new journal is accepted {FRESH.seconds} s after the other's last word.",
            last_word_at=speaker.last_word_at.isoformat(),
        )
    return Speaker(epoch, 0, now)


@dataclass(frozen=True, slots=True)
class Intake:
    """Which of the sent events are new and in order, which are repeats, and up to where all are there."""

    new: tuple[Event, ...]
    repeated: tuple[Event, ...]
    acknowledged: int


def take_in(events: Sequence[Event], acknowledged: int) -> Intake:
    """Sort out what was sent: duplicates drop, order is restored, and nothing after a gap is taken."""
    new: list[Event] = []
    repeated: list[Event] = []
    reached = acknowledged
    for event in sorted(events, key=lambda event: event.sequence):
        if event.sequence <= reached:
            repeated.append(event)
        elif event.sequence == reached + 1:
            new.append(event)
            reached += 1
        else:
            break
    return Intake(tuple(new), tuple(repeated), reached)


def fingerprint(event: Event) -> str:
    """Return the SHA-256 of what the event says; a field that it leaves out, as one of a newer server, has no part."""
    return hashlib.sha256(event.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def by_our_clock(event: Event, difference_seconds: int | None) -> Event:
    """Return an event with its times by our own clock where the site's is clearly wrong now.

    `difference_seconds`: our clock less the site's; None: it is not known.
    """
    if difference_seconds is None or abs(difference_seconds) <= CLOCK_SECONDS_MAX:
        return event
    shift = timedelta(seconds=difference_seconds)
    try:
        times = {name: at + shift for name in _TIMES if (at := getattr(event, name)) is not None}
    except OverflowError:  # no clock of this world told such a time; it is refused when it is recorded
        return event
    return event.model_copy(update=times)


def with_maintenance_to_come(inventory: Inventory, difference_seconds: int | None, now: datetime) -> Inventory:
    """Return an inventory with the maintenance of its partitions by our own clock, and without what is over.

    Where the site's clock is clearly wrong the times are to the minute: the difference is measured anew with each
    word of its agent, and what people read stays the same. `difference_seconds`: our clock less the site's; None: it is
    not known.
    """
    if not any(one.maintenance for one in inventory.partitions):
        return inventory
    partitions = tuple(
        one.model_copy(update={"maintenance": one.maintenance and _to_come(one.maintenance, difference_seconds, now)})
        for one in inventory.partitions
    )
    return inventory.model_copy(update={"partitions": partitions})


def maintenance_ends_at(inventory: Inventory, now: datetime) -> datetime | None:
    """Return when the first partition is back of a site that has all in maintenance; None: one is open now.

    The inventory's times are by our own clock.
    """
    ends = [
        one.maintenance.ends_at if one.maintenance and one.maintenance.starts_at <= now else None
        for one in inventory.partitions
    ]
    return None if None in ends else min(filter(None, ends), default=None)


def _to_come(told: Maintenance, difference_seconds: int | None, now: datetime) -> Maintenance | None:
    starts_at, ends_at = told.starts_at, told.ends_at
    if difference_seconds is not None and abs(difference_seconds) > CLOCK_SECONDS_MAX:
        shift = timedelta(seconds=difference_seconds)
        try:
            starts_at, ends_at = _to_the_minute(starts_at + shift), _to_the_minute(ends_at + shift)
        except OverflowError:  # no clock of this world told such a time
            return None
    return told.model_copy(update={"starts_at": starts_at, "ends_at": ends_at}) if ends_at > now else None


def _to_the_minute(at: datetime) -> datetime:
    return (at + timedelta(seconds=30)).replace(second=0, microsecond=0)
