"""What is free: a count of units, or nodes by their number of free devices, in leaves by their free nodes.

All functions take a pool: what is open to all, or what one window took. A node is of one pool at a time.
"""

from typing import Any, NamedTuple

import numpy

from fabrica.planning.engine.compiling import compiled, compiled_apart, compiled_within, int64

NONE = int64(-1)
OPEN = int64(0)
"""The pool of what is open to all; a window's pool has a number from 1 on."""


class Cluster(NamedTuple):
    """Where jobs are placed. With `node_devices` 0 only `free` is kept.

    Nodes may stand in leaves of `leaf_nodes`: those of one leaf switch, rail group or rack of linked devices. A job is
    given nodes of one leaf where that can be; with `within_leaf` it waits until that can be. Leaves may stand in pods
    of `pod_leaves`, of which there are few, so they are looked through when a job is larger than what a leaf has.
    Where nodes neither stand in leaves nor fail nor are taken out, it makes no difference which ones a job has whole.
    Without `tells_apart` these are only counted, so that a job of ten thousand nodes is placed in one step: then
    `wholes` of the nodes in list `node_devices` are free, and jobs hold the others.
    Invariant: every node with a free device is in exactly one list of its pool, that of its number of free devices, or
    of its leaf when it is free as a whole, and `free` is the sum of these numbers. Every leaf is in the list of its
    number of nodes that are free as a whole, in each pool. A list starts with who came to that number last.
    Of these each pool has a part, one after another; these are the shapes of one part:
    `free`: (1,). `wholes`: (2,), how many nodes, and how many leaves, are free as a whole.
    `newest`: (node_devices + leaves,).
    `leaf_newest`: (leaf_nodes + 1,). `leaf_older`, `leaf_newer`, `leaf_wholes`: (leaves,).
    `older`, `newer`, `free_of`, `pool_of`: shape (nodes,), for all pools.
    `whole_after`: shape (nodes,), the next node that the same job holds whole.
    `holders`: shape (nodes x node_devices,), the jobs that have devices of a node, NONE where there are fewer.
    `first_whole`, `rest`: shape (jobs,), the first such node of a job, and the node of its remainder; or NONE.
    """

    node_devices: int
    leaf_nodes: int
    pod_leaves: int
    within_leaf: bool
    tells_apart: bool
    free: Any
    wholes: Any
    newest: Any
    older: Any
    newer: Any
    free_of: Any
    pool_of: Any
    leaf_newest: Any
    leaf_older: Any
    leaf_newer: Any
    leaf_wholes: Any
    whole_after: Any
    holders: Any
    first_whole: Any
    rest: Any


def no_holds(jobs: int) -> tuple[Any, Any]:
    """Return what jobs hold of nodes while none runs: the `first_whole` and `rest` that clusters may share."""
    return numpy.full(jobs, NONE, numpy.int32), numpy.full(jobs, NONE, numpy.int32)


def empty_cluster(
    capacity: int,
    node_devices: int,
    holds: tuple[Any, Any],
    leaf_nodes: int = 0,
    within_leaf: bool = False,
    tells_apart: bool = True,
    pools: int = 1,
    pod_leaves: int = 0,
) -> Cluster:
    """Return a cluster of that many units, all free and open to all.

    With nodes, the capacity is a multiple of their devices; with leaves, the nodes are one of `leaf_nodes`, and with
    pods the leaves one of `pod_leaves`.
    `holds`: see `no_holds`; of no job where there are no nodes.
    """
    nodes = capacity // node_devices if node_devices else 0
    leaves = nodes // leaf_nodes if leaf_nodes else 1
    newest = numpy.full(pools * (node_devices + leaves), NONE, numpy.int64)
    older = numpy.arange(1, nodes + 1)  # at first the lowest number counts as the newest
    newer = numpy.arange(-1, nodes - 1)
    for leaf in range(leaves if nodes else 0):
        first, behind = leaf * leaf_nodes, (leaf + 1) * leaf_nodes if leaf_nodes else nodes
        newest[node_devices + leaf], newer[first], older[behind - 1] = first, NONE, NONE
    leaf_newest = numpy.full((pools, leaf_nodes + 1), NONE, numpy.int64)
    leaf_newest[1:, 0] = 0  # no leaf has a node that a window took
    leaf_newest[OPEN, leaf_nodes] = 0
    leaf_older = numpy.arange(1, leaves + 1)
    leaf_older[-1] = NONE
    leaf_wholes = numpy.zeros((pools, leaves), numpy.int64)
    leaf_wholes[OPEN] = leaf_nodes
    free, wholes = numpy.zeros(pools, numpy.int64), numpy.zeros((pools, 2), numpy.int64)
    free[OPEN], wholes[OPEN] = capacity, (nodes, leaves)
    return Cluster(
        node_devices=node_devices,
        leaf_nodes=leaf_nodes,
        pod_leaves=pod_leaves,
        within_leaf=within_leaf,
        tells_apart=tells_apart,
        free=free,
        wholes=wholes.ravel(),
        newest=newest,
        older=older,
        newer=newer,
        free_of=numpy.full(nodes, node_devices, numpy.int64),
        pool_of=numpy.full(nodes, OPEN, numpy.int32),
        leaf_newest=leaf_newest.ravel(),
        leaf_older=numpy.tile(leaf_older, pools),
        leaf_newer=numpy.tile(numpy.arange(-1, leaves - 1), pools),
        leaf_wholes=leaf_wholes.ravel(),
        whole_after=numpy.full(nodes, NONE, numpy.int64),
        holders=numpy.full(capacity if nodes and tells_apart else 0, NONE, numpy.int32),
        first_whole=holds[0],
        rest=holds[1],
    )


@compiled
def _part(cluster: Cluster, pool: int, array: Any) -> int:
    """Return where the part of a pool begins in an array."""
    return pool * (len(array) // len(cluster.free)) if pool else 0


@compiled
def most_units(cluster: Cluster, pool: int) -> int:
    """Return the size of the largest job that can be placed now; every smaller one can be placed too."""
    devices = cluster.node_devices
    if devices == 0:
        return int(cluster.free[pool])
    wholes = cluster.wholes[2 * pool]
    if cluster.within_leaf and wholes:
        first, part = _part(cluster, pool, cluster.leaf_newest), cluster.leaf_nodes - 1
        while part > 0 and cluster.leaf_newest[first + part] == NONE:
            part -= 1
        return int((cluster.wholes[2 * pool + 1] * cluster.leaf_nodes + part) * devices)
    first, partly = _part(cluster, pool, cluster.newest), devices - 1
    while partly > 0 and cluster.newest[first + partly] == NONE:
        partly -= 1
    return int(wholes * devices + partly)


@compiled
def place(cluster: Cluster, pool: int, job: int, units: int) -> int:
    """Give a job its units, not more than `most_units`, and return how many leaves its whole nodes are of.

    A job gets as many whole nodes as it fills, and its remainder on the node with the fewest free devices that has
    enough of them (best fit); among equal nodes the one that came to that number last. Leaves are chosen alike: the one
    with the fewest whole nodes that has enough, else one with the most, and so on; with pods, first the pod is chosen
    so. Within leaves, the remainder of a job of more than a node takes a further whole node.
    """
    cluster.free[pool] -= units
    devices = cluster.node_devices
    if devices == 0:
        return 0
    wholes, rest = units // devices, units % devices
    if not cluster.tells_apart:
        cluster.wholes[2 * pool] -= wholes
        if rest:
            _place_rest(cluster, pool, job, rest)
        return 0
    apart = rest > 0 and not (cluster.within_leaf and wholes)
    nodes = wholes + (rest > 0 and not apart)
    lists, counts = _part(cluster, pool, cluster.newest) + devices, _part(cluster, pool, cluster.leaf_wholes)
    before, leaf, leaves = NONE, NONE, 0
    for number in range(nodes):
        if leaf == NONE or (cluster.leaf_nodes and cluster.leaf_wholes[counts + leaf] == 0):
            leaf = _next_leaf(cluster, pool, leaf, nodes - number)
            leaves += 1
        node = cluster.newest[lists + leaf]
        if number == wholes:
            _set_free(cluster, pool, node, devices - rest)
            cluster.rest[job] = node
            cluster.holders[node * devices] = job
            break
        _set_free(cluster, pool, node, int64(0))
        cluster.holders[node * devices] = job
        if before == NONE:
            cluster.first_whole[job] = node
        else:
            cluster.whole_after[before] = node
        cluster.whole_after[node] = NONE
        before = node
    if apart:
        _place_rest(cluster, pool, job, rest)
    return leaves


@compiled
def _place_rest(cluster: Cluster, pool: int, job: int, rest: int) -> None:
    """Give a job its remainder where the fewest devices are free that are enough."""
    devices, lists, fit = cluster.node_devices, _part(cluster, pool, cluster.newest), rest
    while fit < devices and cluster.newest[lists + fit] == NONE:
        fit += 1
    node = cluster.newest[lists + fit] if fit < devices else any_whole(cluster, pool)
    _set_free(cluster, pool, node, fit - rest)
    cluster.rest[job] = node
    if cluster.tells_apart:
        cluster.holders[_holder(cluster, node, NONE)] = job


@compiled_within
def _next_leaf(cluster: Cluster, pool: int, last: int, nodes: int) -> int:
    """Return the leaf for so many nodes more of a job, which has taken all of the last one; or NONE before its first.

    It goes on in the pod of the last one. A job that no leaf holds is given the smallest pod that holds it.
    """
    pods = cluster.pod_leaves
    if pods and last != NONE:
        leaf = _leaf_in_pod(cluster, pool, last // pods, nodes)
        if leaf != NONE:
            return leaf
    leaf = _leaf_for(cluster, pool, nodes)
    if pods and cluster.leaf_wholes[_part(cluster, pool, cluster.leaf_wholes) + leaf] < nodes:
        leaf = _leaf_in_pod(cluster, pool, _pod_for(cluster, pool, nodes), nodes)
    return leaf


@compiled_apart
def _leaf_in_pod(cluster: Cluster, pool: int, pod: int, nodes: int) -> int:
    """Return the leaf of a pod with the fewest whole nodes that has so many, else with the most; NONE: it has none."""
    part, found, has = _part(cluster, pool, cluster.leaf_wholes), NONE, 0
    for leaf in range(pod * cluster.pod_leaves, (pod + 1) * cluster.pod_leaves):
        wholes = cluster.leaf_wholes[part + leaf]
        if _suits_better(wholes, has, nodes):
            found, has = leaf, wholes
    return int(found)


@compiled_apart
def _pod_for(cluster: Cluster, pool: int, nodes: int) -> int:
    """Return the pod with the fewest whole nodes that has so many; else the one that has the most."""
    part, pods, found, has = _part(cluster, pool, cluster.leaf_wholes), cluster.pod_leaves, NONE, 0
    for pod in range(len(cluster.leaf_wholes) // len(cluster.free) // pods):
        wholes = 0
        for leaf in range(pod * pods, (pod + 1) * pods):
            wholes += cluster.leaf_wholes[part + leaf]
        if _suits_better(wholes, has, nodes):
            found, has = pod, wholes
    return int(found)


@compiled
def _suits_better(wholes: int, than: int, nodes: int) -> bool:
    """Return whether so many whole nodes suit a job better: enough before too few, then the fewest, else the most."""
    if (wholes >= nodes) != (than >= nodes):
        return wholes >= nodes
    return wholes < than if wholes >= nodes else wholes > than


@compiled
def _leaf_for(cluster: Cluster, pool: int, nodes: int) -> int:
    """Return the leaf with the fewest whole nodes that has so many; else one that has the most."""
    most, first = cluster.leaf_nodes, _part(cluster, pool, cluster.leaf_newest)
    if most == 0:
        return 0
    wholes = nodes
    while wholes <= most and cluster.leaf_newest[first + wholes] == NONE:
        wholes += 1
    if wholes > most:
        wholes = most
        while cluster.leaf_newest[first + wholes] == NONE:
            wholes -= 1
    return int(cluster.leaf_newest[first + wholes])


@compiled
def give_back(cluster: Cluster, pool: int, job: int, units: int) -> None:
    """Free what a job held: its whole nodes in the order it got them, then its remainder."""
    cluster.free[pool] += units
    devices = cluster.node_devices
    if devices == 0:
        return
    if cluster.tells_apart:
        node = cluster.first_whole[job]
        while node != NONE:
            _set_free(cluster, pool, node, devices)
            cluster.holders[node * devices] = NONE
            node = cluster.whole_after[node]
        cluster.first_whole[job] = NONE
    else:
        cluster.wholes[2 * pool] += units // devices
    node = cluster.rest[job]
    if node != NONE:
        _set_free(cluster, pool, node, cluster.free_of[node] + units % devices)
        cluster.rest[job] = NONE
        if cluster.tells_apart:
            cluster.holders[_holder(cluster, node, job)] = NONE


@compiled
def _holder(cluster: Cluster, node: int, job: int) -> int:
    """Return the place in `holders` at which a job of a node stands, or the first free one."""
    place = node * cluster.node_devices
    while cluster.holders[place] != job:
        place += 1
    return int(place)


@compiled
def next_on(cluster: Cluster, node: int, job: int) -> int:
    """Return the next job by number that has devices of a node; NONE when there is none."""
    devices, found = cluster.node_devices, NONE
    for place in range(node * devices, (node + 1) * devices):
        one = cluster.holders[place]
        if one > job and (found == NONE or one < found):
            found = one
    return int(found)


@compiled
def any_whole(cluster: Cluster, pool: int) -> int:
    """Return a node that is free as a whole, of the leaf that has the fewest; there must be one."""
    first = _part(cluster, pool, cluster.newest) + cluster.node_devices
    return int(cluster.newest[first + _leaf_for(cluster, pool, int64(1))])


@compiled_apart
def take_out(cluster: Cluster, pool: int, node: int) -> None:
    """Take a node that is free as a whole out of a pool."""
    cluster.free[pool] -= cluster.node_devices
    _set_free(cluster, pool, node, int64(0))


@compiled_apart
def put_back(cluster: Cluster, pool: int, node: int) -> None:
    """Put a node that is of no pool, or that was out of use, into one."""
    cluster.free[pool] += cluster.node_devices
    _set_free(cluster, pool, node, cluster.node_devices)


@compiled
def _set_free(cluster: Cluster, pool: int, node: int, free: int) -> None:
    """Move a node from its list to the start of another; one without a free device is in none."""
    devices, leaf, was, part = cluster.node_devices, 0, cluster.free_of[node], _part(cluster, pool, cluster.newest)
    if cluster.leaf_nodes and (free == devices or was == devices):
        leaf = node // cluster.leaf_nodes
    if was:
        newer, older = cluster.newer[node], cluster.older[node]
        if newer == NONE:
            cluster.newest[part + was + (leaf if was == devices else 0)] = older
        else:
            cluster.older[newer] = older
        if older != NONE:
            cluster.newer[older] = newer
    if free:
        to = part + free + (leaf if free == devices else 0)
        first = cluster.newest[to]
        cluster.newest[to] = node
        cluster.older[node], cluster.newer[node] = first, NONE
        if first != NONE:
            cluster.newer[first] = node
    cluster.free_of[node] = free
    change = (free == devices) - (was == devices)
    cluster.wholes[2 * pool] += change
    if change and cluster.leaf_nodes:
        _count_whole(cluster, pool, leaf, change)


@compiled_within
def _count_whole(cluster: Cluster, pool: int, leaf: int, change: int) -> None:
    """Move a leaf from the list of its number of whole nodes to the start of another."""
    lists, part = _part(cluster, pool, cluster.leaf_newest), _part(cluster, pool, cluster.leaf_wholes)
    was = cluster.leaf_wholes[part + leaf]
    newer, older = cluster.leaf_newer[part + leaf], cluster.leaf_older[part + leaf]
    if newer == NONE:
        cluster.leaf_newest[lists + was] = older
    else:
        cluster.leaf_older[part + newer] = older
    if older != NONE:
        cluster.leaf_newer[part + older] = newer
    first = cluster.leaf_newest[lists + was + change]
    cluster.leaf_newest[lists + was + change] = leaf
    cluster.leaf_older[part + leaf], cluster.leaf_newer[part + leaf] = first, NONE
    if first != NONE:
        cluster.leaf_newer[part + first] = leaf
    cluster.leaf_wholes[part + leaf] = was + change
    cluster.wholes[2 * pool + 1] += (was + change == cluster.leaf_nodes) - (was == cluster.leaf_nodes)
