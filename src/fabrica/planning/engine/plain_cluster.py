"""What is free, in plain Python: a count of units, or nodes by their number of free devices, in leaves."""

from collections.abc import Callable


def _best(numbers: range, wholes: Callable[[int], int], nodes: int) -> int:
    """Return the first of those with the fewest whole nodes that have so many, else with the most."""

    def rank(number: int) -> tuple[bool, int]:
        return (False, wholes(number)) if wholes(number) >= nodes else (True, -wholes(number))

    return min(numbers, key=rank)


class PlainCluster:
    """Free units as a count, or nodes kept by their number of free devices, the latest to come to it last.

    The free whole nodes are kept by leaf, and the leaves by how many they have; without leaves all nodes are one.
    """

    def __init__(
        self, capacity: int, node_devices: int, leaf_nodes: int = 0, within_leaf: bool = False, pod_leaves: int = 0
    ) -> None:
        self.free = capacity
        self.wholes: int = 0
        self._node_devices = node_devices
        self._within_leaf = within_leaf
        self._pod_leaves = pod_leaves
        self._partly: list[dict[int, None]] = [{} for _ in range(node_devices)]
        self._held: dict[int, list[tuple[int, int]]] = {}
        if node_devices:
            self.wholes = capacity // node_devices
            self._leaf_nodes: int = leaf_nodes or self.wholes
            leaves = self.wholes // self._leaf_nodes
            self.free_of_node: list[int] = [node_devices] * self.wholes
            self._whole: list[dict[int, None]] = [{} for _ in range(leaves)]
            for node in reversed(range(self.wholes)):
                self._whole[node // self._leaf_nodes][node] = None
            self._leaves_by_wholes: list[dict[int, None]] = [{} for _ in range(self._leaf_nodes + 1)]
            self._leaves_by_wholes[-1] = dict.fromkeys(reversed(range(leaves)))

    def most_units(self) -> int:
        """Return the size of the largest job that can be placed now."""
        if not self._node_devices:
            return self.free
        if self._within_leaf and self.wholes:
            part = next((wholes for wholes in range(self._leaf_nodes - 1, 0, -1) if self._leaves_by_wholes[wholes]), 0)
            return (len(self._leaves_by_wholes[-1]) * self._leaf_nodes + part) * self._node_devices
        partly = next((free for free in range(self._node_devices - 1, 0, -1) if self._partly[free]), 0)
        return self.wholes * self._node_devices + partly

    def place(self, job: int, units: int) -> int:
        """Give a job whole nodes of few leaves, and its remainder where the fewest devices are free.

        Return how many leaves its whole nodes are of.
        """
        self.free -= units
        if not self._node_devices:
            return 0
        wholes, rest = divmod(units, self._node_devices)
        asked = [self._node_devices] * wholes
        if rest and wholes and self._within_leaf:
            asked.append(rest)
            rest = 0
        held, leaf, leaves = list[tuple[int, int]](), -1, 0
        for number, devices in enumerate(asked):
            if leaf < 0 or not self._whole[leaf]:
                leaf = self._next_leaf(leaf, len(asked) - number)
                leaves += 1
            held.append((self._take(next(reversed(self._whole[leaf])), devices), devices))
        if rest:
            fit = next((free for free in range(rest, self._node_devices) if self._partly[free]), None)
            node = self.any_whole() if fit is None else next(reversed(self._partly[fit]))
            held.append((self._take(node, rest), rest))
        self._held[job] = held
        return leaves

    def _next_leaf(self, last: int, nodes: int) -> int:
        """Return the leaf for so many nodes more of a job, which has taken all of the last one, or -1 before its first.

        It goes on in the pod of the last one. A job that no leaf holds is given the smallest pod that holds it.
        """
        if self._pod_leaves and last >= 0:
            pod = self._pod(last // self._pod_leaves)
            if any(self._whole[leaf] for leaf in pod):
                return _best(pod, lambda leaf: len(self._whole[leaf]), nodes)
        leaf = self._leaf_for(nodes)
        if not self._pod_leaves or len(self._whole[leaf]) >= nodes:
            return leaf
        pods = [self._pod(number) for number in range(len(self._whole) // self._pod_leaves)]
        sums = [sum(len(self._whole[leaf]) for leaf in pod) for pod in pods]
        return _best(pods[_best(range(len(pods)), sums.__getitem__, nodes)], lambda leaf: len(self._whole[leaf]), nodes)

    def _pod(self, number: int) -> range:
        return range(number * self._pod_leaves, (number + 1) * self._pod_leaves)

    def _leaf_for(self, nodes: int) -> int:
        """Return the leaf with the fewest whole nodes that has so many; else one that has the most."""
        if len(self._whole) == 1:
            return 0
        enough = range(nodes, self._leaf_nodes + 1)
        most_first = range(self._leaf_nodes, 0, -1)
        wholes: int = next(wholes for wholes in (*enough, *most_first) if self._leaves_by_wholes[wholes])
        leaf: int = next(reversed(self._leaves_by_wholes[wholes]))
        return leaf

    def _take(self, node: int, devices: int) -> int:
        self._set_free(node, self.free_of_node[node] - devices)
        return node

    def give_back(self, job: int, units: int) -> None:
        """Free what a job held, in the order it got it."""
        self.free += units
        if not self._node_devices:
            return
        for node, devices in self._held.pop(job):
            self._set_free(node, self.free_of_node[node] + devices)

    def jobs_on(self, node: int) -> list[int]:
        """Return the jobs that have devices of a node, by their number."""
        return sorted(job for job, held in self._held.items() if any(node == one for one, _ in held))

    def any_whole(self) -> int:
        """Return a node that is free as a whole, of the leaf that has the fewest."""
        return next(reversed(self._whole[self._leaf_for(1)]))

    def take_out(self, node: int) -> None:
        """Take a node that is free as a whole out of use."""
        self.free -= self._node_devices
        self._set_free(node, 0)

    def take_out_all(self) -> None:
        """Take all units, of which none is in use, out of use."""
        for node in range(self.wholes):
            self.take_out(node)
        self.free = 0

    def put_back(self, node: int) -> None:
        """Put a node that was out of use back."""
        self.free += self._node_devices
        self._set_free(node, self._node_devices)

    def _set_free(self, node: int, free: int) -> None:
        leaf, was = node // self._leaf_nodes, self.free_of_node[node]
        if was == self._node_devices:
            del self._whole[leaf][node]
            self._count_whole(leaf, -1)
        else:
            del self._partly[was][node]
        self.free_of_node[node] = free
        if free == self._node_devices:
            self._whole[leaf][node] = None
            self._count_whole(leaf, +1)
        else:
            self._partly[free][node] = None

    def _count_whole(self, leaf: int, change: int) -> None:
        self.wholes += change
        wholes = len(self._whole[leaf])
        del self._leaves_by_wholes[wholes - change][leaf]
        self._leaves_by_wholes[wholes][leaf] = None
