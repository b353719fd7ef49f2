"""The reference: the rules of the twin in plain Python, written to be read, and used where Numba is not installed."""

import bisect
import heapq
from typing import Any

from fabrica.planning.engine.jobs import Jobs
from fabrica.planning.engine.plain_cluster import PlainCluster
from fabrica.planning.engine.plain_timeline import PlainTimeline


class _Machine:
    """The jobs that run on the cluster, and the instants at which something happens."""

    def __init__(self, jobs: Jobs, cluster: PlainCluster) -> None:
        self.jobs = jobs
        self.cluster = cluster
        self.arrived = 0
        self.running: list[tuple[int, int]] = []
        """Expected end and job of all that run, sorted."""
        self._ends: list[tuple[int, int]] = []

    def next_instant(self) -> int | None:
        """Return when the next job ends or arrives; null when nothing is left."""
        return min(self.next_instants(), default=None)

    def next_instants(self) -> list[int]:
        """Return when the next job ends and when the next one arrives, as far as there is one."""
        instants = [self._ends[0][0]] if self._ends else []
        if self.arrived < len(self.jobs.submit):
            instants.append(self.jobs.submit[self.arrived])
        return instants

    def end_all(self, now: int) -> list[tuple[int, int]]:
        """End the jobs that end now, and return their expected ends with them."""
        ended = []
        while self._ends and self._ends[0][0] == now:
            job = heapq.heappop(self._ends)[1]
            entry = (planned_end(self.jobs, job, self.jobs.start[job]), job)
            del self.running[bisect.bisect_left(self.running, entry)]
            self.cluster.give_back(job, self.jobs.units[job])
            ended.append(entry)
        return ended

    def arrivals(self, now: int) -> range:
        """Return the jobs that arrive now."""
        first = self.arrived
        while self.arrived < len(self.jobs.submit) and self.jobs.submit[self.arrived] == now:
            self.arrived += 1
        return range(first, self.arrived)

    def fits(self, job: int) -> bool:
        """Return whether the cluster can place a job now."""
        return bool(self.jobs.units[job] <= self.cluster.most_units())

    def start(self, job: int, now: int) -> None:
        """Start a job that fits."""
        self.cluster.place(job, self.jobs.units[job])
        self.jobs.start[job] = now
        heapq.heappush(self._ends, (now + self.jobs.runtime[job], job))
        bisect.insort(self.running, (planned_end(self.jobs, job, now), job))


def planned_end(jobs: Jobs, job: int, start: int) -> int:
    """Return when a job that starts is expected to end."""
    return int(start + max(jobs.limit[job], jobs.runtime[job], 1))


def plain_fifo(jobs: Jobs, cluster: PlainCluster, progress: Any) -> None:
    """Fill `jobs.start`: nothing passes the head of the queue."""
    machine, head = _Machine(jobs, cluster), 0
    while (now := machine.next_instant()) is not None:
        machine.end_all(now)
        machine.arrivals(now)
        while head < machine.arrived and machine.fits(head):
            machine.start(head, now)
            head += 1
        progress[0] = machine.arrived


def plain_easy(jobs: Jobs, cluster: PlainCluster, progress: Any) -> None:
    """Fill `jobs.start`: who does not delay the head of the queue may pass it."""
    machine = _Machine(jobs, cluster)
    queue: list[int] = []
    reserved_for, at, spare, for_block = -1, 0, 0, False
    while (now := machine.next_instant()) is not None:
        ended = machine.end_all(now)
        asked = list(machine.arrivals(now))
        queue += asked
        heads = 0
        while heads < len(queue) and machine.fits(queue[heads]):
            machine.start(queue[heads], now)
            heads += 1
        del queue[:heads]
        progress[0] = machine.arrived
        if not queue:
            continue
        head, anew = queue[0], queue[0] != reserved_for
        if ended or anew:
            enough = cluster.free >= jobs.units[head]
            for_block = enough or (for_block and not anew)
            at, then_free = machine.running[0][0], jobs.units[head]
            if not for_block:
                at, then_free = _when_free(machine, jobs.units[head])
            reserved_for, spare = head, then_free - jobs.units[head]
            asked = queue
        started, spare = _pass_head(machine, [job for job in asked if job != head], at, spare, now)
        if started:
            queue = [job for job in queue if job not in started]


def _pass_head(machine: _Machine, asked: list[int], at: int, spare: int, now: int) -> tuple[set[int], int]:
    """Start who fits and is planned to end by `at` or uses what is spare; return them and what is spare then."""
    jobs, started, most = machine.jobs, set[int](), machine.cluster.most_units()
    for job in asked:
        units = jobs.units[job]
        if units > most:
            continue
        ends_before = planned_end(jobs, job, now) <= at
        if ends_before or units <= spare:
            spare -= 0 if ends_before else units
            machine.start(job, now)
            started.add(job)
            most = machine.cluster.most_units()
            if most == 0:
                break
    return started, spare


def _when_free(machine: _Machine, units: int) -> tuple[int, int]:
    """Return when so many units are expected to be free, and how many are then."""
    free, at = machine.cluster.free, 0
    for expected, job in machine.running:
        if free >= units and expected > at:
            break
        free, at = free + machine.jobs.units[job], expected
    return at, free


def plain_conservative(jobs: Jobs, cluster: PlainCluster, progress: Any) -> None:
    """Fill `jobs.start`: every job has a reserved start, which nobody makes later."""
    machine = _Machine(jobs, cluster)
    timeline = PlainTimeline(cluster.free)
    reserved: dict[int, int] = {}
    """Those that queue, in their order, with their reserved starts."""

    def reserve(job: int, now: int) -> None:
        duration = planned_end(jobs, job, 0)
        reserved[job] = timeline.earliest(now, duration, jobs.units[job])
        timeline.change(reserved[job], reserved[job] + duration, -jobs.units[job])

    while (now := min([*reserved.values(), *machine.next_instants()], default=None)) is not None:
        timeline.forget_before(now)
        early = [(expected, job) for expected, job in machine.end_all(now) if now < expected]
        for expected, job in early:
            timeline.change(now, expected, jobs.units[job])
        for job, start in list(reserved.items()) if early else ():
            timeline.change(start, planned_end(jobs, job, start), jobs.units[job])
            reserve(job, now)
        for job in machine.arrivals(now):
            reserve(job, now)
        for job in [job for job, start in reserved.items() if start == now]:
            del reserved[job]
            machine.start(job, now)
        progress[0] = machine.arrived
