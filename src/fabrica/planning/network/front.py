"""Who waits foremost at a site, copied side by side: the records of jobs lie far apart in memory.

A site is looked at every quarter of an hour, and in between few of its lines change; what did not is copied from the
look before.
"""

from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.compiling import int64
from fabrica.planning.engine.shares import IN_ORDER, put_in_order
from fabrica.planning.engine.site_rules import NEVER
from fabrica.planning.engine.site_state import Site
from fabrica.planning.engine.table import NOBODY
from fabrica.planning.engine.waiting import next_of
from fabrica.planning.network.arithmetic import size_class
from fabrica.planning.network.compiling import compiled, inlined

_size_class = inlined(size_class)

HAS_BEGUN = -1
FOREMOST = numpy.dtype([("job", "i8"), ("submit", "i8"), ("size", "i8")], align=True)
PART = numpy.dtype([("look", "i8"), ("first", "i8"), ("count", "i8"), ("is_whole", "i8")], align=True)


class Front(NamedTuple):
    """Who waits foremost at one site, or at all with one more axis before.

    `jobs`: records, shape (2, most), by the last look and by the one before it, in turn; `size` is the class of a job,
    or HAS_BEGUN where it was stopped and waits again.
    `lines`: records, shape (lines,): by which look, and where, the first jobs of a line stand, and whether that is all.
    `looks`: shape (1,), how many there were.
    """

    jobs: Any
    lines: Any
    looks: Any


def no_front(partitions: int, lines: int, most: int) -> Front:
    """Return the fronts of sites at which nobody has looked."""
    return Front(
        jobs=numpy.zeros((partitions, 2, most), FOREMOST),
        lines=numpy.zeros((partitions, lines), PART),
        looks=numpy.ones((partitions, 1), numpy.int64),  # so that no line stands in the look before the first
    )


@compiled
def look(front: Front, site: Site) -> int:
    """Renew the front of a site, in the order in which jobs are asked; return how many stand in it."""
    shares, found = site.shares, int64(0)
    put_in_order(shares)
    front.looks[0] += 1
    for place in range(shares.counts[IN_ORDER]):
        if found == front.jobs.shape[1]:
            break
        found = _take_line(front, site, shares.order[place], found)
    return int(found)


@inlined
def _take_line(front: Front, site: Site, number: int, found: int) -> int:
    """Take the first jobs of a line behind those that were found, and return how many there are then."""
    line, part, most = site.shares.lines[number], front.lines[number], front.jobs.shape[1]
    new, old = front.looks[0] % 2, (front.looks[0] + 1) % 2
    first, job = found, line.first
    if part.look == front.looks[0] - 1:
        place, end = part.first, part.first + min(part.count, most - found)
        while place < end and front.jobs[old, place].job < line.changed_from:
            _copy(front.jobs[old, place], front.jobs[new, found])
            place += 1
            found += 1
        if part.is_whole and line.changed_from == NEVER and found - first == part.count:
            job = int64(NOBODY)
        elif first < found < most:
            job = next_of(site.jobs, front.jobs[new, found - 1].job)
    while job != NOBODY and found < most:
        one, seen = site.jobs[job], front.jobs[new, found]
        seen.job, seen.submit = job, one.submit
        seen.size = _size_class(one.units) if one.start == NOBODY else HAS_BEGUN
        job = next_of(site.jobs, job)
        found += 1
    part.look, part.first, part.count, part.is_whole = front.looks[0], first, found - first, job == NOBODY
    line.changed_from = NEVER
    return found


@inlined
def _copy(old: Any, new: Any) -> None:
    new.job, new.submit, new.size = old.job, old.submit, old.size
