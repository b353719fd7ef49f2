"""The units that run, sorted by when they are expected back: when will so many be free?"""

from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.compiling import compiled

CHUNK = 64
"""Entries of a chunk: an insertion moves half of it at most, and a search skips all of it by its sum."""


class Running(NamedTuple):
    """Invariant: reading the chunks in `order`, and in each its first `count` entries, times rise strictly.

    Units that are expected back at one instant are one entry, and `total` of a chunk is the sum of its units. No chunk
    in `order` is empty, and two neighbours hold more than half a chunk together, so there are few of them.
    `time`, `units`: shape (chunks, CHUNK). `count`, `total`, `order`: shape (chunks,).
    `used`: shape (1,), how many chunks are in order; the numbers in `order` past that are the spare ones.
    """

    time: Any
    units: Any
    count: Any
    total: Any
    order: Any
    used: Any


def nothing_running(running_max: int) -> Running:
    """Return an empty set with room for that many different times."""
    chunks = 4 * running_max // CHUNK + 4
    return Running(
        time=numpy.empty((chunks, CHUNK), numpy.int64),
        units=numpy.empty((chunks, CHUNK), numpy.int64),
        count=numpy.zeros(chunks, numpy.int64),
        total=numpy.zeros(chunks, numpy.int64),
        order=numpy.arange(chunks),
        used=numpy.zeros(1, numpy.int64),
    )


@compiled
def when_free(running: Running, free: int, units: int) -> tuple[int, int]:
    """Return the first time at which `units` are free, and how many are free then, `free` being so now.

    All units that are expected back at that time count. There must be such a time.
    """
    place = 0
    while free + running.total[running.order[place]] < units:
        free += running.total[running.order[place]]
        place += 1
    chunk = running.order[place]
    entry = 0
    while free + running.units[chunk, entry] < units:
        free += running.units[chunk, entry]
        entry += 1
    return int(running.time[chunk, entry]), int(free + running.units[chunk, entry])


@compiled
def free_by(running: Running, free: int, time: int) -> int:
    """Return how many units are free at a time, `free` being so now."""
    place = 0
    while place < running.used[0]:
        chunk = running.order[place]
        if running.time[chunk, running.count[chunk] - 1] > time:
            for entry in range(running.count[chunk]):
                if running.time[chunk, entry] <= time:
                    free += running.units[chunk, entry]
            break
        free += running.total[chunk]
        place += 1
    return int(free)


@compiled
def first_expected(running: Running) -> int:
    """Return the first time at which any units are expected back. There must be one."""
    return int(running.time[running.order[0], 0])


@compiled
def expect(running: Running, time: int, units: int) -> None:
    """Add units that are expected back at `time`."""
    if running.used[0] == 0:
        running.used[0] = 1
    place = _chunk_of(running, time)
    if running.count[running.order[place]] == CHUNK:
        _cut(running, place)
        place = _chunk_of(running, time)
    chunk = running.order[place]
    entry = _entry_of(running, chunk, time)
    count = running.count[chunk]
    running.total[chunk] += units
    if entry < count and running.time[chunk, entry] == time:
        running.units[chunk, entry] += units
        return
    for moved in range(count, entry, -1):
        running.time[chunk, moved] = running.time[chunk, moved - 1]
        running.units[chunk, moved] = running.units[chunk, moved - 1]
    running.time[chunk, entry], running.units[chunk, entry] = time, units
    running.count[chunk] = count + 1


@compiled
def take_back(running: Running, time: int, units: int) -> None:
    """Remove units that were expected at `time`."""
    place = _chunk_of(running, time)
    chunk = running.order[place]
    entry = _entry_of(running, chunk, time)
    running.total[chunk] -= units
    running.units[chunk, entry] -= units
    if running.units[chunk, entry] > 0:
        return
    count = running.count[chunk] - 1
    for moved in range(entry, count):
        running.time[chunk, moved] = running.time[chunk, moved + 1]
        running.units[chunk, moved] = running.units[chunk, moved + 1]
    running.count[chunk] = count
    if place + 1 < running.used[0]:
        _join(running, place)
    if place > 0:
        _join(running, place - 1)
    if running.used[0] == 1 and running.count[running.order[0]] == 0:
        running.used[0] = 0


@compiled
def _chunk_of(running: Running, time: int) -> int:
    """Return the place in order of the first chunk whose last time is not before `time`, or of the last chunk."""
    low, high = 0, running.used[0] - 1
    while low < high:
        middle = (low + high) // 2
        chunk = running.order[middle]
        if running.time[chunk, running.count[chunk] - 1] < time:
            low = middle + 1
        else:
            high = middle
    return int(low)


@compiled
def _entry_of(running: Running, chunk: int, time: int) -> int:
    """Return the first entry of a chunk whose time is not before `time`."""
    low, high = 0, running.count[chunk]
    while low < high:
        middle = (low + high) // 2
        if running.time[chunk, middle] < time:
            low = middle + 1
        else:
            high = middle
    return int(low)


@compiled
def _cut(running: Running, place: int) -> None:
    """Cut a full chunk into two halves, the second in a spare one."""
    used = running.used[0]
    spare = running.order[used]
    for moved in range(used, place + 1, -1):
        running.order[moved] = running.order[moved - 1]
    running.order[place + 1] = spare
    running.used[0] = used + 1
    chunk, half, total = running.order[place], CHUNK // 2, 0
    for entry in range(half, CHUNK):
        running.time[spare, entry - half] = running.time[chunk, entry]
        running.units[spare, entry - half] = running.units[chunk, entry]
        total += running.units[chunk, entry]
    running.count[chunk], running.count[spare] = half, CHUNK - half
    running.total[chunk] -= total
    running.total[spare] = total


@compiled
def _join(running: Running, place: int) -> None:
    """Join a chunk with the next one when one is empty, or both together fill half a chunk at most."""
    chunk, other = running.order[place], running.order[place + 1]
    count, added = running.count[chunk], running.count[other]
    if count and added and count + added > CHUNK // 2:
        return
    for entry in range(added):
        running.time[chunk, count + entry] = running.time[other, entry]
        running.units[chunk, count + entry] = running.units[other, entry]
    running.count[chunk] = count + added
    running.total[chunk] += running.total[other]
    running.count[other], running.total[other] = 0, 0
    used = running.used[0] - 1
    for moved in range(place + 1, used):
        running.order[moved] = running.order[moved + 1]
    running.order[used] = other
    running.used[0] = used
