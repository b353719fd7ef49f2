"""The rules of a replay as docs/explanation/twin.md tells them, and nothing else: slow, and apart from the engine."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Job:
    """Times in seconds; `limit`: null where there is none."""

    submit: int
    runtime: int
    units: int
    limit: int | None = None
    account: str = ""
    level: int = 0

    def planned(self, by_limit: bool) -> int:
        """What it is planned with: one second at least, and never less than it really runs."""
        return max(self.limit or 0 if by_limit else 0, self.runtime, 1)


@dataclass
class Machine:
    """Nodes of so many devices; where nodes do not matter, one node of them all. Without leaves all are of one.

    `free`: nodes by how many of their devices are free, the one that came to that number last at the end.
    `leaves`: the one that came to its number of whole nodes last at the end.
    """

    nodes: int
    devices: int
    leaf_nodes: int = 0
    free: dict[int, list[int]] = field(init=False)
    leaves: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.free = {count: [] for count in range(self.devices + 1)}
        self.free[self.devices] = list(reversed(range(self.nodes)))
        self.leaves = list(dict.fromkeys(map(self.leaf, self.free[self.devices])))

    def leaf(self, node: int) -> int:
        return node // self.leaf_nodes if self.leaf_nodes else 0

    def wholes(self, leaf: int) -> list[int]:
        return [node for node in self.free[self.devices] if self.leaf(node) == leaf]

    def next_whole(self, nodes: int) -> int:
        """Return the whole node to take next for so many: of the leaf with the fewest that has enough, else most."""
        latest_first = [leaf for leaf in reversed(self.leaves) if self.wholes(leaf)]
        enough = [leaf for leaf in latest_first if len(self.wholes(leaf)) >= nodes]
        sizes = {leaf: len(self.wholes(leaf)) for leaf in latest_first}
        best = min(enough, key=sizes.__getitem__) if enough else max(latest_first, key=sizes.__getitem__)
        return self.wholes(best)[-1]

    def units(self) -> int:
        return sum(count * len(nodes) for count, nodes in self.free.items())

    def fits(self, units: int) -> bool:
        whole, rest = divmod(units, self.devices)
        most = len(self.free[self.devices])
        return most > whole or (most == whole and (not rest or any(self.free[n] for n in range(rest, self.devices))))

    def take(self, units: int) -> list[tuple[int, int]]:
        """Take whole nodes, then the rest on the node with the fewest free devices that has enough."""
        whole, rest = divmod(units, self.devices)
        held: list[tuple[int, int]] = []
        for taken in range(whole):
            of_last = self.wholes(self.leaf(held[-1][0])) if held else []
            held.append((of_last[-1] if of_last else self.next_whole(whole - taken), self.devices))
            self.change(held[-1][0], -self.devices)
        if rest:
            fewest = next(count for count in range(rest, self.devices + 1) if self.free[count])
            held.append((self.free[fewest][-1] if fewest < self.devices else self.next_whole(1), rest))
            self.change(held[-1][0], -rest)
        return held

    def change(self, node: int, units: int) -> None:
        """Give a node so many more free devices."""
        count = next(count for count, nodes in self.free.items() if node in nodes)
        self.pull(node, count)
        self.put(node, count + units)

    def put(self, node: int, count: int) -> None:
        self.free[count].append(node)
        self._touch(node, count)

    def pull(self, node: int, count: int) -> None:
        self.free[count].remove(node)
        self._touch(node, count)

    def _touch(self, node: int, count: int) -> None:
        if count == self.devices:
            self.leaves = [leaf for leaf in self.leaves if leaf != self.leaf(node)] + [self.leaf(node)]

    def give_back(self, held: Sequence[tuple[int, int]]) -> None:
        for node, units in held:
            self.change(node, units)


@dataclass
class Run:
    """One replay as it goes on. `running`: for each job its end, its planned end, and what it holds."""

    jobs: Sequence[Job]
    machine: Machine
    by_limit: bool
    now: int = 0
    starts: dict[int, int] = field(default_factory=dict)
    queue: list[int] = field(default_factory=list)
    running: dict[int, tuple[int, int, list[tuple[int, int]]]] = field(default_factory=dict)
    reserved: dict[int, int] = field(default_factory=dict)
    until: int = 0
    spare: int | None = None
    for_block: int | None = None

    def planned(self, job: int) -> int:
        return self.jobs[job].planned(self.by_limit)

    def start(self, job: int) -> None:
        held = self.machine.take(self.jobs[job].units)
        self.starts[job] = self.now
        self.running[job] = (self.now + self.jobs[job].runtime, self.now + self.planned(job), held)
        self.queue.remove(job)
        self.reserved.pop(job, None)

    def end_all(self) -> bool:
        """End what ends now, in the order of the trace; return whether one ended before it was planned to."""
        ended = [job for job in sorted(self.running) if self.running[job][0] == self.now]
        early = any(self.running[job][1] > self.now for job in ended)
        for job in ended:
            self.machine.give_back(self.running.pop(job)[2])
        if ended:
            self.spare = None
        return early

    def start_heads(self) -> None:
        while self.queue and self.machine.fits(self.jobs[self.queue[0]].units):
            self.start(self.queue[0])
            self.spare = self.for_block = None

    def pass_head(self) -> None:
        """EASY: start who does not delay the head."""
        if not self.queue:
            return
        if self.spare is None:
            self._reserve_for(self.queue[0])
        assert self.spare is not None
        for job in self.queue[1:]:
            units = self.jobs[job].units
            if not self.machine.fits(units):
                continue
            if self.now + self.planned(job) <= self.until:
                self.start(job)
            elif units <= self.spare:
                self.spare -= units
                self.start(job)

    def _reserve_for(self, head: int) -> None:
        needed, free = self.jobs[head].units, self.machine.units()
        ends = sorted({planned for _, planned, _ in self.running.values()})
        if free >= needed or self.for_block == head:
            self.for_block, self.until, self.spare = head, ends[0], 0
            return
        for self.until in ends:
            back = sum(self.jobs[job].units for job, (_, end, _) in self.running.items() if end <= self.until)
            if free + back >= needed:
                self.spare = free + back - needed
                return

    def reserve(self, job: int) -> None:
        """Conservative: give a job the earliest start at which it takes nothing from any reservation there is."""
        taken = [(self.now, end, self.jobs[one].units) for one, (_, end, _) in self.running.items()]
        for one, start in self.reserved.items():
            if one != job:
                taken.append((start, start + self.planned(one), self.jobs[one].units))
        most = self.machine.nodes * self.machine.devices - self.jobs[job].units
        for start in sorted({self.now, *(end for _, end, _ in taken if end > self.now)}):
            instants = {start, *(first for first, _, _ in taken if start < first < start + self.planned(job))}
            if all(sum(units for first, end, units in taken if first <= at < end) <= most for at in instants):
                self.reserved[job] = start
                return


def starts(jobs: Sequence[Job], nodes: int, devices: int, policy: str, *, by_limit: bool) -> list[int]:
    """Return when each job starts; jobs are in the order of their submission."""
    run = Run(jobs, Machine(nodes, devices), by_limit)
    arrived = 0
    while len(run.starts) < len(jobs):
        instants = [end for end, _, _ in run.running.values()] + list(run.reserved.values())
        run.now = min(instants + [job.submit for job in jobs[arrived : arrived + 1]])
        while True:  # a job of no length ends in a second round of the same instant
            if run.end_all():
                for job in run.queue:
                    if job in run.reserved:
                        run.reserve(job)
            while arrived < len(jobs) and jobs[arrived].submit == run.now:
                run.queue.append(arrived)
                if policy == "conservative":
                    run.reserve(arrived)
                arrived += 1
            if policy == "conservative":
                for job in [job for job in run.queue if run.reserved[job] == run.now]:
                    run.start(job)
            else:
                run.start_heads()
            if policy == "easy":
                run.pass_head()
            if all(end != run.now for end, _, _ in run.running.values()):
                break
    return [run.starts[job] for job in range(len(jobs))]
