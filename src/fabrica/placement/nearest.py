"""When nobody is able: which candidate misses by least, and what to change."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from fabrica.placement.filters import device_noun, plural, refusing
from fabrica.placement.snapshot import CandidateState, Needs, Number, Snapshot, place, tie
from fabrica.values.quantities import DeviceTime, show_bytes
from fabrica.values.time import from_rfc3339, show_duration


class Miss(NamedTuple):
    """What would let a candidate pass one filter, and how far off it is.

    `distance`: in 0..1 the part of what was asked that is too much; 2: another choice of the person who asks;
    10: a site that takes runs at other times; 20: not in that person's hands.
    """

    distance: float
    words: str


def nearest(snapshot: Snapshot, refused: list[int]) -> str | None:
    """Return the candidate that misses by least, in words that stay while a run waits; None: there are no candidates.

    Where maintenance alone keeps the run from some, the one where it is over first, and when.
    `refused`: shape (candidates,), the kernel's bits. The least sum of distances wins, ties broken as placements are.
    """
    return _after_maintenance(snapshot, refused) or _least_miss(snapshot, refused)


def _after_maintenance(snapshot: Snapshot, refused: list[int]) -> str | None:
    """Return where a run can begin that maintenance alone keeps away, and when; None: no end of any is known.

    Instants stand in the words, not how long it takes.
    """
    ends = {
        candidate: candidate.maintenance_ends_in_seconds
        for candidate, bits in zip(snapshot.candidates, refused, strict=True)
        if candidate.maintenance_ends_in_seconds is not None and refusing(bits) == ["maintenance"]
    }
    if not ends:
        return None
    candidate, now = min(ends, key=lambda one: ends[one]), from_rfc3339(snapshot.decided_at)
    there, end = place(candidate), _show_instant(now, ends[candidate])
    starts_in = candidate.maintenance_starts_in_seconds
    if starts_in is None or starts_in <= 0:
        return f"{there} is in maintenance until {end}; the run can begin there when that is over."
    return (
        f"{there} will be in maintenance from {_show_instant(now, starts_in)} to {end}; the run can begin there when "
        "that is over, or now with a time limit that ends before it."
    )


def _show_instant(now: datetime, seconds: Number) -> str:
    """Write an instant to the nearest minute, for decisions do not fall on whole seconds."""
    return f"{now + timedelta(seconds=seconds + 30):%Y-%m-%d at %H:%M} UTC"


def _least_miss(snapshot: Snapshot, refused: list[int]) -> str | None:
    misses = []
    for candidate, bits in zip(snapshot.candidates, refused, strict=True):
        near = [_MISSES[code](snapshot.needs, candidate) for code in refusing(bits)]
        distance = sum(miss.distance for miss in near)
        order = tie(snapshot.needs.run, candidate.site, candidate.partition)
        misses.append((distance, order, candidate, near))
    if not misses:
        return None
    _, _, candidate, near = min(misses, key=lambda one: one[:2])
    words = dict.fromkeys(miss.words for miss in near)  # two filters may ask for the same change
    return f"Nearest is {place(candidate)}: {'; '.join(words)}."


_CHOICE = 2.0
_PASSES = 10.0
_OUT_OF_HANDS = 20.0


def _less(asked: float, has: float | None, words: str) -> Miss:
    """Return the change to ask for what is there; where nothing is there, it is not in the asker's hands."""
    if has is None or has <= 0:
        return Miss(_OUT_OF_HANDS, "wait until the site has any of what the run asks for")
    return Miss(1.0 - has / asked, words)


def _nodes(needs: Needs, has: int | None) -> Miss:
    return _less(needs.nodes, has, f"ask for {plural(has or 0, 'node')} instead of {needs.nodes:,}")


def _devices(needs: Needs, candidate: CandidateState) -> Miss:
    noun = device_noun(needs.resource_class)
    per_node = min(needs.devices_per_node, candidate.devices_per_node or needs.devices_per_node)
    total = needs.devices if candidate.devices_total is None else candidate.devices_total
    nodes = min(needs.nodes, total // per_node)
    if nodes == 0:
        nodes, per_node = 1, total
    words = f"ask for {plural(per_node, noun)} on each of {plural(nodes, 'node')}"
    if needs.nodes == 1:
        words = f"ask for {plural(per_node, noun)} instead of {needs.devices_per_node:,}"
    return _less(needs.devices, 0 if candidate.devices_per_node == 0 else nodes * per_node, words)


def _memory(needs: Needs, candidate: CandidateState) -> Miss:
    has = candidate.memory_bytes_per_node
    words = f"ask for {show_bytes(has or 0)} of memory a node instead of {show_bytes(needs.memory_bytes_per_node)}"
    return _less(needs.memory_bytes_per_node, has, words)


def _disk(needs: Needs, candidate: CandidateState) -> Miss:
    has = candidate.disk_free_bytes
    words = f"ask for {show_bytes(has or 0)} of disk instead of {show_bytes(needs.disk_bytes)}"
    return _less(needs.disk_bytes, has, words)


def _time_limit(needs: Needs, has: float | None) -> Miss:
    words = f"ask for {show_duration(has or 0)} instead of {show_duration(needs.time_limit_seconds)}"
    return _less(needs.time_limit_seconds, has, words)


def _maintenance(needs: Needs, candidate: CandidateState) -> Miss:
    starts_in = candidate.maintenance_starts_in_seconds
    if starts_in is None or starts_in < 1:
        return Miss(_OUT_OF_HANDS, "wait until the site's maintenance is over")
    words = "ask for a time limit that ends before the site's maintenance"
    return Miss(1.0 - starts_in / needs.time_limit_seconds, words)


def _allocation(needs: Needs, candidate: CandidateState) -> Miss:
    free = candidate.allocation_free_milliseconds
    ends_in, starts_in = candidate.allocation_ends_in_seconds, candidate.allocation_starts_in_seconds
    if free is None or (ends_in is not None and ends_in <= 0):
        return Miss(_CHOICE, f"ask the network's office for an allocation of {needs.resource_class} there")
    if starts_in > 0:
        return Miss(_CHOICE, "wait until the project's allocation there begins")
    if free < candidate.reserve_milliseconds:
        gap = DeviceTime(candidate.reserve_milliseconds - free, needs.resource_class)
        words = f"ask the network's office for {gap} more there, or ask for less time or fewer devices"
        return Miss(1.0 - free / candidate.reserve_milliseconds, words)
    words = "ask for a time limit that ends before the project's allocation there does"
    return _less(needs.time_limit_seconds, ends_in, words)


def _site_fresh(needs: Needs, candidate: CandidateState) -> Miss:
    silent = candidate.silent_seconds is not None and candidate.silent_seconds == candidate.word_age_seconds
    return Miss(_PASSES, f"wait until the site's {'scheduler answers' if silent else 'agent speaks'} again")


def _says(distance: float, words: str) -> Callable[[Needs, CandidateState], Miss]:
    return lambda needs, candidate: Miss(distance, words.format(needs=needs, candidate=candidate))


_MISSES: dict[str, Callable[[Needs, CandidateState], Miss]] = {
    "sites": _says(_CHOICE, "let the run be at {candidate.site} too"),
    "no_agent": _says(_OUT_OF_HANDS, "wait until an agent of the site connects"),
    "site_fresh": _site_fresh,
    "draining": _says(_PASSES, "wait until the site takes new runs again"),
    "simulated": _says(_CHOICE, "say that a simulated site will do"),
    "already_declined": _says(_OUT_OF_HANDS, "submit the run anew, since the site did not take it"),
    "site_account": lambda needs, candidate: Miss(
        _CHOICE, f"ask {candidate.support or 'its support'} for an account there"
    ),
    "personal_site": _says(
        _OUT_OF_HANDS,
        "ask the network's office for a code for a machine of your own, since this one takes its owner's runs only",
    ),
    "resource_class": _says(_CHOICE, "ask for {candidate.resource_class} instead of {needs.resource_class}"),
    "software_stack": _says(_CHOICE, "use the stack {candidate.software_stack} instead of {needs.software_stack}"),
    "containers": _says(_CHOICE, "run without a container"),
    "interactive": _says(_OUT_OF_HANDS, "wait until the site's agent brings people to runs"),
    "countries": _says(_CHOICE, "allow the run and its data in {candidate.country}"),
    "nodes": lambda needs, candidate: _nodes(needs, candidate.nodes),
    "nodes_per_run": lambda needs, candidate: _nodes(needs, candidate.nodes_per_run_max),
    "devices": _devices,
    "memory": _memory,
    "disk": _disk,
    "time_limit": lambda needs, candidate: _time_limit(needs, candidate.time_limit_seconds_max),
    "maintenance": _maintenance,
    "allocation": _allocation,
}
