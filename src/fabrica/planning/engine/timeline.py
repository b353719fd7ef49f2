"""How many units will be free when, with every running job and every reserved start counted."""

from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.compiling import compiled

FIRST, LAST = 0, 1


class Timeline(NamedTuple):
    """Invariant: between the first and the last step in use times rise strictly, and no step has less than 0 free.

    Step s says what is free from `time[s]` until the time of the next one; the last step holds for ever.
    `time`, `free`: shape (steps,). `used`: shape (2,), the first and the last step in use.
    """

    time: Any
    free: Any
    used: Any


def empty_timeline(capacity: int, jobs: int) -> Timeline:
    """Return a timeline on which all is free for ever, with room for so many jobs."""
    steps = 2 * jobs + 6  # a reserved start and a planned end each make one at most
    timeline = Timeline(numpy.empty(steps, numpy.int64), numpy.empty(steps, numpy.int64), numpy.zeros(2, numpy.int64))
    timeline.time[0], timeline.free[0] = -1, capacity
    return timeline


@compiled
def forget_before(timeline: Timeline, now: int) -> None:
    """Drop what is past."""
    first, last = timeline.used[FIRST], timeline.used[LAST]
    while first < last and timeline.time[first + 1] <= now:
        first += 1
    timeline.used[FIRST] = first


@compiled
def earliest(timeline: Timeline, now: int, duration: int, units: int) -> int:
    """Return the first time, not before `now`, from which so many units are free for so long. The past is forgotten."""
    step, last = timeline.used[FIRST], timeline.used[LAST]
    start = now
    while step <= last:
        if timeline.free[step] < units:
            start = timeline.time[step + 1]  # there is one: in the last step all units are free
        elif step == last or timeline.time[step + 1] >= start + duration:
            break
        step += 1
    return int(start)


@compiled
def earlier(timeline: Timeline, now: int, duration: int, units: int, reserved: int) -> int:
    """Return the first time from which a job that has its units reserved from `reserved` on could run; that at latest.

    From then on its own units make room for it, so only what is free before counts.
    """
    step = timeline.used[FIRST]
    start = now
    while start < reserved:
        if timeline.free[step] < units:
            start = timeline.time[step + 1]  # there is one: all is free in the last step, so that begins later
        elif timeline.time[step + 1] >= min(start + duration, reserved):
            return int(start)
        step += 1
    return reserved


@compiled
def change(timeline: Timeline, start: int, end: int, units: int) -> None:
    """Add units to what is free from `start` until `end`; a negative number takes them."""
    if timeline.used[LAST] + 2 >= len(timeline.time):
        _move_to_front(timeline)
    first = _step_at(timeline, start)
    last = _step_at(timeline, end)
    for step in range(first, last):
        timeline.free[step] += units
    _join(timeline, last)
    _join(timeline, first)


@compiled
def _step_at(timeline: Timeline, time: int) -> int:
    """Return the step that begins at a time, made if there is none."""
    low, high = timeline.used[FIRST], timeline.used[LAST] + 1
    while low < high:
        middle = (low + high) // 2
        if timeline.time[middle] < time:
            low = middle + 1
        else:
            high = middle
    if low <= timeline.used[LAST] and timeline.time[low] == time:
        return int(low)
    for step in range(timeline.used[LAST] + 1, low, -1):
        timeline.time[step], timeline.free[step] = timeline.time[step - 1], timeline.free[step - 1]
    timeline.used[LAST] += 1
    timeline.time[low], timeline.free[low] = time, timeline.free[low - 1]
    return int(low)


@compiled
def _move_to_front(timeline: Timeline) -> None:
    """Use the room of forgotten steps again."""
    first = timeline.used[FIRST]
    for step in range(first, timeline.used[LAST] + 1):
        timeline.time[step - first], timeline.free[step - first] = timeline.time[step], timeline.free[step]
    timeline.used[FIRST], timeline.used[LAST] = 0, timeline.used[LAST] - first


@compiled
def _join(timeline: Timeline, step: int) -> None:
    """Take a step out that says the same as the one before it."""
    if step == timeline.used[FIRST] or timeline.free[step] != timeline.free[step - 1]:
        return
    for moved in range(step, timeline.used[LAST]):
        timeline.time[moved], timeline.free[moved] = timeline.time[moved + 1], timeline.free[moved + 1]
    timeline.used[LAST] -= 1
