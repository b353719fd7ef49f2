"""What is free: a count of units, or nodes by their number of free devices."""

from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.compiling import compiled

NONE = -1


class Cluster(NamedTuple):
    """Where jobs are placed. With `node_devices` 0 only `free` is kept.

    Invariant: every node is in exactly one list, that of its number of free devices, and `free` is the sum of these
    numbers. A list starts at `newest[devices]`, the node that came to that number last.
    `free`: shape (1,). `wholes`: shape (1,), how many nodes are free as a whole.
    `newest`: shape (node_devices + 1,). `older`, `newer`, `free_of`: shape (nodes,).
    `whole_after`: shape (nodes,), the next node that the same job holds whole.
    `first_whole`, `rest`: shape (jobs,), the first such node of a job, and the node of its remainder; or NONE.
    """

    node_devices: int
    free: Any
    wholes: Any
    newest: Any
    older: Any
    newer: Any
    free_of: Any
    whole_after: Any
    first_whole: Any
    rest: Any


def empty_cluster(capacity: int, node_devices: int, jobs: int) -> Cluster:
    """Return a cluster of that many units, all free. With nodes, the capacity is a multiple of their devices."""
    nodes = capacity // node_devices if node_devices else 0
    held = jobs if node_devices else 0
    newest = numpy.full(node_devices + 1, NONE, numpy.int64)
    older = numpy.arange(1, nodes + 1)  # at first the lowest number counts as the newest
    newer = numpy.arange(-1, nodes - 1)
    if nodes:
        newest[node_devices], older[-1] = 0, NONE
    return Cluster(
        node_devices=node_devices,
        free=numpy.array([capacity], numpy.int64),
        wholes=numpy.array([nodes], numpy.int64),
        newest=newest,
        older=older,
        newer=newer,
        free_of=numpy.full(nodes, node_devices, numpy.int64),
        whole_after=numpy.full(nodes, NONE, numpy.int64),
        first_whole=numpy.full(held, NONE, numpy.int32),
        rest=numpy.full(held, NONE, numpy.int32),
    )


@compiled
def most_units(cluster: Cluster) -> int:
    """Return the size of the largest job that can be placed now; every smaller one can be placed too."""
    devices = cluster.node_devices
    if devices == 0:
        return int(cluster.free[0])
    partly = devices - 1
    while partly > 0 and cluster.newest[partly] == NONE:
        partly -= 1
    return int(cluster.wholes[0] * devices + partly)


@compiled
def place(cluster: Cluster, job: int, units: int) -> None:
    """Give a job its units, not more than `most_units`.

    A job gets as many whole nodes as it fills, and its remainder on the node with the fewest free devices that has
    enough of them (best fit); among equal nodes the one that came to that number last.
    """
    cluster.free[0] -= units
    devices = cluster.node_devices
    if devices == 0:
        return
    before = NONE
    for _ in range(units // devices):
        node = cluster.newest[devices]
        _set_free(cluster, node, 0)
        if before == NONE:
            cluster.first_whole[job] = node
        else:
            cluster.whole_after[before] = node
        cluster.whole_after[node] = NONE
        before = node
    rest = units % devices
    if rest:
        fit = rest
        while cluster.newest[fit] == NONE:
            fit += 1
        node = cluster.newest[fit]
        _set_free(cluster, node, fit - rest)
        cluster.rest[job] = node


@compiled
def give_back(cluster: Cluster, job: int, units: int) -> None:
    """Free what a job held: its whole nodes in the order it got them, then its remainder."""
    cluster.free[0] += units
    devices = cluster.node_devices
    if devices == 0:
        return
    node = cluster.first_whole[job]
    while node != NONE:
        _set_free(cluster, node, devices)
        node = cluster.whole_after[node]
    cluster.first_whole[job] = NONE
    node = cluster.rest[job]
    if node != NONE:
        _set_free(cluster, node, cluster.free_of[node] + units % devices)
        cluster.rest[job] = NONE


@compiled
def _set_free(cluster: Cluster, node: int, free: int) -> None:
    """Move a node from its list to the start of another."""
    was = cluster.free_of[node]
    newer, older = cluster.newer[node], cluster.older[node]
    if newer == NONE:
        cluster.newest[was] = older
    else:
        cluster.older[newer] = older
    if older != NONE:
        cluster.newer[older] = newer
    first = cluster.newest[free]
    cluster.newest[free] = node
    cluster.older[node], cluster.newer[node] = first, NONE
    if first != NONE:
        cluster.newer[first] = node
    cluster.free_of[node] = free
    cluster.wholes[0] += (free == cluster.node_devices) - (was == cluster.node_devices)
