"""The jobs of one line that wait, as a tree in the order of their numbers: the next that may start, past all others.

A treap (Seidel and Aragon 1996): sorted by number from left to right, and by a hash of the number from the root down,
which keeps it shallow. Every job knows the least that is asked in its subtree, so a search leaves out whole subtrees.
"""

from typing import Any

from fabrica.planning.engine.compiling import compiled, compiled_apart
from fabrica.planning.engine.table import NOBODY


@compiled_apart
def insert(jobs: Any, root: int, job: int) -> int:
    """Add a job to the tree, and return its root."""
    jobs[job].before, jobs[job].after = NOBODY, NOBODY
    above, node = NOBODY, root
    while node != NOBODY and _height(node) >= _height(job):
        above = node
        node = jobs[node].after if node < job else jobs[node].before
    jobs[job].above = above
    if above == NOBODY:
        root = job
    elif above < job:
        jobs[above].after = job
    else:
        jobs[above].before = job
    low, high = job, job  # where the next smaller and the next larger part of the cut subtree goes
    while node != NOBODY:
        if node < job:
            _hang(jobs, low, node, low != job)
            low, node = node, jobs[node].after
        else:
            _hang(jobs, high, node, high == job)
            high, node = node, jobs[node].before
    if low != job:
        jobs[low].after = NOBODY
    if high != job:
        jobs[high].before = NOBODY
    _renew_up(jobs, low, job)
    _renew_up(jobs, high, job)
    _renew_up(jobs, job, NOBODY)
    return root


@compiled_apart
def remove(jobs: Any, root: int, job: int) -> int:
    """Take a job out of the tree, and return its root."""
    above, smaller, larger = jobs[job].above, jobs[job].before, jobs[job].after
    place, is_after = above, above != NOBODY and above < job
    while smaller != NOBODY or larger != NOBODY:
        if larger == NOBODY or (smaller != NOBODY and _height(smaller) > _height(larger)):
            node = smaller
            smaller = jobs[smaller].after
        else:
            node = larger
            larger = jobs[larger].before
        if place == NOBODY:
            root = node
            jobs[node].above = NOBODY
        else:
            _hang(jobs, place, node, is_after)
        place, is_after = node, node < job
    if place == NOBODY:
        return NOBODY
    if is_after:
        jobs[place].after = NOBODY
    else:
        jobs[place].before = NOBODY
    _renew_up(jobs, place, NOBODY)
    return root


@compiled
def _hang(jobs: Any, above: int, node: int, is_after: bool) -> None:
    if is_after:
        jobs[above].after = node
    else:
        jobs[above].before = node
    jobs[node].above = above


@compiled
def _height(job: int) -> int:
    """Return a hash of a job's number: who has the greater one stands above."""
    mixed = job * 0x9E3779B97F4A7C1
    mixed ^= mixed >> 29
    return mixed * 0x2545F4914F6CDD1D


@compiled
def _renew_up(jobs: Any, node: int, until: int) -> None:
    """Compute anew the least that is asked, from a job upwards, the last before `until`."""
    while node != until:
        units, planned = jobs[node].units, jobs[node].planned
        for child in (jobs[node].before, jobs[node].after):
            if child != NOBODY:
                units = min(units, jobs[child].least_units)
                planned = min(planned, jobs[child].least_planned)
        jobs[node].least_units, jobs[node].least_planned = units, planned
        node = jobs[node].above


@compiled
def first_of(jobs: Any, root: int) -> int:
    """Return the job with the lowest number of a tree that is not empty."""
    while jobs[root].before != NOBODY:
        root = jobs[root].before
    return int(root)


@compiled
def next_of(jobs: Any, job: int) -> int:
    """Return the next job by number that waits in the same tree; or NOBODY."""
    node = jobs[job].after
    if node != NOBODY:
        return first_of(jobs, node)
    node = job
    while jobs[node].above != NOBODY and jobs[node].above < node:
        node = jobs[node].above
    return int(jobs[node].above)


@compiled_apart
def first_passing(jobs: Any, root: int, job: int, gate: Any) -> int:
    """Return the first job from number `job` on that passes the gate; or NOBODY. A job asks for its least itself."""
    found, node = NOBODY, root
    while node != NOBODY:
        if node >= job:
            found, node = node, jobs[node].before
        else:
            node = jobs[node].after
    node = found
    while node != NOBODY:
        if passes(jobs[node].units, jobs[node].planned, gate):
            return int(node)
        child = jobs[node].after
        if child != NOBODY and passes(jobs[child].least_units, jobs[child].least_planned, gate):
            node = child
            child = jobs[node].before
            while child != NOBODY and passes(jobs[child].least_units, jobs[child].least_planned, gate):
                node = child
                child = jobs[node].before
            continue
        while jobs[node].above != NOBODY and jobs[node].above < node:
            node = jobs[node].above
        node = jobs[node].above
    return NOBODY


@compiled
def passes(units: int, planned: int, gate: Any) -> bool:
    """Return whether so many units fit, and either end before both instants or are within what is spare then."""
    most, seconds, spare, window_seconds, window_room = gate
    in_time = planned <= seconds or units <= spare
    in_window = planned <= window_seconds or units <= window_room
    return bool(units <= most and in_time and in_window)
