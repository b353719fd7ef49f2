"""The nodes of a partition, by their number of free devices; those that jobs hold whole are only counted.

The same picks as the engine's `cluster`, but a job of ten thousand nodes is placed in one step: which nodes a job has
whole makes no difference to any other, so only nodes that jobs share are told apart.
"""

from typing import Any, NamedTuple

import numpy

from fabrica.planning.network.compiling import inlined

NONE = -1


class Nodes(NamedTuple):
    """Invariant: every node is in one list; `wholes` of those in list `devices` are free, and jobs hold the others.

    A list starts at `newest[free]`, the node that came last to this number of free devices.
    `devices`: of a node. `free`, `wholes`: shape (1,). `newest`: shape (devices + 1,) or longer.
    `older`, `newer`, `free_of`: shape (nodes,). `rest`: shape (jobs,), the node of a job's remainder, or NONE.
    """

    devices: int
    free: Any
    wholes: Any
    newest: Any
    older: Any
    newer: Any
    free_of: Any
    rest: Any


def free_nodes(node_devices: int, older: Any, newer: Any, free_of: Any, newest: Any) -> None:
    """Write the lists of a partition on which all is free."""
    nodes = len(older)
    older[:], newer[:] = numpy.arange(1, nodes + 1), numpy.arange(-1, nodes - 1)
    older[-1] = NONE
    free_of[:] = node_devices
    newest[:], newest[node_devices] = NONE, 0


@inlined
def most_units(nodes: Nodes) -> int:
    """Return the size of the largest job that can be placed now; every smaller one can be placed too."""
    partly = nodes.devices - 1
    while partly > 0 and nodes.newest[partly] == NONE:
        partly -= 1
    return int(nodes.wholes[0] * nodes.devices + partly)


@inlined
def place(nodes: Nodes, job: int, units: int) -> None:
    """Give a job its units, not more than `most_units`: whole nodes, and its remainder by best fit."""
    nodes.free[0] -= units
    nodes.wholes[0] -= units // nodes.devices
    rest = units % nodes.devices
    if rest:
        fit = rest
        while nodes.newest[fit] == NONE:
            fit += 1
        node = nodes.newest[fit]
        nodes.wholes[0] -= fit == nodes.devices
        _set_free(nodes, node, fit - rest)
        nodes.rest[job] = node


@inlined
def give_back(nodes: Nodes, job: int, units: int) -> None:
    """Free what a job held."""
    nodes.free[0] += units
    nodes.wholes[0] += units // nodes.devices
    rest = units % nodes.devices
    if rest:
        node = nodes.rest[job]
        free = nodes.free_of[node] + rest
        nodes.wholes[0] += free == nodes.devices
        _set_free(nodes, node, free)


@inlined
def _set_free(nodes: Nodes, node: int, free: int) -> None:
    """Move a node from its list to the start of another."""
    was = nodes.free_of[node]
    newer, older = nodes.newer[node], nodes.older[node]
    if newer == NONE:
        nodes.newest[was] = older
    else:
        nodes.older[newer] = older
    if older != NONE:
        nodes.newer[older] = newer
    first = nodes.newest[free]
    nodes.newest[free] = node
    nodes.older[node], nodes.newer[node] = first, NONE
    if first != NONE:
        nodes.newer[first] = node
    nodes.free_of[node] = free
