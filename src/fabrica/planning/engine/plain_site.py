"""The reference of a site: its rules in plain Python, written to be read, and used where Numba is not installed."""

import heapq
import math
from collections import deque
from collections.abc import Mapping, Sequence

from fabrica.planning.engine.plain_cluster import PlainCluster
from fabrica.planning.engine.plain_draws import plain_draw
from fabrica.planning.engine.plain_jobs import PlainJob, PlainTotals
from fabrica.planning.engine.plain_rates import HOUR_SECONDS, PlainRate
from fabrica.planning.engine.plain_shares import PlainShares
from fabrica.planning.engine.plain_windows import PlainWindow, PlainWindows, Until, plain_cluster
from fabrica.planning.engine.site_rules import NEVER, UNLIMITED, SiteRules, Window

GAP, NODE, IN_USE = range(3)
DRAWS = 3


class PlainSite:
    """One site. `rates`: carbon intensity and price by the hour. `grants`: what is left; sites may share them."""

    def __init__(
        self,
        rules: SiteRules,
        windows: Sequence[Window] = (),
        grants: dict[int, int] | None = None,
        shares: Mapping[int, float] | None = None,
        rates: Sequence[PlainRate] = (),
    ) -> None:
        self.rules = rules
        self.totals = PlainTotals()
        self.busy_rates = [0.0] * len(rates)
        self.windows = PlainWindows(windows, rules)
        self._cluster = plain_cluster(rules)
        self.grants = {} if grants is None else grants
        self.use = [[0] * rules.use_hours for _ in range(rules.kinds + 1)]
        """Device-seconds of each kind in each hour; last, those in repair."""
        self.started = deque[PlainJob]()
        """In the order of their first starts, until somebody takes them out."""
        self.is_closed = False
        self._opens = NEVER
        self._shares = PlainShares(rules.half_life_seconds, shares or {})
        self._rates = rates
        self._offered = deque[tuple[int, PlainJob]]()
        self._waiting: list[PlainJob] = []
        self._running: list[PlainJob] = []
        """The latest started last."""
        self._ends: list[tuple[int, int, PlainJob]] = []
        self._repairs: list[tuple[int, int]] = []
        self.now = -1
        self._stop_number, self._stop_clock = 0, 0.0
        self._reserved_for: PlainJob | None = None
        self._at, self._spare, self._for_block = 0, 0, False

    def offer(self, job: PlainJob, at: int) -> None:
        """Let a job arrive at an instant; not before the last one offered."""
        self._offered.append((at, job))

    def close(self) -> None:
        """Let no job start from the instant on to which the site was advanced; what runs goes on."""
        self.is_closed, self._reserved_for = True, None

    def reopen(self, at: int) -> None:
        """Let jobs start again from an instant on; the site was advanced to it."""
        self._opens = at

    def withdraw(self) -> PlainJob | None:
        """Take the first job out of a closed site that waits and has not begun, and return it; null: there is none."""
        job = next((job for job in self.in_order() if job.start < 0), None)
        if job is not None:
            self._waiting.remove(job)
            if job.account in self.grants:
                self.grants[job.account] += job.held
        return job

    def in_order(self) -> list[PlainJob]:
        """Return who waits, in the order in which they are asked."""
        return self._in_order(self._waiting)

    def advance(self, until: int) -> None:
        """Let all happen that happens before an instant."""
        while (now := self._next_instant()) < until:
            self.now = now
            freed = self._end_all(now)
            freed = self._end_repairs(now) or freed
            freed = self.windows.turn(now, self._cluster) or freed
            self.windows.take(now, self._cluster)
            freed = self._stop_all(now) or freed
            self.windows.take(now, self._cluster)
            if self._opens == now:
                self.is_closed, self._opens, freed = False, NEVER, True
            self._start_waiting(self._join_all(now), freed, now)

    @property
    def free(self) -> int:
        return self._cluster.free

    @property
    def in_use(self) -> int:
        """Units of jobs that run, without those in reservations."""
        return sum(job.units for job in self._running if job.inside is None)

    @property
    def down(self) -> int:
        """Units in repair."""
        return len(self._repairs) * self.rules.node_devices

    def most_units(self) -> int:
        """Return the size of the largest job that can be placed now."""
        return self._cluster.most_units()

    def windows_allow(self, job: PlainJob, now: int) -> bool:
        """Return whether no window is in the way of a job that would start now."""
        return self.windows.allow(job.units, now, now + job.planned, self._in_use_until)

    def _next_instant(self) -> int:
        instants = [self._offered[0][0]] if self._offered else []
        instants += [self._ends[0][0]] if self._ends else []
        instants += [self._repairs[0][0]] if self._repairs else []
        instants += [self._opens] if self._opens < NEVER else []
        if not instants and not self._waiting:
            return NEVER
        instants.append(self.windows.next_boundary(self.now))
        if self.rules.age_seconds:
            young = [job for job in self._waiting if self._age(job) < self.rules.age_steps]
            instants += [job.submit + (self._age(job) + 1) * self.rules.age_seconds for job in young]
        if self.rules.device_seconds_per_stop and self._running:
            instants.append(int(self._stop_clock))
        return min(instants)

    # Ends

    def _end_all(self, now: int) -> bool:
        ended = False
        while self._ends and self._ends[0][0] == now:
            job = heapq.heappop(self._ends)[2]
            self._give_up_devices(job, now)
            if job.is_saving:
                self._wait_again(job)
            else:
                job.end, job.left = now, 0
                self.totals.done += 1
                self._lose(job, job.units * job.restart)
                self._settle_grant(job)
            ended = True
        return ended

    def _give_up_devices(self, job: PlainJob, now: int) -> None:
        self._cluster_of(job.inside).give_back(job.number, job.units)
        self._running.remove(job)
        self.totals.busy_device_seconds += job.units * (now - job.began)
        self._add_use(job.kind, job.units, job.began, now)
        for kind, rate in enumerate(self._rates):
            self.busy_rates[kind] += job.units * (rate.integral(now) - rate.integral(job.began))
        self._shares.charge(job.account, job.units * (now - job.began - job.planned), job.began)

    def _cluster_of(self, reservation: PlainWindow | None) -> PlainCluster:
        return self._cluster if reservation is None else reservation.cluster

    def _add_use(self, kind: int, units: int, start: int, end: int) -> None:
        begin, hours = self.rules.use_from, self.use[kind]
        for hour in range(max(start - begin, 0) // HOUR_SECONDS, min(-(-(end - begin) // HOUR_SECONDS), len(hours))):
            first, last = begin + hour * HOUR_SECONDS, begin + (hour + 1) * HOUR_SECONDS
            hours[hour] += units * (min(end, last) - max(start, first))

    def _lose(self, job: PlainJob, device_seconds: int) -> None:
        job.lost += device_seconds
        self.totals.lost_device_seconds += device_seconds

    def _keep_work(self, job: PlainJob, saved: int) -> None:
        job.left -= saved
        job.asked = max(job.asked - saved, 1)
        job.restart = self.rules.restart_seconds

    def _wait_again(self, job: PlainJob) -> None:
        job.is_saving = False
        job.planned = job.asked + job.restart
        self._waiting.append(job)

    def _settle_grant(self, job: PlainJob) -> None:
        """Give back to the grant what was held and not worked."""
        if job.account in self.grants:
            self.grants[job.account] += job.held - job.units * (job.runtime - job.left)

    # Stops and repairs

    def _stop_all(self, now: int) -> bool:
        rules, stops = self.rules, self.totals.stops
        while rules.device_seconds_per_stop and self._stop_clock < now + 1:
            number = self._stop_number
            if number and int(self._stop_clock) == now:
                node = int(plain_draw(rules.seed, DRAWS * number + NODE) * len(self._cluster.free_of_node))
                if self._is_in_use(node, plain_draw(rules.seed, DRAWS * number + IN_USE), now):
                    self.totals.stops += 1
                    self._fail(node, plain_draw(rules.seed, -number), now)
            self._stop_number = number + 1
            gap = -math.log(plain_draw(rules.seed, DRAWS * (number + 1) + GAP))
            self._stop_clock += gap * rules.device_seconds_per_stop / rules.capacity
        return self.totals.stops > stops

    def _is_in_use(self, node: int, share: float, now: int) -> bool:
        devices, cluster = self.rules.node_devices, self._cluster_of(self.windows.of_node(node, now))
        return bool(cluster.jobs_on(node)) and devices - cluster.free_of_node[node] > share * devices

    def _fail(self, node: int, share: float, now: int) -> None:
        nodes = [node]
        if share < self.rules.leaf_stop_share:
            first = node - node % self.rules.leaf_nodes
            nodes = list(range(first, first + self.rules.leaf_nodes))
        for one in nodes:
            self._break(one, now)

    def _break(self, node: int, now: int) -> None:
        devices, reservation = self.rules.node_devices, self.windows.of_node(node, now)
        cluster = self._cluster_of(reservation)
        numbers = cluster.jobs_on(node)
        for job in [job for number in numbers for job in self._running if job.number == number]:
            self._stop(job, now)
        if cluster.free_of_node[node] < devices:
            return  # it is out of use already
        if reservation is None:
            cluster.take_out(node)
        else:
            self.windows.lose_node(node, reservation)
        back = now + max(self.rules.repair_seconds, 1)
        heapq.heappush(self._repairs, (back, node))
        self._add_use(self.rules.kinds, devices, now, back)

    def _stop(self, job: PlainJob, now: int) -> None:
        every = self.rules.checkpoint_seconds
        self._drop_end(job)
        self._give_up_devices(job, now)
        self.totals.stopped += 1
        job.stopped += 1
        if job.is_saving:
            self._lose(job, -job.units * (job.began + job.planned - now))
        else:
            worked = max(now - job.began - job.restart, 0)
            saved = worked // every * every if every else 0
            self._keep_work(job, saved)
            self._lose(job, job.units * (now - job.began - saved))
        if job.attempts >= self.rules.attempts_max:
            self.totals.given_up += 1
            job.is_given_up = True
            self._settle_grant(job)
        else:
            self._wait_again(job)

    def _drop_end(self, job: PlainJob) -> None:
        self._ends = [entry for entry in self._ends if entry[2] is not job]
        heapq.heapify(self._ends)

    def _end_repairs(self, now: int) -> bool:
        ended = False
        while self._repairs and self._repairs[0][0] == now:
            self._cluster.put_back(heapq.heappop(self._repairs)[1])
            self.totals.repair_device_seconds += self.rules.node_devices * self.rules.repair_seconds
            ended = True
        return ended

    # Arrivals and starts

    def _join_all(self, now: int) -> list[PlainJob]:
        joined = []
        while self._offered and self._offered[0][0] == now:
            job = self._offered.popleft()[1]
            held = job.units * job.asked
            if held > self.grants.get(job.account, UNLIMITED):
                self.totals.refused += 1
                job.is_refused = True
                continue
            if job.account in self.grants:
                job.held = held
                self.grants[job.account] -= held
            joined.append(job)
        self._waiting += joined
        return joined

    def _in_order(self, jobs: list[PlainJob]) -> list[PlainJob]:
        def rank(job: PlainJob) -> tuple[float, ...]:
            if self.rules.is_fair:
                return -job.level, self._shares.used(job.account) * 0.5 ** self._age(job), job.account, job.number
            return -job.level, job.number

        return sorted(jobs, key=rank)

    def _age(self, job: PlainJob) -> int:
        """Return how often what its account used counts half for a job."""
        every = self.rules.age_seconds
        return min((self.now - job.submit) // every, self.rules.age_steps) if every else 0

    def _start_waiting(self, arrived: list[PlainJob], freed: bool, now: int) -> None:
        if self.is_closed:
            return
        for reservation in self.windows.reserved(now):
            self._start_inside(reservation, now)
            arrived = [job for job in arrived if job.inside is None]
        asked, renew = arrived, freed
        while self._waiting and self._fits(head := self._in_order(self._waiting)[0], now):
            self._start(head, now)
            renew = True
        if not self._waiting:
            self._reserved_for = None
            return
        head = self._in_order(self._waiting)[0]
        if renew or head is not self._reserved_for:
            if self.rules.preempts:
                self._make_room(head, now)
            self._reserve(head, now)
            asked = self._waiting
        for job in self._in_order(asked):
            in_time = now + job.planned <= self._at or job.units <= self._spare
            if in_time and self._fits(job, now):
                self._start(job, now)

    def _start_inside(self, reservation: PlainWindow, now: int) -> None:
        """Start who may run in a reservation, fits into what is left of it, and is planned to end with it."""
        for job in self._in_order(self._waiting):
            in_time = now + job.planned <= reservation.end
            if in_time and job.account in reservation.users and job.units <= reservation.cluster.most_units():
                self._start(job, now, reservation)

    def _fits(self, job: PlainJob, now: int) -> bool:
        if job.units > self._cluster.most_units():
            return False
        return self.windows_allow(job, now)

    def _in_use_until(self) -> Until:
        down = [(back, self.rules.node_devices) for back, _ in self._repairs]
        return [(job.began + job.planned, job.units) for job in self._running if job.inside is None] + down

    def _reserve(self, head: PlainJob, now: int) -> None:
        until, is_new = self._in_use_until(), head is not self._reserved_for
        may_start = self.windows_allow(head, now)
        scattered = may_start and self._cluster.free >= head.units > self._cluster.most_units()
        self._for_block = scattered or (self._for_block and not is_new)
        if (self._for_block and may_start) or self.windows.is_lacking(now):
            self._at, self._spare = self.windows.next_change(now, until), 0
        else:
            self._at, self._spare = self.windows.earliest(head.units, head.planned, now, until)
        self._reserved_for = head

    def _start(self, job: PlainJob, now: int, inside: PlainWindow | None = None) -> None:
        self._waiting.remove(job)
        job.inside = inside
        self.totals.inside += inside is not None
        if inside is None and now + job.planned > self._at:
            self._spare -= job.units
        leaves, leaf_devices = self._cluster_of(inside).place(job.number, job.units), self._leaf_devices()
        self.totals.scattered += bool(leaf_devices) and leaves > max(-(-job.units // leaf_devices), 1)
        heapq.heappush(self._ends, (now + job.restart + job.left, job.number, job))
        if job.start < 0:
            job.start = now
            self.started.append(job)
        job.began = now
        job.attempts += 1
        self._running.append(job)
        self._shares.charge(job.account, job.units * job.planned, now)

    def _leaf_devices(self) -> int:
        return self.rules.leaf_nodes * self.rules.node_devices

    def _make_room(self, head: PlainJob, now: int) -> None:
        """Let jobs of lower levels save, the lowest and latest started first, if that gives the head enough."""
        saved_at = now + max(self.rules.saving_seconds, 1)
        if not self.windows.allow(head.units, now, saved_at + head.planned, self._in_use_until):
            return
        saving = sum(job.units for job in self._running if job.is_saving)
        told = [job for job in reversed(self._running) if job.inside is None and not job.is_saving]
        lower = [job for job in told if job.level < head.level]
        lacking = head.units - self._cluster.free - saving
        if lacking > sum(job.units for job in lower):
            return
        lacking = lacking if saving else max(lacking, 1)
        for job in sorted(lower, key=lambda job: job.level):
            if lacking <= 0:
                return
            lacking -= job.units
            if job.began + job.planned > saved_at:
                self._save(job, now, saved_at)

    def _save(self, job: PlainJob, now: int, saved_at: int) -> None:
        worked = min(max(now - job.began - job.restart, 0), job.left)
        self._shares.charge(job.account, job.units * (saved_at - job.began - job.planned), job.began)
        job.planned = saved_at - job.began
        self._drop_end(job)
        heapq.heappush(self._ends, (saved_at, job.number, job))
        self._keep_work(job, worked)
        job.is_saving = True
        self.totals.preempted += 1
        job.preempted += 1
        self._lose(job, job.units * (saved_at - job.began - worked))
