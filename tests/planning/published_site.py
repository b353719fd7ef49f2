"""The rules of windows, reservations, stops and levels, as docs/explanation/twin.md tells them, beside `easy`.

Slow, and apart from the engine. Where nodes do not matter, a unit is a node of one device.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count

from tests.planning.published_rules import Job, Machine

ATTEMPTS_MAX = 1000
RESTART_SECONDS = 300


@dataclass(frozen=True, order=True)
class Window:
    """Units out of use from one second until another, but for the jobs of some accounts."""

    start: int
    end: int
    units: int
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """One that could be: it is one if more than `share` of the node's devices are in use; it may take the leaf."""

    second: int
    node: int
    share: float
    takes_leaf: bool


@dataclass(frozen=True)
class Stops:
    """How nodes fail. `seconds`: of a device in use for each failure; times in seconds, `checkpoint`: 0 for none."""

    seconds: float
    checkpoint: int
    repair: int
    seed: int
    restart: int = RESTART_SECONDS
    leaf_share: float = 0.0

    def could_fail(self, nodes: int, devices: int) -> Iterator[Failure]:
        """Yield the failures that could be, in the order of time."""
        at = 0.0
        for k in count(1):
            at -= math.log(drawn(self.seed, 3 * k)) * self.seconds / (nodes * devices)
            takes_leaf = drawn(self.seed, -k) < self.leaf_share
            yield Failure(int(at), int(drawn(self.seed, 3 * k + 1) * nodes), drawn(self.seed, 3 * k + 2), takes_leaf)


def drawn(seed: int, number: int) -> float:
    """Return the draw of that number, as SplitMix64 mixes it."""
    mixed = (seed * 0xBF58476D1CE4E5B9 + number * 0x9E3779B97F4A7C15) % 2**64
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % 2**64
    return ((mixed ^ mixed >> 31) // 2**11 + 0.5) / 2**53


@dataclass(frozen=True)
class Attempt:
    """One try at a job. `ahead`: seconds before it works on. `machine`: the cluster, or what a reservation took.

    `kept`: work that it keeps, of one that was told to make room.
    """

    began: int
    ahead: int
    end: int
    planned_end: int
    machine: Machine
    held: list[tuple[int, int]]
    kept: int | None = None


@dataclass
class Came:
    """What came of a replay. Lists: for each job, -1 where it never was. `busy`, `lost`, `repaired`: device-seconds."""

    starts: list[int]
    began: list[int]
    ends: list[int]
    given_up: int = 0
    stops: int = 0
    stopped: int = 0
    preempted: int = 0
    inside: int = 0
    busy: int = 0
    lost: int = 0
    repaired: int = 0


@dataclass
class Site:
    """One replay as it goes on. `stops`: null where no node fails. `saving`: seconds; null where none makes room."""

    jobs: Sequence[Job]
    machine: Machine
    by_limit: bool
    windows: Sequence[Window]
    stops: Stops | None
    saving: int | None
    came: Came = field(init=False)
    could_fail: Iterator[Failure] = field(init=False)
    failure: Failure | None = field(init=False)
    now: int = -1
    queue: list[int] = field(default_factory=list)
    running: dict[int, Attempt] = field(default_factory=dict)
    taken: dict[int, Machine] = field(default_factory=dict)
    """What each open window has, by its place in `windows`."""
    back: dict[int, int] = field(default_factory=dict)
    saved: dict[int, int] = field(default_factory=dict)
    attempts: dict[int, int] = field(default_factory=dict)
    head: int | None = None
    for_block: int | None = None
    until: int = 0
    spare: int = 0

    def __post_init__(self) -> None:
        self.windows = sorted(self.windows)
        self.came = Came([-1] * len(self.jobs), [-1] * len(self.jobs), [-1] * len(self.jobs))
        self.could_fail = self.stops.could_fail(self.machine.nodes, self.machine.devices) if self.stops else iter(())
        self.failure = next(self.could_fail, None)

    # What is planned

    def ahead(self, job: int) -> int:
        """Return what a job has ahead of it before it works on."""
        restart = self.stops.restart if self.stops else RESTART_SECONDS
        return restart if self.attempts.get(job) else 0

    def planned(self, job: int) -> int:
        return self.jobs[job].planned(self.by_limit) - self.saved.get(job, 0) + self.ahead(job)

    def free_at(self, instant: int) -> int:
        """Return the units that are planned to be free: beside jobs, repairs and windows."""
        devices = self.machine.devices
        jobs = sum(
            self.jobs[job].units
            for job, one in self.running.items()
            if one.machine is self.machine and one.planned_end > instant
        )
        repairs = sum(devices for back in self.back.values() if back > instant)
        windows = sum(one.units for one in self.windows if one.start <= instant < one.end)
        return self.machine.nodes * devices - jobs - repairs - windows

    def least_free(self, start: int, end: int) -> int:
        """Return the least that is free at any instant from one until another."""
        begins = (one.start for one in self.windows if start < one.start < end)
        return min(self.free_at(instant) for instant in chain((start,), begins))

    def changes(self) -> list[int]:
        """Return when something is expected back, or a window begins or ends."""
        jobs = (one.planned_end for one in self.running.values() if one.machine is self.machine)
        edges = (edge for one in self.windows for edge in (one.start, one.end))
        return sorted({one for one in chain(jobs, self.back.values(), edges) if one > self.now})

    def lacks(self) -> bool:
        return any(machine.nodes * machine.devices < one.units for one, machine in self.open())

    def open(self) -> list[tuple[Window, Machine]]:
        """Return the open windows and what each has, in their order."""
        return [(self.windows[place], self.taken[place]) for place in sorted(self.taken)]

    # What happens at an instant

    def end_jobs(self) -> None:
        for job in sorted(job for job, one in self.running.items() if one.end == self.now):
            one = self.running[job]
            if one.kept is None:
                self.came.ends[job] = self.now
                self.leave(job, self.now - one.began - one.ahead)
            else:
                self.leave(job, one.kept)
                self.join(job)

    def join(self, job: int) -> None:
        self.queue = sorted([*self.queue, job], key=lambda job: (-self.counted_level(job), job))

    def counted_level(self, job: int) -> int:
        """Return the level of a job, which counts only where jobs make room."""
        return 0 if self.saving is None else self.jobs[job].level

    def leave(self, job: int, kept: int) -> None:
        """Take a job from where it runs with the work that it keeps of this attempt, and give back what it held."""
        one = self.running.pop(job)
        self.saved[job] = self.saved.get(job, 0) + kept
        self.came.busy += (self.now - one.began) * self.jobs[job].units
        self.came.lost += (self.now - one.began - kept) * self.jobs[job].units
        self.head = None
        one.machine.give_back(one.held)

    def take_lacked(self) -> None:
        """Let open windows take the nodes that they lack, the first to begin first."""
        whole = self.machine.devices
        for window, machine in self.open():
            while self.machine.free[whole] and machine.nodes * whole < window.units:
                node = self.machine.next_whole(1)
                self.machine.pull(node, whole)
                machine.put(node, whole)
                machine.nodes += 1

    def come_back(self) -> None:
        for node in sorted(node for node, back in self.back.items() if back == self.now):
            del self.back[node]
            self.head = None
            self.machine.put(node, self.machine.devices)

    def turn_windows(self) -> None:
        whole = self.machine.devices
        for place, window in enumerate(self.windows):
            if window.end == self.now:
                self.head = None
                for node in sorted(self.taken.pop(place).free[whole]):
                    self.machine.put(node, whole)
        for place, window in enumerate(self.windows):
            if window.start == self.now:
                self.head = None
                self.taken[place] = Machine(0, whole, self.machine.leaf_nodes)

    def fail_nodes(self) -> None:
        while self.stops and self.failure and self.failure.second == self.now:
            node, share = self.failure.node, self.failure.share
            in_use = sum(units for one in self.running.values() for held, units in one.held if held == node)
            if in_use > share * self.machine.devices:
                self.came.stops += 1
                first, size = self.machine.leaf(node) * self.machine.leaf_nodes, self.machine.leaf_nodes
                for one in range(first, first + size) if self.failure.takes_leaf else (node,):
                    self.fail(one, self.stops)
            self.failure = next(self.could_fail)

    def fail(self, node: int, stops: Stops) -> None:
        for job in [job for job in sorted(self.running) if node in dict(self.running[job].held)]:
            self.stop(job, stops.checkpoint)
        reservations = [machine for window, machine in self.open() if window.accounts]
        whole = self.machine.devices
        machine = next((one for one in (self.machine, *reservations) if node in one.free[whole]), None)
        if machine is None:  # it is in repair or in a window of maintenance already
            return
        self.head = None
        machine.pull(node, whole)
        self.back[node] = self.now + stops.repair
        self.came.repaired += machine.devices * stops.repair
        if machine is not self.machine:
            machine.nodes -= 1

    def stop(self, job: int, checkpoint: int) -> None:
        kept = self.running[job].kept
        if kept is None:
            kept = self.worked(job) // checkpoint * checkpoint if checkpoint else 0
        self.came.stopped += 1
        self.leave(job, kept)
        if self.attempts[job] < ATTEMPTS_MAX:
            self.join(job)
        else:
            self.came.given_up += 1

    def worked(self, job: int) -> int:
        return max(self.now - self.running[job].began - self.running[job].ahead, 0)

    def make_room(self, head: int, saving: int) -> None:
        """Tell jobs of lower levels to save, the lowest level first, in it who started last."""
        if not self.has_room(head, saving):
            return
        saved_at, latest_first = self.now + saving, reversed(self.running)
        outside = [job for job in latest_first if self.running[job].machine is self.machine]
        told = [job for job in outside if self.running[job].kept is not None]
        lower = [job for job in outside if job not in told and self.jobs[job].level < self.jobs[head].level]
        lacking = self.jobs[head].units - self.machine.units() - sum(self.jobs[job].units for job in told)
        if lacking > sum(self.jobs[job].units for job in lower):
            return
        lacking = lacking if told else max(lacking, 1)
        for job in sorted(lower, key=lambda job: self.jobs[job].level):
            if lacking > 0 and self.running[job].planned_end > saved_at:
                self.came.preempted += 1
                kept = self.worked(job)
                self.running[job] = replace(self.running[job], end=saved_at, planned_end=saved_at, kept=kept)
            lacking -= self.jobs[job].units

    # Who starts

    def start(self, job: int, machine: Machine) -> None:
        ahead = self.ahead(job)
        seconds = ahead + self.jobs[job].runtime - self.saved.get(job, 0)
        held = machine.take(self.jobs[job].units)
        self.running[job] = Attempt(self.now, ahead, self.now + seconds, self.now + self.planned(job), machine, held)
        self.attempts[job] = self.attempts.get(job, 0) + 1
        self.queue.remove(job)
        self.came.began[job] = self.now
        if self.came.starts[job] < 0:
            self.came.starts[job] = self.now

    def start_in_reservations(self) -> None:
        for window, machine in self.open():
            for job in list(self.queue):
                named, units = self.jobs[job].account in window.accounts, self.jobs[job].units
                if named and machine.fits(units) and self.now + self.planned(job) <= window.end:
                    self.start(job, machine)
                    self.came.inside += 1

    def start_elsewhere(self) -> None:
        while self.queue and self.fits_now(self.queue[0]):
            self.start(self.queue[0], self.machine)
            self.head = None
        if self.queue and self.head != self.queue[0]:
            if self.saving is not None:
                self.make_room(self.queue[0], max(self.saving, 1))
            self.reserve(self.queue[0])
        for job in self.queue[1:]:
            if not self.fits_now(job):
                continue
            if self.now + self.planned(job) <= self.until:
                self.start(job, self.machine)
            elif self.jobs[job].units <= self.spare:
                self.spare -= self.jobs[job].units
                self.start(job, self.machine)

    def has_room(self, job: int, longer: int = 0) -> bool:
        """Return whether no window is in the way of a job that would start now, and run for so much longer."""
        end = self.now + longer + self.planned(job)
        if self.lacks():
            return end <= self.changes()[0]
        begins = [one.start for one in self.windows if self.now < one.start < end]
        return all(self.free_at(instant) >= self.jobs[job].units for instant in begins)

    def fits_now(self, job: int) -> bool:
        return self.machine.fits(self.jobs[job].units) and self.has_room(job)

    def reserve(self, head: int) -> None:
        """Give the head the first instant from which it fits, for as long as it is planned."""
        if self.for_block != head:
            self.for_block = None
        self.head, units, has_room, changes = head, self.jobs[head].units, self.has_room(head), self.changes()
        if has_room and self.machine.units() >= units and not self.machine.fits(units):
            self.for_block = head
        if self.lacks() or (self.for_block == head and has_room):
            self.until, self.spare = min(changes, default=self.now), 0
            return
        planned = self.planned(head)
        self.until = next(at for at in (self.now, *changes) if self.least_free(at, at + planned) >= units)
        self.spare = self.least_free(self.until, self.until + planned) - units


def come_of(
    jobs: Sequence[Job],
    machine: Machine,
    *,
    by_limit: bool,
    windows: Sequence[Window] = (),
    stops: Stops | None = None,
    saving: int | None = None,
) -> Came:
    """Return what comes of jobs, which are in the order of their submission."""
    site = Site(jobs, machine, by_limit, windows, stops, saving)
    arrived = 0
    while arrived < len(jobs) or site.queue or site.running:
        ends = [one.end for one in site.running.values()]
        edges = [edge for one in site.windows for edge in (one.start, one.end) if edge > site.now]
        comes = [one.submit for one in jobs[arrived : arrived + 1]]
        site.now = min(chain(ends, edges, comes, site.back.values(), [site.failure.second] if site.failure else []))
        site.end_jobs()
        site.come_back()
        site.turn_windows()
        site.take_lacked()
        site.fail_nodes()
        site.take_lacked()
        while arrived < len(jobs) and jobs[arrived].submit == site.now:
            site.join(arrived)
            arrived += 1
        while True:  # a job of no length ends in a second round of the same instant
            site.start_in_reservations()
            site.start_elsewhere()
            if all(one.end != site.now for one in site.running.values()):
                break
            site.end_jobs()
            site.take_lacked()
    return site.came
