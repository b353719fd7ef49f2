"""Windows in plain Python: when units are out of use, and what may be planned beside that."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from fabrica.planning.engine.plain_cluster import PlainCluster
from fabrica.planning.engine.site_rules import NEVER, SiteRules, Window

Until = list[tuple[int, int]]
"""End and units of all that is planned as in use."""


def plain_cluster(rules: SiteRules) -> PlainCluster:
    """Return the cluster of a site, all of it free."""
    return PlainCluster(rules.capacity, rules.node_devices, rules.leaf_nodes, rules.within_leaf, rules.pod_leaves)


class PlainWindow:
    """Units that are out of use from start to end; `held` and `nodes`: what it has of them.

    `users`: the accounts that may run in it. `cluster`: what it holds, in which they do.
    """

    def __init__(self, window: Window, rules: SiteRules) -> None:
        self.start, self.end, self.units, self.users = window
        self.held = 0
        self.nodes: list[int] = []
        self.cluster = plain_cluster(rules if self.users else SiteRules(0))
        self.cluster.take_out_all()


class PlainWindows:
    """All windows of a cluster."""

    def __init__(self, windows: Sequence[Window], rules: SiteRules) -> None:
        self._windows = [PlainWindow(window, rules) for window in sorted(windows)]
        self._capacity = rules.capacity
        self._node_devices = rules.node_devices
        self._turned = -1
        self.device_seconds = 0
        """Taken by windows that ended."""

    def next_boundary(self, now: int) -> int:
        """Return when the next window begins or ends after an instant."""
        return min((at for one in self._windows for at in (one.start, one.end) if at > now), default=NEVER)

    def next_change(self, now: int, until: Until) -> int:
        """Return when anything is expected to come back next, or a window begins or ends."""
        return min([self.next_boundary(now), *(end for end, _ in until)])

    def turn(self, now: int, cluster: PlainCluster) -> bool:
        """Put back what windows hold that end now; return whether any ends or begins, once at an instant."""
        if now == self._turned:
            return False
        self._turned = now
        for one in self._windows:
            if one.end == now:
                self.device_seconds += one.units * (one.end - one.start)
                if not self._node_devices:
                    cluster.free += one.held
                for node in sorted(one.nodes):
                    cluster.put_back(node)
        return any(now in (one.start, one.end) for one in self._windows)

    def take(self, now: int, cluster: PlainCluster) -> None:
        """Give open windows what they lack, as far as it is free; the first to begin comes first."""
        for one in self._open(now):
            while one.held < one.units and (cluster.wholes if self._node_devices else cluster.free):
                if self._node_devices:
                    one.nodes.append(cluster.any_whole())
                    cluster.take_out(one.nodes[-1])
                    if one.users:
                        one.cluster.put_back(one.nodes[-1])
                    one.held += self._node_devices
                else:
                    units = min(one.units - one.held, cluster.free)
                    cluster.free -= units
                    one.cluster.free += units
                    one.held += units
            if one.held < one.units:
                return

    def reserved(self, now: int) -> Iterator[PlainWindow]:
        """Yield the open windows in which somebody may run, the first to begin first."""
        return (one for one in self._open(now) if one.users)

    def of_node(self, node: int, now: int) -> PlainWindow | None:
        """Return the reservation that holds a node; null where none does."""
        return next((one for one in self.reserved(now) if node in one.nodes), None)

    def lose_node(self, node: int, window: PlainWindow) -> None:
        """Take a node that fails out of a reservation, which lacks it from now on."""
        window.nodes.remove(node)
        window.held -= self._node_devices
        window.cluster.take_out(node)

    def held(self, now: int) -> int:
        """Return the units that open windows hold."""
        return sum(one.held for one in self._open(now))

    def is_lacking(self, now: int) -> bool:
        """Return whether an open window still lacks units."""
        return any(one.held < one.units for one in self._open(now))

    def _open(self, now: int) -> list[PlainWindow]:
        return [one for one in self._windows if one.start <= now < one.end]

    def allow(self, units: int, start: int, end: int, until: Callable[[], Until]) -> bool:
        """Return whether units may be planned as in use from one instant until another."""
        if self.is_lacking(start) and end > self.next_change(start, until()):
            return False
        return all(self._left(one.start, until()) >= units for one in self._windows if start < one.start < end)

    def _left(self, at: int, until: Until) -> int:
        """Return what is planned to be free at an instant."""
        taken = sum(one.units for one in self._open(at))
        return self._capacity - taken - sum(units for end, units in until if end > at)

    def earliest(self, units: int, planned: int, now: int, until: Until) -> tuple[int, int]:
        """Return when so many units are expected to be free for so long, and how many more are then, all that time."""
        turns = [at for one in self._windows for at in (one.start, one.end) if at >= now]
        expected, free = deque(sorted(until)), self._capacity - sum(busy for _, busy in until)
        for at in sorted({now, *(end for end, _ in until), *turns}):
            while expected and expected[0][0] <= at:
                free += expected.popleft()[1]
            if free < units:
                continue
            starts = [one.start for one in self._windows if at < one.start < at + planned]
            left = min(self._left(instant, until) for instant in (at, *starts))
            if left >= units:
                return at, left - units
        raise AssertionError("a job asks for more than there is")
