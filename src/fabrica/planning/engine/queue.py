"""The queue in arrival order, as trees of minima: the next job of at most some value, past all the others at once."""

from typing import Any

import numpy

from fabrica.planning.engine.compiling import compiled

NOTHING = numpy.iinfo(numpy.int64).max

# Invariant of a tree: node n holds the smaller value of its children 2n and 2n + 1. Leaf j, at place leaves + j, holds
# the value of job j, or NOTHING when it does not queue. Shape (2 x leaves,); place 0 is not used.
Tree = Any


def empty_tree(jobs: int) -> Tree:
    """Return a tree with a leaf for every job of the trace, all of them absent."""
    leaves = 1 << max(jobs - 1, 1).bit_length()
    return numpy.full(2 * leaves, NOTHING, numpy.int64)


@compiled
def put(tree: Tree, job: int, value: int) -> None:
    """Set the value of a job that queues, or NOTHING to take it out."""
    place = len(tree) // 2 + job
    tree[place] = value
    while place > 1:
        place //= 2
        smaller = min(tree[2 * place], tree[2 * place + 1])
        if tree[place] == smaller:
            break
        tree[place] = smaller


@compiled
def next_at_most(tree: Tree, job: int, limit: int) -> int:
    """Return the first job that queues, is not before `job` and has at most this value; or -1."""
    leaves = len(tree) // 2
    place = leaves + job
    if job >= leaves:
        return -1
    while tree[place] > limit:
        place = _after(place)
        if place == 0:
            return -1
    while place < leaves:
        place *= 2
        if tree[place] > limit:
            place += 1
    return int(place - leaves)


@compiled
def next_passing(units: Tree, seconds: Tree, job: int, units_max: int, seconds_max: int, spare: int) -> int:
    """Return the first job from `job` on that asks for at most `units_max`, and is short enough or within the spare.

    `units`, `seconds`: trees of what the same jobs ask for. The minima of a node may come from two of its jobs, so a
    search can turn back at a node that looked promising; that is rare.
    """
    leaves = len(units) // 2
    place = leaves + job
    if job >= leaves:
        return -1
    while place != 0:
        if units[place] <= units_max and (seconds[place] <= seconds_max or units[place] <= spare):
            if place >= leaves:
                return int(place - leaves)
            place *= 2
        else:
            place = _after(place)
    return -1


@compiled
def _after(place: int) -> int:
    """Return the node whose leaves follow those of a node, or 0 when there are none."""
    while place % 2 == 1:  # a right child, or the root: go up
        place //= 2
    return 0 if place == 0 else place + 1
