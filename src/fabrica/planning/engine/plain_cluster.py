"""What is free, in plain Python: a count of units, or nodes by their number of free devices."""


class PlainCluster:
    """Free units as a count, or nodes kept by their number of free devices, the latest to come to it last."""

    def __init__(self, capacity: int, node_devices: int) -> None:
        self.free = capacity
        self._node_devices = node_devices
        self._nodes_by_free: list[dict[int, None]] = [{} for _ in range(node_devices + 1)]
        self._free_of_node: list[int] = []
        self._held: dict[int, list[tuple[int, int]]] = {}
        if node_devices:
            nodes = capacity // node_devices
            self._free_of_node = [node_devices] * nodes
            self._nodes_by_free[node_devices] = dict.fromkeys(reversed(range(nodes)))

    def most_units(self) -> int:
        """Return the size of the largest job that can be placed now."""
        if not self._node_devices:
            return self.free
        partly = next((free for free in range(self._node_devices - 1, 0, -1) if self._nodes_by_free[free]), 0)
        return len(self._nodes_by_free[-1]) * self._node_devices + partly

    def place(self, job: int, units: int) -> None:
        """Give a job as many whole nodes as it fills, and its remainder where the fewest devices are free."""
        self.free -= units
        if not self._node_devices:
            return
        wholes, rest = divmod(units, self._node_devices)
        held = [(self._take(self._node_devices, self._node_devices), self._node_devices) for _ in range(wholes)]
        if rest:
            fit = next(free for free in range(rest, self._node_devices + 1) if self._nodes_by_free[free])
            held.append((self._take(fit, rest), rest))
        self._held[job] = held

    def _take(self, free: int, devices: int) -> int:
        node = self._nodes_by_free[free].popitem()[0]
        self._free_of_node[node] = free - devices
        self._nodes_by_free[free - devices][node] = None
        return node

    def give_back(self, job: int, units: int) -> None:
        """Free what a job held, in the order it got it."""
        self.free += units
        if not self._node_devices:
            return
        for node, devices in self._held.pop(job):
            free = self._free_of_node[node]
            del self._nodes_by_free[free][node]
            self._free_of_node[node] = free + devices
            self._nodes_by_free[free + devices][node] = None
